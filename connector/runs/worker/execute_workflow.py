"""The execution of workflows: each run is looked at when something may have changed, until it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from logging import getLogger
from typing import Any

from connector.engine.connector import AsyncConnector
from connector.errors import ConnectorError, InvocationError, SpecError
from connector.runs.durable.outages import OutageRetry
from connector.runs.service.durable_runs import DurableRuns
from connector.runs.service.execute_action import serving
from connector.runs.worker.advance_workflow import WorkflowAdvance
from connector.storage.blocking import Io, Threads
from connector.storage.files.store import FileStore
from connector.storage.runs.history import History, Run

_MISTAKE = "the worker failed ({}); see its log"
# How often a run is looked at where nobody tells that a step has ended, in seconds: another worker did it.
_LOOK_AGAIN = 1.0
_THREADS = 2


def _nobody(run: Run) -> None:
    """Nobody listens."""


class WorkflowExecutor:
    """Does the durable runs of workflows, in one event loop.

    ``on_change`` hears of each run that ends. ``io`` is for the stores, and for what is made here.
    """

    def __init__(
        self,
        connectors: Mapping[str, AsyncConnector],
        history: History,
        files: FileStore,
        runs: DurableRuns,
        *,
        keep_seconds: float | None = None,
        on_change: Callable[[Run], None] = _nobody,
        io: Io | None = None,
    ) -> None:
        self._connectors = connectors
        self._history = history
        self._files = files
        self._runs = runs
        self._keep_seconds = keep_seconds
        self._on_change = on_change
        self._io = io or Threads(_THREADS)
        self._patience = OutageRetry(history, self._io)
        self._woken: dict[str, tuple[asyncio.AbstractEventLoop, asyncio.Event]] = {}
        self.is_draining = False

    @property
    def at_work(self) -> set[str]:
        """The runs that are executed here."""
        return set(self._woken)

    async def execute(self, run_id: str) -> None:
        """Does what is left to do of a run. It may be asked for any number of times, by anybody."""
        while run_id in self._woken:
            await self._io.sleep(_LOOK_AGAIN)
        self._woken[run_id] = asyncio.get_running_loop(), asyncio.Event()
        try:
            ended = await self._patience.hold(run_id, partial(self._executed, run_id))
        except Exception as error:
            getLogger(__name__).exception("run %s ended by a mistake of ours", run_id)
            ended = await self._fail(run_id, ConnectorError(_MISTAKE.format(type(error).__name__)))
        finally:
            del self._woken[run_id]
        self._on_change(ended)

    def hear(self, run: Run) -> None:
        """A run has ended, told in whatever thread; it may be the step that others wait for."""
        loop, woken = self._woken.get(run.parent or "", (None, None))
        if loop is not None and woken is not None:
            with suppress(RuntimeError):  # that loop may have ended
                loop.call_soon_threadsafe(woken.set)

    def close(self) -> None:
        """Lets go of the threads."""
        self._io.close()

    async def _executed(self, run_id: str) -> Run:
        run = await self._io.run(self._history.get, run_id)
        try:
            course = await self._io.run(self._course, run)
        except (InvocationError, SpecError) as error:
            return await self._fail(run_id, error)
        while (ended := await self._io.run(course.look)) is None:
            await self._pause(run_id)
        return ended

    def _course(self, run: Run) -> WorkflowAdvance:
        integration = serving(self._connectors, run).integration
        return WorkflowAdvance(run, integration, self._history, self._files, self._runs, self._keep_seconds)

    async def _pause(self, run_id: str) -> None:
        if self.is_draining:  # it is left to the next worker
            await asyncio.get_running_loop().create_future()
        _, woken = self._woken[run_id]
        with suppress(TimeoutError):
            await asyncio.wait_for(woken.wait(), _LOOK_AGAIN)
        woken.clear()

    async def _fail(self, run_id: str, error: ConnectorError) -> Run:
        facts: dict[str, Any] = {"outcome": error.code, "error": error.to_dict(), "billed": error.billed}
        fail = partial(self._history.enter, run_id, "failed", error.message.splitlines()[0], **facts)
        return await self._patience.hold(run_id, partial(self._io.run, fail))
