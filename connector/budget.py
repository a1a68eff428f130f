"""When the next request to this credential may leave, whoever else uses it.

Each request takes the next slot of an even row of slots, so that no window of time ever holds more
than the limit (the generic cell rate algorithm: ``tat`` is the time when the row is used up). The row
is one line in the database that all processes share. It is used like this::

    wait = budget.reserve(key, limit)
    while wait > 0:
        sleep(wait)
        wait = budget.look_again(key)

Two kinds stand in the row. Whoever waits for the answer takes the next slot that no other of them has, and
the one of the background whose slot that was goes to the row's end, as it finds when its slot has come
(``debt`` counts those who do not know yet; slots before ``express`` are taken by who waits). So a batch of a
thousand does not delay a person, and no slot is used twice.

The clock is the wall's: another process must be able to read it, also after a restart of the machine.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from connector.database import Database
from connector.spec import RateLimit

# A row that reaches further was written while the clock was wrong, and would block the key for ever.
_FURTHEST = 24 * 3600.0
# Of a slot, what floating point may take from it.
_ROUNDING = 1e-3


class Budget(Protocol):
    """What is asked before each request, polls included. All methods may be called from any thread."""

    def reserve(self, key: str, limit: RateLimit, *, background: bool = False) -> float:
        """Takes the next slot; the seconds until it comes, 0 for now. Nobody waits for ``background``."""
        ...

    def look_again(self, key: str, *, background: bool = False) -> float:
        """To be asked when the slot has come: 0 to go, or the seconds until another one.

        Whoever finds the key locked out gets a new slot behind it, and so does who gave way meanwhile. They
        wake in the order of their slots and so keep it.
        """
        ...

    def lock_out(self, key: str, seconds: float) -> None:
        """Lets nobody go for so long, whatever they have reserved."""
        ...


_STAND_LAST = """
INSERT INTO budgets (key, tat, pace, locked_until) VALUES (:key, :now + :pace, :pace, 0)
ON CONFLICT (key) DO UPDATE SET
    tat = :pace + CASE WHEN budgets.tat BETWEEN :now AND :now + :furthest THEN budgets.tat ELSE :now END,
    debt = CASE WHEN budgets.tat BETWEEN :now AND :now + :furthest THEN budgets.debt ELSE 0 END,
    pace = :pace
RETURNING tat - pace - :now AS wait"""

# Where nobody of the background stands in the row.
_STAND_NEXT = """
INSERT INTO budgets (key, tat, pace, locked_until, express)
VALUES (:key, :now + :pace, :pace, 0, :now + :pace)
ON CONFLICT (key) DO UPDATE SET
    tat = :pace + CASE WHEN budgets.tat BETWEEN :now AND :now + :furthest THEN budgets.tat ELSE :now END,
    express = :pace + CASE WHEN budgets.tat BETWEEN :now AND :now + :furthest THEN budgets.tat ELSE :now END,
    debt = CASE WHEN budgets.tat BETWEEN :now AND :now + :furthest THEN budgets.debt ELSE 0 END,
    pace = :pace
WHERE budgets.tat <= :now OR budgets.tat <= budgets.express OR budgets.tat > :now + :furthest
RETURNING tat - pace - :now AS wait"""

# Nobody may take a slot between this look and the change.
_ROW = {
    "sqlite": "SELECT tat, pace, locked_until, express, debt FROM budgets WHERE key = :key",
    "postgresql": "SELECT tat, pace, locked_until, express, debt FROM budgets WHERE key = :key FOR UPDATE",
}

_STEP_IN = """
UPDATE budgets SET tat = :tat, pace = :pace, express = :express, debt = :debt WHERE key = :key"""

_IS_LOCKED = "locked_until > :now AND locked_until <= :now + :furthest"

_WAIT_ON = f"""
UPDATE budgets SET tat = tat + pace, express = tat + pace
WHERE key = :key AND {_IS_LOCKED}
RETURNING tat - pace - :now AS wait"""

_GIVE_WAY = f"""
UPDATE budgets SET
    tat = pace + CASE WHEN tat < :now THEN :now ELSE tat END,
    debt = CASE WHEN debt > 0 THEN debt - 1 ELSE 0 END
