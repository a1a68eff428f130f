"""Readiness: whether what the host keeps can be reached, answered at once whatever the load."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from connector.errors import DatabaseUnavailable
from connector.storage.blocking import Threads

# A look counts for so long, in seconds; while a new one is under way, the one before it does for longer.
_FRESH, _STALE = 1.0, 10.0
# So long an answer waits for a look.
_MOMENT = 0.05


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
