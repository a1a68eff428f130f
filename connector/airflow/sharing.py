"""What many tasks of an event loop use at once is opened by the first of them, and closed after the last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass
class _Held(Generic[T]):
    made: asyncio.Task[T]
    users: int = 0


class Shared(Generic[T]):
    """Things by their keys; ``close`` is how one is let go of."""

    def __init__(self, close: Callable[[T], Awaitable[None]]) -> None:
        self._close = close
        self._held: dict[Hashable, _Held[T]] = {}

    @asynccontextmanager
    async def lent(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> AsyncIterator[T]:
        """The thing of a key, for as long as the block lasts. Raises whatever making it raised."""
        own = (id(asyncio.get_running_loop()), key)
        held = self._held.get(own)
        if held is None:
            held = self._held[own] = _Held(asyncio.ensure_future(make()))
        held.users += 1
        try:
            # One who is stopped while it is made does not stop it for the others.
            yield await asyncio.shield(held.made)
        finally:
            held.users -= 1
            if not held.users:
                del self._held[own]
                await self._let_go(held.made)

    async def _let_go(self, made: asyncio.Task[T]) -> None:
        if not made.done():
            made.cancel()
        await asyncio.wait({made})
        if not made.cancelled() and made.exception() is None:
            await self._close(made.result())
