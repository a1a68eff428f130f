"""The import report: what of a document could not be said in a spec, and what was done instead."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Remark:
    """One thing, in two sentences' halves: what the document says, and what was done instead."""

    what: str
    instead: str

    def __str__(self) -> str:
        return f"{self.what}; {self.instead}"


class Remarks(dict[Remark, None]):
    """Remarks as they are found, each once."""

    def add(self, what: str, instead: str) -> None:
        self[Remark(what, instead)] = None


@dataclass(frozen=True, slots=True)
class Told:
    """The remarks on one operation. ``action`` is the id it got; None where it was left out."""

    operation: str
    action: str | None
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """How much of a document became actions, and what did not, for it all and for each operation."""

    operations: int
    whole: tuple[Remark, ...] = ()
    told: tuple[Told, ...] = ()

    @property
    def left_out(self) -> int:
        return sum(one.action is None for one in self.told)

    @property
    def in_part(self) -> int:
        return len(self.told) - self.left_out

    def __str__(self) -> str:
        imported = self.operations - self.left_out
        return (
            f"{imported} of {self.operations} operations became actions: {imported - self.in_part} in full, "
            f"{self.in_part} with a remark; {self.left_out} were left out"
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "operations": self.operations,
            "in_full": self.operations - len(self.told),
            "with_remarks": self.in_part,
            "left_out": self.left_out,
            "document": [asdict(remark) for remark in self.whole],
            "remarks": [asdict(one) for one in self.told],
        }


class Unfit(Exception):
    """The operation cannot become an action; the sentence says why."""
