"""A batch row as a value: what is done with it, and what became of that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from connector.errors import Billed, ConnectorError

RowState = Literal["pending", "running", "succeeded", "failed", "unknown", "cancelled"]

# Why a row failed that is no fault of the row: whoever goes on with the batch has mended it.
OUTSIDE = frozenset(
    {
        "out_of_credits",
        "unauthorized",
        "missing_credential",
        "credential_error",
        "cap_reached",
        "unknown_name",
    }
)


def _codes(kind: type[ConnectorError]) -> Iterable[str]:
    """The codes of the failures of which trying again can make a success."""
    if kind.retryable:
        yield kind.code
    for each in kind.__subclasses__():
        yield from _codes(each)


# A host that ended, and what our own checks found in files that may be mended by now.
AGAIN = frozenset({*_codes(ConnectorError), "interrupted", "stopping", "bad_input"})


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A row of a batch, and what became of it. ``files`` are names in the batch's folder, None until then.

    ``run_id`` is its last run; of a row that is to be done again, the one that was not enough.
    """

    number: int
    label: str
    inputs: Mapping[str, Any]
    digest: str
    state: RowState = "pending"
    run_id: str | None = None
    outcome: str | None = None
    estimate: float | None = None
    credits: float | None = None
    billed: Billed = "no"
    seconds: float | None = None
    files: Sequence[str] | None = None
    message: str | None = None

    @property
    def cost(self) -> float:
        """What its last run cost, or may have."""
        return cost_of(self.billed, self.credits, self.estimate)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a row's run has just ended."""

    number: int
    state: RowState
    outcome: str | None
    credits: float | None
    billed: Billed
    seconds: float | None
    message: str | None
    estimate: float | None

    @property
    def cost(self) -> float:
        """What it cost, or may have."""
        return cost_of(self.billed, self.credits, self.estimate)


def cost_of(billed: Billed, credits: float | None, estimate: float | None) -> float:
    """What counts as spent: what nobody knows may have been paid."""
    return 0.0 if billed == "no" else credits if credits is not None else estimate or 0.0


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows of a batch are in which state, what they cost, and what the others will.

    Of the ``credits``, ``uncertain`` may not have been paid.
    """

    rows: Mapping[str, int]
    credits: float = 0.0
    uncertain: float = 0.0
    estimate: float = 0.0

    def of(self, *states: RowState) -> int:
        return sum(self.rows.get(state, 0) for state in states)

    @property
    def ended(self) -> int:
        return self.of("succeeded", "failed", "unknown", "cancelled")

    def to_dict(self) -> dict[str, Any]:
        """The counts as every face shows them."""
        return {"rows": dict(self.rows), "credits": self.credits, "uncertain": self.uncertain}
