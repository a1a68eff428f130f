"""When the next request to this credential may leave, whoever else uses it.

Each request takes the next slot of an even row of slots, so that no window of time ever holds more
than the limit (the generic cell rate algorithm: ``tat`` is the time when the row is used up). The row
is one line in the database that all processes share. It is used like this::

    wait = budget.reserve(key, limit)
    while wait > 0:
        sleep(wait)
        wait = budget.look_again(key)

The clock is the wall's: another process must be able to read it, also after a restart of the machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from connector.database import Database
from connector.spec import RateLimit

# A row that reaches further was written while the clock was wrong, and would block the key for ever.
_FURTHEST = 24 * 3600.0


class Budget(Protocol):
    """What is asked before each request, polls included. All methods may be called from any thread."""

    def reserve(self, key: str, limit: RateLimit) -> float:
        """Takes the next slot; the seconds until it comes, 0 for now."""
        ...

    def look_again(self, key: str) -> float:
        """To be asked when the slot has come: 0 to go, or the seconds until another one.

        Whoever finds the key locked out gets a new slot behind it. They wake in the order of their
        slots and so keep it.
        """
        ...

    def lock_out(self, key: str, seconds: float) -> None:
        """Lets nobody go for so long, whatever they have reserved."""
        ...


_RESERVE = """
INSERT INTO budgets (key, tat, pace, locked_until) VALUES (:key, :now + :pace, :pace, 0)
ON CONFLICT (key) DO UPDATE SET
    tat = :pace + CASE WHEN budgets.tat BETWEEN :now AND :now + :furthest THEN budgets.tat ELSE :now END,
    pace = :pace
RETURNING tat - pace - :now AS wait"""

_WAIT_ON = """
UPDATE budgets SET tat = tat + pace
WHERE key = :key AND locked_until > :now AND locked_until <= :now + :furthest
RETURNING tat - pace - :now AS wait"""

_LOCK_OUT = """
INSERT INTO budgets (key, tat, pace, locked_until) VALUES (:key, :until, 0, :until)
ON CONFLICT (key) DO UPDATE SET
    tat = CASE WHEN budgets.tat BETWEEN :until AND :now + :furthest THEN budgets.tat ELSE :until END,
    locked_until = CASE
        WHEN budgets.locked_until BETWEEN :until AND :now + :furthest THEN budgets.locked_until ELSE :until
    END"""


_AHEAD = """
SELECT key, max(tat, locked_until) - :now AS wait FROM budgets
WHERE max(tat, locked_until) BETWEEN :now AND :now + :furthest"""


class DatabaseBudget:
    """One budget for all that share the database."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def reserve(self, key: str, limit: RateLimit) -> float:
        return _wait(self._write(_RESERVE, key, pace=limit.pace))

    def look_again(self, key: str) -> float:
        return _wait(self._write(_WAIT_ON, key))

    def lock_out(self, key: str, seconds: float) -> None:
        self._write(_LOCK_OUT, key, until=self._clock() + min(seconds, _FURTHEST))

    def ahead(self) -> dict[str, float]:
        """The seconds that the next request of each credential would wait, where it would."""
        rows = self._database.read(_AHEAD, {"now": self._clock(), "furthest": _FURTHEST})
        return {row["key"]: _seconds(row["wait"]) for row in rows}

    def _write(self, statement: str, key: str, **values: float) -> list[Any]:
        common = {"key": key, "now": self._clock(), "furthest": _FURTHEST}
        return self._database.write(statement, common | values)


def _wait(rows: list[Any]) -> float:
    """The wait that a statement returned, or none where it found nothing to do."""
    return _seconds(rows[0]["wait"]) if rows else 0.0


def _seconds(wait: float) -> float:
    # Below a microsecond it is what floating point makes of two equal moments.
    return max(0.0, round(wait, 6))
