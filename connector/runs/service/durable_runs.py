"""Durable runs, for whoever asks for them: submitted, watched, cancelled, resumed, decided upon.

Nothing is executed here, and no worker need be there: what is asked for is written down, and is done as
soon as there is one.
"""

from __future__ import annotations

import builtins
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypedDict, Unpack

from connector.engine.arguments import Taker
from connector.engine.connector import AsyncConnector, Connector
from connector.engine.sources import Sources
from connector.errors import (
    InvocationError,
    JobError,
    JobNotFound,
    UnknownName,
)
from connector.runs.durable.queues import Queues
from connector.runs.service import run_files
from connector.runs.service.record import RunRecord
from connector.runs.service.resume import reopen, take_up
from connector.runs.service.settlement import Settlement
from connector.runs.service.unknown_outcomes import UnknownOutcomes
from connector.runs.workflow import check_inputs
from connector.runs.workflow.model import Workflow
from connector.spec.schema.suggest import nearest
from connector.storage.files.store import FileStore
from connector.storage.ledger.model import LedgerEntry
from connector.storage.runs.history import GIVEN, History, Run, RunEvent, RunNotFound
from connector.storage.runs.model import BROKEN_OFF, CANCELLED, RunSpec

_LOOK_AGAIN = 0.2
# So long may a request take from being taken up to being written down.
_MOMENT = 5.0
_COPIED = (*GIVEN, "kind", "parent", "place", "batch", "row", "definition")


class Links(TypedDict, total=False):
    """What a run is part of: the run of a workflow, and which step of it; a batch, and which row of it."""

    parent: str | None
    place: str | None
    batch: str | None
    row: int | None
    retry_of: str | None


