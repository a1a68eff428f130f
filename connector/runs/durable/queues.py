"""Queues: runs that are written down are handed to the durable engine, which executes none of them here."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from logging import getLogger
from typing import TYPE_CHECKING, Any

from connector.runs.durable import dbos_engine
from connector.storage.database.database import Database
from connector.storage.runs.model import Kind, Run

if TYPE_CHECKING:
    from dbos import DBOSClient

_FLOWS: Mapping[Kind, tuple[str, str]] = {
    "action": (dbos_engine.RUN_ACTION, dbos_engine.ACTIONS),
    "workflow": (dbos_engine.RUN_WORKFLOW, dbos_engine.WORKFLOWS),
}
_URGENT = 1
# In these the engine comes back to a run by itself.
_ALIVE = frozenset({"ENQUEUED", "DELAYED", "PENDING"})


def urgency(run: Run) -> int:
    """What somebody waits for comes before a workflow's steps, and they before a batch's rows."""
    return 10 if run.batch else 5 if run.parent else _URGENT


def queue_of(run: Run, priority: int) -> str:
    """What somebody waits for has a queue of its own, so that no batch stands in its way."""
    queue = _FLOWS[run.kind][1]
    return dbos_engine.URGENT if queue == dbos_engine.ACTIONS and priority <= _URGENT else queue


def _nothing() -> None:
    """There is nothing to let go of."""


class Queues:
    """The durable engine's queues in a database, which is opened when it is first needed.

    As the database itself, they let go of it when nobody has them any more, also where nobody closed them.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._client: DBOSClient | None = None
        self._closer: Callable[[], object] = _nothing

    @property
    def client(self) -> DBOSClient:
        """The engine, as it is asked by whoever executes nothing."""
        with self._lock:
            if self._client is None:
                made = dbos_engine.connect(self._database)
                self._closer = weakref.finalize(self, dbos_engine.dispose, made)
                with dbos_engine.translated(self._database):
                    dbos_engine.migrate(self._database, made)
                self._client = dbos_engine.client(made)
            return self._client

    def add(self, run: Run, priority: int | None = None) -> None:
        """Hands over a run, once, however often it is called.

        Where that fails the run is written down all the same, and a worker finds it.
        """
        wanted = urgency(run) if priority is None else priority
        options: Any = {
            "workflow_name": _FLOWS[run.kind][0],
            "queue_name": queue_of(run, wanted),
            "workflow_id": run.id,
            "app_version": dbos_engine.VERSION,
            "priority": wanted,
        }
        client = self.client
        try:
            client.enqueue(options, run.id)
        except dbos_engine.failures() as error:
            getLogger(__name__).warning(
                "run %s is left for a worker to find: %s", run.id, dbos_engine.said(error)
            )

    def again(self, run: Run) -> None:
        """Has the engine come back to a run that has not ended, unless it does already."""
        with self._alone(run.id), self._asked():
            if self._is_left(run.id):
                self.add(run)

    def feed(self, batch_id: str) -> None:
        """Has the engine feed a batch, unless it does already."""
        options: Any = {
            "workflow_name": dbos_engine.FEED_BATCH,
            "queue_name": dbos_engine.BATCHES,
            "workflow_id": batch_id,
            "app_version": dbos_engine.VERSION,
        }
        with self._alone(batch_id), self._asked() as client:
            if self._is_left(batch_id):
                client.enqueue(options, batch_id)

    def call_back(self, subject: str) -> None:
        """Has the engine tell of an end, once, however often it is called."""
        options: Any = {
            "workflow_name": dbos_engine.CALL_BACK,
            "queue_name": dbos_engine.CALLBACKS,
            "workflow_id": f"callback {subject}",
            "app_version": dbos_engine.VERSION,
        }
        with self._asked() as client:
            client.enqueue(options, subject)

    @contextmanager
    def _asked(self) -> Iterator[DBOSClient]:
        """The engine. Raises DatabaseUnavailable where its database fails."""
        client = self.client
        with dbos_engine.translated(self._database):
            yield client

    def _alone(self, id: str) -> AbstractContextManager[object]:
        """Of many machines, one hands a thing over again; in a file, what one does the next one sees."""
        self.client  # noqa: B018  (it is opened before: that takes a transaction of its own, which waits for all)
        return self._database.transaction(about=f"flow {id}") if self._database.url else nullcontext()

    def _is_left(self, id: str) -> bool:
        """Whether the engine does not come back to something; it then forgets what it knew of it."""
        found = self.client.list_workflows(workflow_ids=[id], load_input=False, load_output=False)
        if any(one.status in _ALIVE for one in found):
            return False
        if found:
            self.client.delete_workflow(id)
        return True

    def take_up(self, run: Run) -> None:
        """Has the engine begin once more with a run that it gave to somebody."""
        with self._asked() as client:
            client.resume_workflow(run.id, queue_name=queue_of(run, urgency(run)))

    def take_back(self, run_id: str) -> None:
        """The engine does not come back to a run."""
        with self._asked() as client:
            client.cancel_workflow(run_id)

    def close(self) -> None:
        """Lets go of the database; whoever uses this again opens it again."""
        with self._lock:
            if self._client is not None:
                self._client.destroy()
            self._closer()
            self._client = None
