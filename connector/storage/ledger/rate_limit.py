"""The rate limiter: when the next request with a credential may leave, whichever process uses it.

Each request takes the next slot of an even row of slots, so that no window of time ever holds more
than the limit (the generic cell rate algorithm: ``tat`` is the time when the row is used up). The row
is one line in the database that all processes share. It is used like this::

    wait = budget.reserve(key, limit)
    while wait > 0:
        sleep(wait)
        wait = budget.look_again(key)

Two kinds stand in the row. Whoever waits for the answer takes the first slot to come that no other of them
has, and one of the background gives it up: the next that wakes goes to the row's end. So a batch of a
thousand does not delay a person, and no slot is used twice.

=============  ====================================================================================
column         what it says
=============  ====================================================================================
tat            until when slots are taken
express        until when they are taken by those who wait for an answer
debt           how many of the background have lost their slot, and do not know it yet
owed           the first slot that was lost so; who had an earlier one, and wakes late, still goes
locked_until   until when nobody may go
=============  ====================================================================================

The clock is the wall's: another process must be able to read it, also after a restart of the machine. On a
server it is the server's, so that machines need not agree.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from connector.spec.model import RateLimit
from connector.storage.database.database import Database

# A row that reaches further was written while the clock was wrong, and would block the key for ever.
_FURTHEST = 24 * 3600.0
# Nobody wakes so late: who has not given way by then will not come any more.
_LATE = 60.0


class RateLimiter(Protocol):
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


# What the two kinds of database say differently. A number is cut to the whole one below it.
_WORDS: Mapping[str, Mapping[str, str]] = {
    "sqlite": {"now": ":now", "later": "max", "whole": "CAST({} AS INTEGER)"},
    "postgresql": {"now": ":now", "later": "greatest", "whole": "trunc({})"},
}
_SERVERS_CLOCK = "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"

_TAT = "CASE WHEN budgets.tat BETWEEN {now} AND {now} + :furthest THEN budgets.tat ELSE {now} END"

_STAND_LAST = f"""
INSERT INTO budgets (key, tat, pace, locked_until) VALUES (:key, {{now}} + :pace, :pace, 0)
ON CONFLICT (key) DO UPDATE SET tat = :pace + {_TAT}, pace = :pace
RETURNING tat - pace - {{now}} AS wait"""

# How the row is once somebody who waits for the answer has a slot in it. Inside out: one moment for all that
# follows; the row without what a wrong clock wrote; the soonest moment, a touch early because slots are
# sums of fractions; how many slots from there on others have; the slot.
_STEP_IN = """
SELECT CASE WHEN places >= 1 THEN tat ELSE slot + pace END, pace, slot + pace,
    CASE WHEN places >= 1 THEN debt + 1 ELSE debt END,
    CASE WHEN places >= 1 AND debt = 0 THEN slot ELSE owed END
FROM (
    SELECT *, CASE WHEN places >= 1 THEN tat - places * pace ELSE {later}(tat, soonest) END AS slot
    FROM (
        SELECT *, {places} AS places
        FROM (
            SELECT *, {later}(now, locked, express - 0.01 * pace) AS soonest
            FROM (
                SELECT now, {pace} AS pace, budgets.owed AS owed,
                    CASE WHEN budgets.tat > now + :furthest THEN now ELSE budgets.tat END AS tat,
                    CASE WHEN budgets.locked_until > now + :furthest THEN 0
                        ELSE budgets.locked_until END AS locked,
                    CASE WHEN budgets.express > now + :furthest THEN 0 ELSE budgets.express END AS express,
                    CASE WHEN budgets.express BETWEEN now - :late AND now + :furthest THEN budgets.debt
                        ELSE 0 END AS debt
                FROM (SELECT {now} AS now) AS moment
            ) AS known
        ) AS asked
    ) AS counted
) AS found"""

_STAND_NEXT = """
INSERT INTO budgets (key, tat, pace, locked_until, express)
VALUES (:key, {now} + :pace, :pace, 0, {now} + :pace)
ON CONFLICT (key) DO UPDATE SET (tat, pace, express, debt, owed) = ({step_in})
RETURNING express - pace - {now} AS wait"""

_IS_LOCKED = "locked_until > {now} AND locked_until <= {now} + :furthest"

_WAIT_ON = f"""
UPDATE budgets SET (tat, pace, express, debt, owed) = ({{step_in}})
WHERE key = :key AND {_IS_LOCKED}
RETURNING express - pace - {{now}} AS wait"""

# Who sleeps until a slot wakes no earlier than this before it.
_HAS_LOST = "debt > 0 AND owed <= {now} + 0.05 * pace"

_GIVE_WAY = f"""
UPDATE budgets SET
    tat = pace + {{later}}(tat, {{now}}),
    debt = CASE WHEN {_HAS_LOST} THEN debt - 1 ELSE debt END
