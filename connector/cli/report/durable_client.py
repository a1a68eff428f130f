"""The durable runs of this machine, for a command: asked for here, and done by a worker elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from connector import errors
from connector.cli.parsing import find_action
from connector.cli.terminal import terminal
from connector.engine.connector import Connector
from connector.engine.sources import Sources
from connector.errors import ConnectorError
from connector.runs.service.durable_runs import DurableRuns
from connector.runs.worker.foreground import is_worker_alive
from connector.storage.files.store import FileStore
from connector.storage.home import home
from connector.storage.runs.model import Run, State

_NO_WORKER = "No worker is alive, so that nothing is done; start one: connector worker"
# What a run's failure is where its code says too little, by the state that it ended in.
_BY_STATE: dict[State, type[ConnectorError]] = {
    "failed": errors.UpstreamFailed,
    "unknown": errors.OutcomeUnknown,
    "cancelled": errors.JobCancelled,
}


@dataclass(frozen=True, slots=True)
class DurableClient:
    """Where durable runs are asked for."""

    connector: Connector
    runs: DurableRuns
    files: FileStore

    @property
    def home(self) -> Path:
        return self.connector.workspace.home

    def remark_worker(self) -> bool:
        """Whether somebody does what is asked for here; a person is told where nobody does."""
        alive = is_worker_alive(self.home)
        if not alive:
            terminal.say(_NO_WORKER)
        return alive


@contextmanager
def desk(folder: str) -> Iterator[DurableClient]:
    """Opened for one command, which may give files of this machine."""
    place = home()
    with Connector(find_action.integration(folder), home=place) as connector:
        files = connector.workspace.files
        runs = DurableRuns([connector], files, sources=Sources(references=files.resolve))
        try:
            yield DurableClient(connector, runs, files)
        finally:
            runs.close()


def failure_of(run: Run) -> ConnectorError:
    """How a run ended that has no result, as the failure that an invocation would have raised."""
    otherwise = {"code": run.outcome or run.state, "message": f"the run ended as {run.state}"}
    return _BY_STATE[run.state].from_facts({**otherwise, **(run.error or {}), "billed": run.billed})
