"""Load shedding: a few reads at a time, a short line, and whoever comes then is told to come again.

What may be paid for is never put off here; it has a line of its own (``check_line``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from connector.server.problem_documents import Refused

_AGAIN_AFTER = 1.0


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
