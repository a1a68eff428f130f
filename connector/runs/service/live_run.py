"""A live run, which this process executes: what it tells is written in order, and whoever waits is woken."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from logging import getLogger
from threading import Lock
from typing import Any, TypeVar

from connector.errors import ConnectorError
from connector.events import Event
from connector.storage.blocking import Io
from connector.storage.runs.history import History, Run, Told
from connector.storage.runs.model import RunEnding

T = TypeVar("T")

# What is told is written so many seconds later, together: a quick run then writes it all with its end.
_SOON = 0.05


class LiveRun:
    """One run. ``task`` is all that is done for it here, where that is a task of its own."""

    task: asyncio.Task[Run]

    def __init__(self, run: Run, history: History, io: Io) -> None:
        self.run = run
        self.job_id = run.job_id
        self.ending: RunEnding | None = None
        self.is_stopped = False
        self.is_over = False
        self.changed = asyncio.Event()
        self._history = history
        self._io = io
        self._loop = asyncio.get_running_loop()
        self._asking: asyncio.Task[Any] | None = None
        self._told: deque[tuple[float, Event]] = deque()
        self._lock = Lock()
        # The first one runs already: from another thread it costs more than all that a quick run tells.
        self._timer: asyncio.TimerHandle | None = self._loop.call_later(_SOON, self._begin_writing)
        self._writing: asyncio.Task[None] | None = None

    def hear(self, event: Event) -> None:
        """An event of the engine, told in whatever thread."""
        self.job_id = event.job_id or self.job_id
        self._told.append((self._history.clock(), event))
        if self._timer is None:
            with suppress(RuntimeError):  # a thread may outlive the event loop
                self._loop.call_soon_threadsafe(self._write_soon)

    async def ask(self, asking: Coroutine[Any, Any, T]) -> T:
        """What the engine answers; its file is not held on to. CancelledError where the run is stopped."""
        self._asking = task = asyncio.create_task(asking)
        if self.is_stopped:
            task.cancel()
        try:
            return await task
        finally:
            self._asking = None

    def stop(self, ending: RunEnding | None = None) -> None:
        """The engine's part is cancelled; this is how the run ends, unless the ledger knows better."""
        self.is_stopped = True
        self.ending = ending
        if self._asking is not None:
            self._asking.cancel()

    async def last(self, act: Callable[[Told], Run]) -> Run:
        """What ends the run, given what is not written down yet; what is told later is not heard."""
        self.is_over = True
        if self._timer is not None:
            self._timer.cancel()
        if self._writing is not None:
            await asyncio.wait({self._writing})
        self.run = await self._io.run(self._last, act)
        return self.run

    def wake(self) -> None:
        """Whoever waits for something new looks again."""
        self.changed.set()
        self.changed = asyncio.Event()

    def _write_soon(self) -> None:
        if self._timer is None and not self.is_over:
            self._timer = self._loop.call_later(_SOON, self._begin_writing)

    def _begin_writing(self) -> None:
        self._timer = None  # first: what is told from now on needs another one
        if self._told:
            self._writing = self._loop.create_task(self._write_now())

    async def _write_now(self) -> None:
        await self._io.run(self._write)
        self.wake()

    def _last(self, act: Callable[[Told], Run]) -> Run:
        with self._lock:
            return act(self._taken())

    def _write(self) -> None:
        with self._lock:  # what is told first is written first
            try:
                self._history.tell(self.run.id, self._taken())
            except ConnectorError as error:
                # A run is worth more than what is told of it.
                getLogger(__name__).warning("run %s: its events are not written down: %s", self.run.id, error)

    def _taken(self) -> Told:
        return [self._told.popleft() for _ in range(len(self._told))]


async def all_of(tasks: Iterable[asyncio.Future[Any]], seconds: float | None) -> None:
    """Until all are done, or so many seconds are over."""
    awaited = list(tasks)
    if awaited:
        await asyncio.wait(awaited, timeout=seconds)