WHERE key = :key AND (debt > 0 OR ({_IS_LOCKED}))
RETURNING tat - pace - :now AS wait"""

_LOCK_OUT = """
INSERT INTO budgets (key, tat, pace, locked_until) VALUES (:key, :until, 0, :until)
ON CONFLICT (key) DO UPDATE SET
    tat = CASE WHEN budgets.tat BETWEEN :until AND :now + :furthest THEN budgets.tat ELSE :until END,
    locked_until = CASE
        WHEN budgets.locked_until BETWEEN :until AND :now + :furthest THEN budgets.locked_until ELSE :until
    END"""


_AHEAD = """
SELECT key, until - :now AS wait FROM (
    SELECT key, CASE WHEN tat > locked_until THEN tat ELSE locked_until END AS until FROM budgets
) AS ahead
WHERE until BETWEEN :now AND :now + :furthest"""


class DatabaseBudget:
    """One budget for all that share the database."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def reserve(self, key: str, limit: RateLimit, *, background: bool = False) -> float:
        if background:
            return _wait(self._write(_STAND_LAST, key, pace=limit.pace))
        stood = self._write(_STAND_NEXT, key, pace=limit.pace)
        return _wait(stood) if stood else self._step_in(key, limit)

    def look_again(self, key: str, *, background: bool = False) -> float:
        return _wait(self._write(_GIVE_WAY if background else _WAIT_ON, key))

    def lock_out(self, key: str, seconds: float) -> None:
        self._write(_LOCK_OUT, key, until=self._clock() + min(seconds, _FURTHEST))

    def ahead(self) -> dict[str, float]:
        """The seconds that the next request of each credential would wait, where it would."""
        rows = self._database.read(_AHEAD, {"now": self._clock(), "furthest": _FURTHEST})
        return {row["key"]: _seconds(row["wait"]) for row in rows}

    def _step_in(self, key: str, limit: RateLimit) -> float:
        now = self._clock()
        with self._database.transaction(f"budget {key}") as database:
            row = Row(*database.execute(_ROW[self._database.dialect], {"key": key}).fetchone())
            slot, changed = step_in(row._replace(pace=limit.pace), now)
            told = {"key": key, "tat": changed.tat, "express": changed.express}
            told |= {"debt": changed.debt, "pace": changed.pace}
            database.execute(_STEP_IN, told)
        return _seconds(slot - now)

    def _write(self, statement: str, key: str, **values: float) -> Sequence[Any]:
        common = {"key": key, "now": self._clock(), "furthest": _FURTHEST}
        return self._database.write(statement, common | values)


class Row(NamedTuple):
    """What is known of a key: until when slots are taken, and until when by those who wait for an answer."""

    tat: float
    pace: float
    locked_until: float
    express: float
    debt: int


def step_in(row: Row, now: float) -> tuple[float, Row]:
    """The slot of somebody who waits for the answer, and the row with it.

    It is the first slot to come that nobody else who waits has; who held it gives way.
    """
    soonest = max(row.express, row.locked_until if row.locked_until <= now + _FURTHEST else 0.0, now)
    places = math.floor((row.tat - soonest) / row.pace + _ROUNDING)
    slot = row.tat - places * row.pace
    if slot <= now:  # that one has just left
        slot += row.pace
    if slot > row.tat - row.pace / 2:  # nobody of the background has a slot from then on
        end = max(row.tat, now)
        return end, row._replace(tat=end + row.pace, express=end + row.pace)
    return slot, row._replace(express=slot + row.pace, debt=row.debt + 1)


def _wait(rows: Sequence[Any]) -> float:
    """The wait that a statement returned, or none where it found nothing to do."""
    return _seconds(rows[0]["wait"]) if rows else 0.0


def _seconds(wait: float) -> float:
    # Below a microsecond it is what floating point makes of two equal moments.
    return max(0.0, round(wait, 6))
