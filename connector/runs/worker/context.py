"""The worker's context: what the durable engine's workflows work with. There is one in a process, or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from connector.engine.connector import AsyncConnector
from connector.errors import InvocationError
from connector.runs.service.durable_runs import DurableRuns
from connector.runs.service.execute_action import ActionExecutor
from connector.runs.worker.execute_workflow import WorkflowExecutor
from connector.storage.blocking import Io
from connector.storage.database.database import Database
from connector.storage.files.store import FileStore
from connector.storage.runs.history import History


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
    io: Io
    clock: Callable[[], float]


_open: list[WorkerContext] = []


def at_work() -> WorkerContext:
    """The workshop of this process."""
    return _open[0]


def enter(workshop: WorkerContext) -> None:
    """From now on this process works here. Raises InvocationError where it works elsewhere already."""
    if _open:
        raise InvocationError("this process has a worker already; one is enough, or start another process")
    _open.append(workshop)


def leave() -> None:
    """This process works no more."""
    _open.clear()