class DurableRuns:
    """The durable runs in a database. All methods block, and may be called from any thread.

    ``connectors`` are of one home, one for each integration; ``sources`` says which files of this machine are
    read when a run is submitted, and kept with it (None: none). ``clock`` and ``sleep`` are for tests.
    """

    def __init__(
        self,
        connectors: Iterable[Connector | AsyncConnector],
        files: FileStore,
        *,
        sources: Sources | None = None,
        keep_seconds: float | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._connectors = {each.integration.id: each for each in connectors}
        workspace = next(iter(self._connectors.values())).workspace
        self._ledger = workspace.ledger
        self.history = History(workspace.database, clock, workspace.ledger)
        self.queues = Queues(workspace.database)
        self._record = RunRecord(self.history, files, keep_seconds)
        self._settlement = Settlement(self.history, self._ledger, workspace.rescued)
        self._files = files
        self._sources = sources
        self._clock = clock
        self._sleep = sleep

    def submit(
        self,
        spec: RunSpec,
        *,
        token_name: str = "",
        idempotency_key: str | None = None,
        integration: str | None = None,
        priority: int | None = None,
        **links: Unpack[Links],
    ) -> Run:
        """The run, written down; it is done when there is a worker. With a key that was used, its first run.

        Raises UnknownName for the action, InvalidArguments for a file that cannot be read, and KeyReused; all
        else becomes the run's failure. The lower ``priority``, the sooner (default: by what it is part of).
        """
        connector = self._connector(spec.action, integration)
        action = connector.action(spec.action)
        own = RunSpec(action.id, run_files.read_inputs(action, spec.arguments, self._sources), **_how(spec))
        given = self._given(connector, own) | links | {"token_name": token_name}
        return self._opened(action, own, given, idempotency_key, priority)

    def submit_workflow(
        self,
        workflow: Workflow,
        spec: RunSpec,
        *,
        token_name: str = "",
        idempotency_key: str | None = None,
        integration: str | None = None,
        priority: int | None = None,
        **links: Unpack[Links],
    ) -> Run:
        """A run of a workflow as it is now: whatever becomes of its file, the run ends as it began.

        ``spec.arguments`` are its inputs, ``spec.limit_credits`` what it may spend. Raises InvalidArguments
        with everything that can be told before a credit is spent, and CapReached; else as ``submit``.
        """
        connector = self._connector("", integration)
        read = run_files.read_inputs(workflow, spec.arguments, self._sources)
        inputs = check_inputs.checked(workflow, connector.integration, read, self._files, spec.limit_credits)
        own = RunSpec(workflow.id, inputs, **_how(spec))
        more = {"token_name": token_name, "kind": "workflow", "definition": workflow.text}
        given = self._given(connector, own) | links | more
        return self._opened(workflow, own, given, idempotency_key, priority)

    def _given(self, connector: Connector | AsyncConnector, spec: RunSpec) -> dict[str, Any]:
        """What is written down of a run before its inputs: where it is done."""
        environment, connection = connector.place(environment=spec.environment, connection=spec.connection)
        place = {"environment": environment, "connection": connection}
        return {"integration": connector.integration.id, "durable": True, **place}

    def _opened(
        self, taker: Taker, spec: RunSpec, given: Mapping[str, Any], key: str | None, priority: int | None
    ) -> Run:
        self.queues.client  # noqa: B018  (what is missing for it is told before anything is written down)
        run, _ = self._record.open(taker, spec, given, "queued", key)
        if run.state == "queued":
            self.queues.add(run, priority)
        return run

    def get(self, any_id: str) -> Run:
        """The run of that id, or the one whose job has that id upstream. Raises RunNotFound."""
        try:
            return self.history.get(any_id)
        except RunNotFound:
            entry = self._entry(any_id)
            if entry is None or entry.origin is None:
                raise
            return self.history.get(entry.origin)

    def list(self, **asked: Any) -> builtins.list[Run]:
        """The durable runs, newest first; by what History.list takes."""
        return self.history.list(**{"durable": True, **asked})

    def events(self, run_id: str, after: int = 0) -> builtins.list[RunEvent]:
        """What has happened to a run, from the event after that number."""
        return self.history.events(run_id, after)

    def watch(self, run_id: str, after: int = 0) -> Iterator[RunEvent]:
        """What happens to a run, as it happens; it ends with the run."""
        while True:
            has_ended = self.history.get(run_id).has_ended
            for event in self.events(run_id, after):
                yield event
                after = event.seq
            if has_ended:
                return
            self._sleep(_LOOK_AGAIN)

    def wait(self, run_id: str, timeout: float | None = None) -> Run:
        """The run as it ended, or as it is after ``timeout`` seconds."""
        until = None if timeout is None else self._clock() + timeout
        run = self.get(run_id)
        while not run.has_ended and (until is None or self._clock() < until):
            self._sleep(_LOOK_AGAIN)
            run = self.history.get(run.id)
        return run

    def cancel(self, run_id: str) -> Run:
        """The run, stopped where that is possible; what has ended stays as it is.

        What queues is never sent, and a job is no longer asked for. A request that has left cannot be taken
        back: JobError says so. With a workflow, so are its steps; those that cannot be stopped end by
        themselves.
        """
        run = self.get(run_id)
        return self._cancel_workflow(run) if run.kind == "workflow" else self._cancel_action(run)

    def resume(self, any_id: str) -> Run:
        """The run, under way again: by its id, or by a job's, wherever that was started.

        Of a workflow's run, the steps that failed are tried once more, and those that are done are not paid
        again. Raises JobError where there is no job to go on with, JobExpired where it is no longer kept, and
        InvocationError where there is nothing left to do.
        """
        try:
            run = self.get(any_id)
        except RunNotFound:
            run = self._adopted(any_id)
        if run.has_ended and run.kind == "workflow":
            run = take_up(run, self.history, self.retry)
        elif run.has_ended:
            run = self._reopened(run)
        self.queues.again(run)
        return run

    @property
    def unknown(self) -> UnknownOutcomes:
        """What may have been paid for without a result, whoever began it."""
        integrations = (each.integration for each in self._connectors.values())
        return UnknownOutcomes(self.history, self._ledger, integrations)

    def retry(self, run_id: str) -> Run:
        """A new run like this one, in its place. Raises InvocationError for one that has not ended, that
        succeeded, or that was tried once more already, and InvalidArguments where a secret was not kept."""
        run = self.get(run_id)
        if run.state in ("queued", "running", "succeeded"):
            raise InvocationError(
                f"run {run.id} is {run.state}; only what ended without a result is tried again"
            )
        later = self._later(run)
        if later is not None:
            raise InvocationError(f"run {run.id} was tried once more as run {later.id}; look at that one")
        if run.kind != "workflow":
            run_files.refuse_masks(
                self._connector(run.action, run.integration).action(run.action), run.inputs
            )
        given = {name: getattr(run, name) for name in _COPIED} | {"durable": True, "retry_of": run.id}
        # The key is for two who press the button at once.
        tried, _ = self.history.open(given, f"retry of {run.id}")
        self.queues.again(tried)
        return tried

    def close(self) -> None:
        """Lets go of the durable engine; whoever uses this again opens it again."""
        self.queues.close()

    def _connector(self, action: str, integration: str | None) -> Connector | AsyncConnector:
        """The one that has the action; the first, where an id or title is told to nobody else."""
        if integration is not None:
            if integration not in self._connectors:
                raise UnknownName(
                    f"there is no integration {integration!r}{nearest(integration, self._connectors)}"
                )
            return self._connectors[integration]
        having = (each for each in self._connectors.values() if action in each.integration.actions)
        return next(having, next(iter(self._connectors.values())))

    def _entry(self, any_id: str) -> LedgerEntry | None:
        try:
            return self._ledger.get(any_id)
        except JobNotFound:
            return None

    def _later(self, run: Run) -> Run | None:
        """The run that tries this one once more."""
        return next(iter(self.history.list(retry_of=run.id, limit=1)), None)

    def _cancel_action(self, run: Run) -> Run:
        until = self._clock() + _MOMENT
        while True:
            run = self._settlement.stop(run.id)
            if run.has_ended:
                return run
            if self._clock() >= until:
                raise JobError(
                    f"run {run.id} is under way, and what has left cannot be taken back; wait for its answer"
                )
            self._sleep(_LOOK_AGAIN)

    def _cancel_workflow(self, run: Run) -> Run:
        children = self.history.children(run.id)
        ending = BROKEN_OFF if children else CANCELLED
        ended = self.history.enter(run.id, "cancelled", "somebody cancelled it", **ending.fields(None))
        self.queues.take_back(run.id)
        for child in children:
            if not child.has_ended:
                self._settlement.stop(child.id)
        return ended

    def _adopted(self, job_id: str) -> Run:
        """A run for a job that was started without one."""
        entry = self._ledger.get(job_id)
        if entry.upstream_id is None:
            raise JobError(f"invocation {entry.id} ({entry.action}) is no job; there is nothing to resume")
        connector = self._connector(entry.action, entry.integration)
        given = {
            "action": entry.action,
            "title": connector.action(entry.action).title,
            "integration": entry.integration,
            "connection": entry.connection,
            "environment": entry.environment,
            "inputs": {},
            "options": {},
            "token_name": "",
            "durable": True,
        }
        run, _ = self.history.open(given, f"job {entry.upstream_id}")
        return self.history.change(run.id, job_id=entry.upstream_id, invocation_id=entry.id)

    def _reopened(self, run: Run) -> Run:
        """A run that has ended, as one whose job is asked for again."""
        entry = self.history.entry(run.id) or (self._entry(run.job_id) if run.job_id else None)
        reopen(run, entry, self.history, self._ledger)
        return self.history.change(run.id, durable=1)  # whoever began it, workers go on with it


def _how(spec: RunSpec) -> dict[str, Any]:
    names = ("environment", "connection", "accept", "on_filtered", "timeout", "limit_credits")
    return {name: getattr(spec, name) for name in names}
