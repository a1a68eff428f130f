"""Load: a few reads at a time, and whoever is one too many is told to come again; readiness is told at once.

What may be paid for is never put off here; it has a line of its own (``check_line``).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from connector.errors import DatabaseUnavailable
from connector.server.problem_documents import Refused
from connector.storage.blocking import Threads

_AGAIN_AFTER = 1.0
# A look counts for so long, in seconds; while a new one is under way, the one before it does for longer.
_FRESH, _STALE = 1.0, 10.0
# So long an answer waits for a look.
_MOMENT = 0.05


class Reads:
    """``at_once`` reads are under way, and at most ``line`` wait for their turn."""

    def __init__(self, at_once: int, line: int) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._room = at_once + line

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Raises Refused where too many wait."""
        if not self._room:
            raise Refused("busy", "too many reads wait to be answered; try again", retry_after=_AGAIN_AFTER)
        self._room -= 1
        try:
            async with self._turns:
                yield
        finally:
            self._room += 1


class Readiness:
    """Looks by ``look``, which blocks and raises what is wrong, in a thread that nothing else waits for."""

    def __init__(self, look: Callable[[], object], clock: Callable[[], float] = time.monotonic) -> None:
        self._look = look
        self._clock = clock
        self._threads = Threads(1)
        self._looking: asyncio.Task[None] | None = None
        # Whoever makes this has reached the database, or would not have come so far.
        self._seen = clock() - _FRESH
        self._failure: Exception | None = None

    async def check(self) -> None:
        """Raises what the last look found wrong, and DatabaseUnavailable where looking takes too long."""
        if self._clock() - self._seen >= _FRESH:
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._see())
            await asyncio.wait({self._looking}, timeout=_MOMENT)
        if self._failure is not None:
            raise self._failure
        if self._clock() - self._seen >= _STALE:
            raise DatabaseUnavailable("the database does not answer")

    def close(self) -> None:
        self._threads.close()

    async def _see(self) -> None:
        failure: Exception | None = None
        try:
            await self._threads.run(self._look)
        except Exception as error:
            failure = error
        self._failure, self._seen = failure, self._clock()
