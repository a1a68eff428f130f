"""The model of a ledger entry: what is known of an invocation."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from connector.errors import Billed
from connector.storage.database.database import timestamp

State = Literal[
    "intended",  # written down; the request has not left
    "sent",  # the request leaves, or has left; no answer yet
    "running",  # the upstream took it as a job, whose id is known
    "done",  # there is a result
    "failed",  # there will be none
    "unknown",  # the request went out and no answer came back; a person decides
    "cancelled",  # we do not ask for it any more
]

_NEAR = 0.8


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One invocation. ``key`` is the credential's fingerprint, ``upstream_id`` the upstream's id of the job.

    ``origin`` is the name that whoever asked for it gave to it. The ledger sets ``id``, which sorts by time,
    and all that comes after it.
    """

    integration: str
    action: str
    connection: str
    environment: str
    key: str
    estimate: float | None = None
    origin: str | None = None
    id: str = ""
    created: float = 0.0
    state: State = "intended"
    credits: float | None = None
    billed: Billed = "unknown"
    outcome: str | None = None
    request_id: str | None = None
    upstream_id: str | None = None
    fetch: str | None = None
    next_poll: float | None = None
    deadline: float | None = None
    message: str | None = None
    files: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The entry as every face shows it."""
        moments = {name: getattr(self, name) for name in ("created", "next_poll", "deadline")}
        written = {name: None if at is None else timestamp(at) for name, at in moments.items()}
        return asdict(self) | written | {"files": list(self.files)}


@dataclass(frozen=True, slots=True)
class Intent:
    """An invocation that is written down. ``spent`` are the day's credits with it; None without a cap."""

    id: str
    spent: float | None
    cap: float | None

    @property
    def near(self) -> bool:
        """Whether four fifths of the cap are spent: time for a warning."""
        return self.cap is not None and self.spent is not None and 0 < _NEAR * self.cap <= self.spent


@dataclass(frozen=True, slots=True)
class SpendingRow:
    """What an action cost on a day. Of the ``credits``, ``uncertain`` are those that may not be billed."""

    day: str
    connection: str
    environment: str
    action: str
    invocations: int
    credits: float
    uncertain: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


# So many intervals are between the polls of a job that fail, at most.
SLOWEST = 6


def longest_pause(interval: float) -> float:
    """The most seconds until a job is asked for again. What is further ahead is of a wrong clock."""
    return SLOWEST * interval + 300.0


@dataclass(frozen=True, slots=True)
class PollTurn:
    """The right to ask for a job: ``pause`` is 0, or the seconds until somebody may have it."""

    pause: float
    state: State
