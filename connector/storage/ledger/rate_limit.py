"""The rate limiter: when the next request with a credential may leave, whichever process uses it.

The upstream counts *arrivals* in a sliding window, and nobody can tell from here when a request that has
left arrives. So a limit of N requests in W seconds is N slots in the database that all processes share,
and a request holds one of them from before it leaves until W seconds after it has certainly arrived:

                          leaves    arrives   is answered
    ────────────────────────┼─────────┼──────────┼───────────────────────┼────────────────▶ time
    free   │ claimed        │ under way          │ known to be free then │ free
           └─ waits ────────┴────────────────────┴──────── W ────────────┘

So no window of W seconds holds more than N arrivals, however long each takes on its way. What is known of a
slot is one row:

===========  ========================================================================================
next_at      from when the next request may leave in it, as far as is known
left_at      when the request that holds it leaves, or is to leave
holder       whose it is; whoever finds another holder has lost it
gives_way    1 while one of the background waits for ``left_at``: somebody who waits for an answer
             takes the slot instead
===========  ========================================================================================

While a request is under way, ``next_at`` is the end of its lease: a process that died gives its slots back
so. An answer brings it forward to W seconds after. A slot can be claimed as soon as it is known to be free
within W seconds. Nothing is added up from one request to the next, so that a delay harms nobody else.

Free slots are not all taken at one moment, lest whoever comes next wait for all of W: the background takes
them W / N seconds after one another, and those who wait for an answer a tenth of them in a tenth of W.

A credential's lock-out is a row of its own in ``rate_limits``, and another tells when it was written: one
that was written in the future is forgotten, as the clock was set back since. The clock is the wall's: another
process must be able to read it, also after a restart of the machine. On a server it is the server's, so that
machines need not agree.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from math import ceil
from typing import Any, Protocol

from connector.spec.model import RateLimit
from connector.storage.database.database import Database

# How long a request may be without an answer, or a word of who waits for it, beside the window.
_LEASE_SECONDS = 35.0
# A lock-out that reaches further was written while the clock was wrong, and would block the key for ever.
_FURTHEST = 24 * 3600.0
# A limit of more is kept as a smaller one of a shorter window.
_MOST_SLOTS = 1000
# Of those who wait for an answer, so many leave at once where the limit is unused, or a tenth of it.
_BURST = 10


@dataclass(frozen=True, slots=True)
class Permit:
    """What a request has of the limit: the slot that it holds, and the seconds until it may leave in it.

    Without a ``number`` no slot is known to be free within the window; the limiter is to be asked again then.
    """

    key: str
    limit: RateLimit
    background: bool
    holder: int
    number: int | None = None
    wait: float = 0.0


class RateLimiter(Protocol):
    """What is asked before each request, polls included. All methods block; any thread may call them."""

    def reserve(self, key: str, limit: RateLimit, *, background: bool = False) -> Permit:
        """A slot for the next request, soonest first. Nobody waits for the answer of ``background``."""
        ...

    def look_again(self, permit: Permit) -> Permit:
        """The same slot from now on, or what there is instead.

        To be asked when its wait is over and it still has one, when its request has not left for more than a
        second, and while it is long under way and not acknowledged: somebody else may have the slot by then,
        or the key be locked out.
        """
        ...

    def arrived(self, permit: Permit, ago: float) -> None:
        """Its request arrived at least so many seconds ago."""
        ...

    def unused(self, permit: Permit) -> None:
        """Its request did not leave, and will not."""
        ...

    def lock_out(self, key: str, seconds: float) -> None:
        """Lets nobody go for so long, whatever they have reserved."""
        ...


# What the two kinds of database say differently: the time, and that two who look for a slot find two.
_WORDS: Mapping[str, Mapping[str, str]] = {
    "sqlite": {"now": ":now", "later": "max", "alone": ""},
    "postgresql": {"now": ":now", "later": "greatest", "alone": "FOR UPDATE SKIP LOCKED"},
}
_SERVERS_CLOCK = "CAST(extract(epoch FROM clock_timestamp()) AS double precision)"

_MAKE = """
INSERT INTO rate_limit_slots (key, number, holder, left_at, next_at, gives_way)
WITH RECURSIVE made (number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM made WHERE number < :requests - 1)
SELECT :key, number, 0, 0, 0, 0 FROM made WHERE true
ON CONFLICT (key, number) DO NOTHING"""

_WRITTEN = " since"
# Clocks of machines may differ by so many seconds, and not be set back since a lock-out was written.
_AGREE = 10.0
_IS_LOCKED = f"""locked_until BETWEEN {{now}} AND {{now}} + :furthest AND NOT EXISTS (
    SELECT 1 FROM rate_limits AS written WHERE written.key = rate_limits.key || '{_WRITTEN}'
        AND written.locked_until > {{now}} + {_AGREE}
)"""

# From when the key is not locked out.
_OPENS = f"coalesce((SELECT locked_until FROM rate_limits WHERE key = :key AND {_IS_LOCKED}), {{now}})"

# Of the background one leaves after the other, and of those who wait for an answer a few at once.
_SPREAD = f"""CASE WHEN gives_way = 0 AND next_at <= {{now}} THEN :burst * :pace + coalesce((
    SELECT left_at FROM rate_limit_slots
    WHERE key = :key AND (gives_way = 0 OR :background = 1) AND left_at <= {_OPENS} + :window
    ORDER BY left_at DESC LIMIT 1 OFFSET :burst - 1), 0) ELSE 0 END"""

# The slot is the request's from ``start`` on; what waits in the background gives way until then.
_HOLD = """
UPDATE rate_limit_slots SET (holder, left_at, next_at, gives_way) = (
    SELECT :holder, start,
        CASE WHEN :background = 1 AND start > {{now}} THEN start ELSE start + :lease END,
        CASE WHEN :background = 1 AND start > {{now}} THEN 1 ELSE 0 END
    FROM (SELECT {start} AS start) AS found
)
WHERE key = :key AND number = {number} AND {condition}
RETURNING number, left_at, {{now}} AS now"""

_RESERVE = _HOLD.format(
    start=f"{{later}}({_OPENS}, next_at, {_SPREAD})",
    number=f"""(
    SELECT number FROM rate_limit_slots
    WHERE key = :key AND number < :requests AND next_at <= {_OPENS} + :window
        AND (gives_way = 0 OR :background = 0 OR next_at < {{now}} - :lease)
    ORDER BY next_at LIMIT 1 {{alone}}
)""",
    condition="true",
)

_LOOK_AGAIN = _HOLD.format(
    start=f"{{later}}({_OPENS}, CASE WHEN left_at <= {_OPENS} + :window THEN left_at ELSE 0 END)",
    number=":number",
    condition="holder = :holder",
)

# What was written while the clock was wrong says nothing; that it was before now is all that is known.
_SET_RIGHT = f"""
UPDATE rate_limit_slots SET left_at = 0, next_at = {{now}} + :window, gives_way = 0
WHERE key = :key AND next_at > {_OPENS} + 3 * :window + :lease
RETURNING number"""

_ARRIVED = """
UPDATE rate_limit_slots SET next_at = {now} - :ago + :window
WHERE key = :key AND number = :number AND holder = :holder AND next_at > {now} - :ago + :window"""

_UNUSED = """
UPDATE rate_limit_slots SET holder = 0, gives_way = 0, next_at = left_at, left_at = 0
WHERE key = :key AND number = :number AND holder = :holder"""

# Only the longer one of two lock-outs counts.
_LOCK_OUT = f"""
INSERT INTO rate_limits (key, locked_until)
VALUES (:key, {{later}}({{now}} + :seconds, {_OPENS})), (:key || '{_WRITTEN}', {{now}})
ON CONFLICT (key) DO UPDATE SET locked_until = excluded.locked_until"""

_AHEAD = f"""
SELECT key, max(until) - {{now}} AS wait FROM (
    SELECT key, min(next_at) AS until FROM rate_limit_slots GROUP BY key
    UNION ALL SELECT key, locked_until FROM rate_limits WHERE {_IS_LOCKED}
) AS known WHERE until BETWEEN {{now}} AND {{now}} + :furthest GROUP BY key"""


class _Line:
    """Those of this process who found no slot. The first of them ask the database again, the others wait."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, bool], dict[int, float]] = {}

    def may_ask(self, permit: Permit) -> bool:
        """Whether it is among the first, or nobody stands before it."""
        with self._lock:
            persons, background = (self._standing(permit, is_background) for is_background in (False, True))
            mine, before = (background, len(persons)) if permit.background else (persons, 0)
            if not mine and not before:
                return True
            mine[permit.holder] = self._clock()
            first = max(1, permit.limit.requests // 10) - before
            return first > 0 and permit.holder in islice(mine, first)

    def join(self, permit: Permit) -> None:
        with self._lock:
            self._standing(permit, permit.background)[permit.holder] = self._clock()

    def leave(self, permit: Permit) -> None:
        with self._lock:
            self._standing(permit, permit.background).pop(permit.holder, None)

    def _standing(self, permit: Permit, is_background: bool) -> dict[int, float]:
        line = self._seen.setdefault((permit.key, is_background), {})
        # Whoever was stopped does not ask again; what is ahead is from before the clock was set back.
        now = self._clock()
        while line and not now - permit.limit.window <= next(iter(line.values())) <= now:
            del line[next(iter(line))]
        return line


class DatabaseRateLimiter:
    """The slots of each credential, for all that share the database.

    On a server its own clock counts, unless one is given in place of this machine's.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self._line = _Line(clock)
        self._known: set[tuple[str, int]] = set()
        words = dict(_WORDS[database.dialect])
        self._is_servers_clock = database.dialect == "postgresql" and clock is time.time
        if self._is_servers_clock:
            words["now"] = _SERVERS_CLOCK
        worded = [
            statement.format(**words)
            for statement in (_RESERVE, _LOOK_AGAIN, _SET_RIGHT, _ARRIVED, _LOCK_OUT, _AHEAD)
        ]
        self._reserve, self._look_again, self._set_right, self._arrived, self._lock_out, self._ahead = worded

    def reserve(self, key: str, limit: RateLimit, *, background: bool = False) -> Permit:
        return self._claimed(Permit(key, _kept(limit), background, int.from_bytes(os.urandom(6))))

    def look_again(self, permit: Permit) -> Permit:
        return (permit.number is not None and self._held(self._look_again, permit)) or self._claimed(permit)

    def arrived(self, permit: Permit, ago: float) -> None:
        self._write(self._arrived, permit, ago=ago)

    def unused(self, permit: Permit) -> None:
        if permit.number is None:
            self._line.leave(permit)
        else:
            self._write(_UNUSED, permit)

    def lock_out(self, key: str, seconds: float) -> None:
        values = {"key": key, "now": self._clock(), "seconds": min(seconds, _FURTHEST), "furthest": _FURTHEST}
        self._database.write(self._lock_out, values)

    def ahead(self) -> dict[str, float]:
        """The seconds that the next request of each credential would wait, where it would."""
        rows = self._database.read(self._ahead, {"now": self._clock(), "furthest": _FURTHEST})
        waits = {row["key"]: wait for row in rows if (wait := _seconds(row["wait"]))}
        return {key: wait for key, wait in waits.items() if not key.endswith(_WRITTEN)}

    def _claimed(self, permit: Permit) -> Permit:
        permit = replace(permit, number=None, wait=permit.limit.window / 20)
        if not self._line.may_ask(permit):
            return permit
        held = self._held(self._reserve, permit)
        if held is None and self._made(permit):
            held = self._held(self._reserve, permit)
        if held is None:
            self._line.join(permit)
            return permit
        self._line.leave(permit)
        return held

    def _made(self, permit: Permit) -> bool:
        """Whether there may be slots now that were not there, or that a wrong clock had taken away."""
        which = (permit.key, permit.limit.requests)
        if which in self._known:
            return bool(self._write(self._set_right, permit))
        self._write(_MAKE, permit)
        self._known.add(which)
        return True

    def _held(self, statement: str, permit: Permit) -> Permit | None:
        for row in self._write(statement, permit):
            # The statement may have waited for others, which must not be waited for again.
            now = row["now"] if self._is_servers_clock else self._clock()
            return replace(permit, number=row["number"], wait=_seconds(row["left_at"] - now))
        return None

    def _write(self, statement: str, permit: Permit, ago: float = 0.0) -> Any:
        window = permit.limit.window
        values = {
            "key": permit.key,
            "number": permit.number,
            "holder": permit.holder,
            "background": int(permit.background),
            "requests": permit.limit.requests,
            "window": window,
            "burst": 1 if permit.background else max(_BURST, permit.limit.requests // 10),
            "pace": window / permit.limit.requests,
            "lease": window + _LEASE_SECONDS,
            "furthest": _FURTHEST,
            "ago": ago,
            "now": self._clock(),
        }
        return self._database.write(statement, values)


def _kept(limit: RateLimit) -> RateLimit:
    """The limit as it is kept: of very many requests, the same share of a shorter window."""
    parts = ceil(limit.requests / _MOST_SLOTS)
    return limit if parts <= 1 else RateLimit(limit.requests // parts, limit.window / parts, limit.lockout)


def _seconds(wait: float) -> float:
    # Below a microsecond it is what floating point makes of two equal moments.
    return max(0.0, round(wait, 6))
