"""The worker's context: what the durable engine's workflows work with. There is one in a process, or none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from logging import getLogger
from pathlib import Path

from connector.engine.connector import AsyncConnector
from connector.errors import ConnectorError, InvocationError
from connector.runs.callbacks import Callbacks
from connector.runs.durable.outages import is_passing, reason
from connector.runs.service.durable_runs import DurableRuns
from connector.runs.service.execute_action import ActionExecutor
from connector.runs.worker.execute_workflow import WorkflowExecutor
from connector.spec.model import Integration
from connector.storage.blocking import Io
from connector.storage.database.database import Database
from connector.storage.files.store import FileStore
from connector.storage.runs.history import History

# How often it is looked again while something is in the way, in seconds.
_LOOK_LATER = 5.0


@dataclass(frozen=True, slots=True)
class WorkerContext:
    """The stores block: go to them by ``io``. ``connectors`` are by the id of their integration."""

    home: Path
    database: Database
    connectors: Mapping[str, AsyncConnector]
    history: History
    files: FileStore
    actions: ActionExecutor
    workflows: WorkflowExecutor
    runs: DurableRuns
    callbacks: Callbacks
    io: Io
    clock: Callable[[], float]

    @property
    def integrations(self) -> dict[str, Integration]:
        return {name: connector.integration for name, connector in self.connectors.items()}

    async def look_until(self, is_done: Callable[[], bool], what: str, pause: float) -> None:
        """Looks every so many seconds until it is done. ``is_done`` blocks.

        What is wrong on this machine passes, and is told; a worker that drains leaves it to the next one.
        """
        said = ""
        while True:
            if self.actions.is_draining:
                await asyncio.get_running_loop().create_future()
            try:
                if await self.io.run(is_done):
                    return
                wait, found = pause, ""
            except (ConnectorError, OSError) as error:
                if not is_passing(error):
                    raise
                wait, found = _LOOK_LATER, reason(error)
            if found and found != said:
                getLogger(__name__).warning("%s: %s; it goes on when that has passed", what, found)
            said = found
            await self.io.sleep(wait)


_open: list[WorkerContext] = []


def at_work() -> WorkerContext:
    """The context of this process's worker."""
    return _open[0]


def enter(context: WorkerContext) -> None:
    """From now on this process works here. Raises InvocationError where it works elsewhere already."""
    if _open:
        raise InvocationError("this process has a worker already; one is enough, or start another process")
    _open.append(context)


def leave() -> None:
    """This process works no more."""
    _open.clear()
