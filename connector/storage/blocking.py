"""Blocking calls: the two acts that the engine awaits, to run what blocks and to let time pass.

Everything that touches the world blocks: a socket, a file, the database. In the synchronous face the
engine's coroutine runs such things where it stands and so never suspends; in the asynchronous face they
run in threads. The engine is written once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any, Protocol, TypeVar, TypeVarTuple

from connector.errors import InvocationError

CLOSED = "the connector is closed; make another one"
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
        self._is_closed = False

    async def run(self, act: Callable[[*Ts], T], *arguments: *Ts) -> T:
        if self._is_closed:
            raise InvocationError(CLOSED)
        try:
            loop, context = asyncio.get_running_loop(), copy_context()
            return await loop.run_in_executor(self._pool, partial(context.run, act, *arguments))
        except asyncio.CancelledError:
            if self._is_closed and not _is_cancelled():
                raise InvocationError(CLOSED) from None  # it still stood in the queue
            raise

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def close(self) -> None:
        self._is_closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)


def _is_cancelled() -> bool:
    """Whether somebody asked for the running task to stop."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def surely(io: Io, act: Callable[[], object]) -> None:
    """Something that blocks and must happen, also where whoever waits for it is stopped meanwhile.

    It may then happen twice, and must not mind.
    """
    try:
        await io.run(act)
    except BaseException:
        act()
        raise


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """The outcome of a coroutine that never suspends, which is so where its Io is Inline."""
    try:
        coroutine.send(None)
    except StopIteration as finished:
        value: T = finished.value
        return value
    coroutine.close()
    raise RuntimeError("the engine suspended in its synchronous face")
