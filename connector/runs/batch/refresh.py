"""Refreshing a batch's rows from its source: what is new, what has changed, what is gone.

A row is known by what it holds, so that one that has moved is the same row. What is done is never done
again because its row was edited; that is told instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TypeVar

from connector.runs.batch.row import BatchRow, RowState
from connector.runs.batch.row_store import BatchRows

Source = Callable[[], Iterable[BatchRow]]

# So many rows are compared and written at once.
_WINDOW = 500
AnyRow = TypeVar("AnyRow")
# What may still be done otherwise.
_OPEN: frozenset[RowState] = frozenset({"pending", "failed", "cancelled"})


@dataclass
class RowChanges:
    """What a source brought: rows that are ``new``, ``changed`` before they were done, and ``gone``.

    ``late`` are the numbers of rows that changed after they were done, and stay as they are.
    """

    new: int = 0
    changed: int = 0
    gone: int = 0
    late: list[int] = field(default_factory=list)


def _as_it_is(row: BatchRow) -> BatchRow:
    return row


def renew(
    source: Source,
    known: BatchRows,
    *,
    prices: bool = False,
    kept: Callable[[BatchRow], BatchRow] = _as_it_is,
) -> RowChanges:
    """Writes down what is new in a source; it is read once, and twice where rows in it have changed.

    With ``prices``, rows that are the same get the estimates that they have now. ``kept`` makes of a row what
    is written down.
    """
    return _Renewing(known, prices, kept).renew(source)


class _Loose:
    """Rows that are known, and are not where they were in the source."""

    def __init__(self) -> None:
        self.states: dict[int, RowState] = {}
        self._numbers: dict[str, list[int]] = {}

    def add(self, number: int, digest: str, state: RowState) -> None:
        self.states[number] = state
        self._numbers.setdefault(digest, []).append(number)

    def take(self, digest: str) -> bool:
        """Whether one of them holds this; it has its place again."""
        numbers = self._numbers.get(digest)
        if not numbers:
            return False
        self.states.pop(numbers.pop(0), None)
        return True


class _Renewing:
    def __init__(self, known: BatchRows, prices: bool, kept: Callable[[BatchRow], BatchRow]) -> None:
        self._known = known
        self._prices = prices
        self._kept = kept
        self._last = known.last()
        self._next = self._last + 1
        self._loose = _Loose()
        # What stands in the source where something else did.
        self._odd: dict[int, str] = {}
        self._found = RowChanges()

    def renew(self, source: Source) -> RowChanges:
        end = 0
        for window in windows(source()):
            self._compare(window)
            end = window[-1].number
        for first in range(end + 1, self._last + 1, _WINDOW):
            self._loosen(first, first + _WINDOW - 1)
        astray = {number for number, digest in self._odd.items() if not self._loose.take(digest)}
        if astray:
            for window in windows(row for row in source() if row.number in astray):
                self._place(window)
        self._found.gone = sum(self._known.drop(number) for number in sorted(self._loose.states))
        return self._found

    def _compare(self, window: list[BatchRow]) -> None:
        """Tells the rows that are the same from those that are not, and adds those behind all known ones."""
        first, last = window[0].number, min(window[-1].number, self._last)
        stored = self._known.digests(first, last) if first <= self._last else {}
        same = [row for row in window if row.number in stored and stored[row.number][0] == row.digest]
        for row in same:
            del stored[row.number]
        for number, (digest, state) in stored.items():
            self._loose.add(number, digest, state)
        numbers = {row.number for row in same}
        others = [row for row in window if row.number not in numbers]
        self._odd |= {row.number: row.digest for row in others if row.number <= self._last}
        self._add([row for row in others if row.number > self._last and not self._loose.take(row.digest)])
        if self._prices:
            self._known.price(same)

    def _loosen(self, first: int, last: int) -> None:
        """Rows that are behind the end of the source."""
        for number, (digest, state) in self._known.digests(first, last).items():
            self._loose.add(number, digest, state)

    def _place(self, rows: list[BatchRow]) -> None:
        """Rows that are known nowhere: each is what became of the one in its place, or a new one."""
        states = {row.number: self._loose.states.pop(row.number, None) for row in rows}
        open = [row for row in rows if states[row.number] in _OPEN]
        self._known.replace(map(self._kept, open))
        self._found.changed += len(open)
        self._found.late += [number for number, state in states.items() if state and state not in _OPEN]
        self._add([row for row in rows if states[row.number] is None])

    def _add(self, rows: list[BatchRow]) -> None:
        self._known.add(replace(self._kept(row), number=self._next + at) for at, row in enumerate(rows))
        self._next += len(rows)
        self._found.new += len(rows)


def windows(rows: Iterable[AnyRow]) -> Iterator[list[AnyRow]]:
    """The rows, so many at a time as are looked up at once."""
    waiting = iter(rows)
    while window := list(islice(waiting, _WINDOW)):
        yield window
