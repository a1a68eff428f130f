"""The two acts that the engine awaits: to run something that blocks, and to let time pass.

Everything that touches the world blocks: a socket, a file, the database. In the synchronous face the
engine's coroutine runs such things where it stands and so never suspends; in the asynchronous face they
run in threads. The engine is written once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Io(Protocol):
    """What the engine asks of the world."""

    async def run(self, act: Callable[[*Ts], T], *arguments: *Ts) -> T:
        """The outcome of something that blocks."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let that many seconds pass."""
        ...

    def close(self) -> None: ...


class Inline:
    """Everything happens where it is asked for. ``sleep`` can be swapped, so that tests do not wait."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep

    async def run(self, act: Callable[[*Ts], T], *arguments: *Ts) -> T:
        return act(*arguments)

    async def sleep(self, seconds: float) -> None:
        self._sleep(seconds)

    def close(self) -> None:
        """There is nothing to close."""


class Threads:
    """What blocks runs in threads, beside the event loop; at most ``workers`` things at once."""

    def __init__(self, workers: int = 64) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="connector")

    async def run(self, act: Callable[[*Ts], T], *arguments: *Ts) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, act, *arguments)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """The outcome of a coroutine that never suspends, which is so where its Io is Inline."""
    try:
        coroutine.send(None)
    except StopIteration as finished:
        value: T = finished.value
        return value
    coroutine.close()
    raise RuntimeError("the engine suspended in its synchronous face")
