"""A run that this process works on: what it tells is written down in order, and whoever waits is woken."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from logging import getLogger
from typing import Any

from connector.errors import ConnectorError
from connector.events import Event
from connector.history import History, Run
from connector.io import Io
from connector.result import Result
from connector.run import Ending


class UnderWay:
    """One run. ``asking`` is the engine's part of it, which can be cancelled; ``task`` is all of it."""

    asking: asyncio.Task[Result]
    task: asyncio.Task[Run]

    def __init__(self, run: Run, history: History, io: Io) -> None:
        self.run = run
        self.job_id = run.job_id
        self.ending: Ending | None = None
        self._history = history
        self._io = io
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._told: deque[Event] = deque()
        self._lock = threading.Lock()
        self._writing: set[asyncio.Task[None]] = set()
        self._is_over = False
        self.changed = asyncio.Event()

    def hear(self, event: Event) -> None:
        """An event of the engine, in whatever thread. It is written before a request leaves."""
        self.job_id = event.job_id or self.job_id
        self._told.append(event)
        if threading.get_ident() != self._loop_thread:
            self._write()
            return
        # The event loop must not wait for the disk.
        writing = self._loop.create_task(self._io.run(self._write))
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)

    def stop(self, ending: Ending) -> None:
        """The engine's part is cancelled; this is how the run ends, unless the ledger knows better."""
        self.ending = ending
        self.asking.cancel()

    async def last(self, act: Callable[[], Run]) -> Run:
        """What ends the run, after everything that it told; what is told later is not heard."""
        if self._writing:
            await asyncio.wait(self._writing)
        self.run = await self._io.run(self._last, act)
        return self.run

    def wake(self) -> None:
        """Whoever waits for something new looks again."""
        self.changed.set()
        self.changed = asyncio.Event()

    def _last(self, act: Callable[[], Run]) -> Run:
        self._write()
        with self._lock:
            self._is_over = True
        return act()

    def _write(self) -> None:
        with self._lock:
            while self._told and not self._is_over:
                self._write_event(self._told.popleft())
        with suppress(RuntimeError):  # a thread may outlive the event loop
            self._loop.call_soon_threadsafe(self.wake)

    def _write_event(self, event: Event) -> None:
        facts: dict[str, Any] = {"sentence": event.sentence, "seconds": event.seconds, "job_id": event.job_id}
        data = {name: value for name, value in facts.items() if value is not None}
        try:
            if event.kind == "started":
                self._history.change(self.run.id, job_id=event.job_id)
            self._history.event(self.run.id, event.kind, data)
        except ConnectorError as error:
            # A run is worth more than what is told of it.
            getLogger(__name__).warning("run %s: %s is not written down: %s", self.run.id, event.kind, error)