WHERE key = :key AND (({_HAS_LOST}) OR ({_IS_LOCKED}))
RETURNING tat - pace - {{now}} AS wait"""

_UNTIL = "({now} + :seconds)"

_LOCK_OUT = f"""
INSERT INTO budgets (key, tat, pace, locked_until) VALUES (:key, {_UNTIL}, 0, {_UNTIL})
ON CONFLICT (key) DO UPDATE SET
    tat = CASE WHEN budgets.tat BETWEEN {_UNTIL} AND {{now}} + :furthest THEN budgets.tat ELSE {_UNTIL} END,
    locked_until = CASE
        WHEN budgets.locked_until BETWEEN {_UNTIL} AND {{now}} + :furthest THEN budgets.locked_until
        ELSE {_UNTIL}
    END"""

_AHEAD = """
SELECT key, until - {now} AS wait FROM (SELECT key, {later}(tat, locked_until) AS until FROM budgets) AS ahead
WHERE until BETWEEN {now} AND {now} + :furthest"""


class DatabaseRateLimiter:
    """One budget for all that share the database.

    On a server its own clock counts, unless one is given in place of this machine's.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        words = dict(_WORDS[database.dialect])
        if database.dialect == "postgresql" and clock is time.time:
            words["now"] = _SERVERS_CLOCK
        # What is reserved is in the limit as it is now; what is taken anew, in the limit of before.
        self._stand_next = _worded(_STAND_NEXT, words, pace=":pace")
        self._wait_on = _worded(_WAIT_ON, words, pace="budgets.pace")
        self._stand_last, self._give_way, self._lock_out, self._ahead = (
            _worded(statement, words, pace="") for statement in (_STAND_LAST, _GIVE_WAY, _LOCK_OUT, _AHEAD)
        )

    def reserve(self, key: str, limit: RateLimit, *, background: bool = False) -> float:
        return _wait(self._write(self._stand_last if background else self._stand_next, key, pace=limit.pace))

    def look_again(self, key: str, *, background: bool = False) -> float:
        return _wait(self._write(self._give_way if background else self._wait_on, key))

    def lock_out(self, key: str, seconds: float) -> None:
        self._write(self._lock_out, key, seconds=min(seconds, _FURTHEST))

    def ahead(self) -> dict[str, float]:
        """The seconds that the next request of each credential would wait, where it would."""
        rows = self._database.read(self._ahead, {"now": self._clock(), "furthest": _FURTHEST})
        return {row["key"]: _seconds(row["wait"]) for row in rows}

    def _write(self, statement: str, key: str, **values: float) -> Sequence[Any]:
        common = {"key": key, "now": self._clock(), "furthest": _FURTHEST, "late": _LATE}
        return self._database.write(statement, common | values)


def _worded(statement: str, words: Mapping[str, str], pace: str) -> str:
    """The statement in a database's own words."""
    places = f"CASE WHEN pace > 0 THEN {words['whole'].format('(tat - soonest) / pace')} ELSE 0 END"
    return statement.format(step_in=_STEP_IN.format(**words, pace=pace, places=places), **words)


def _wait(rows: Sequence[Any]) -> float:
    """The wait that a statement returned, or none where it found nothing to do."""
    return _seconds(rows[0]["wait"]) if rows else 0.0


def _seconds(wait: float) -> float:
    # Below a microsecond it is what floating point makes of two equal moments.
    return max(0.0, round(wait, 6))
