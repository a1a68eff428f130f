"""Durable runs over HTTP: the host writes them down, and workers do them.

All methods block. Whatever asks the durable engine is refused where that is not installed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from connector.engine.connector import AsyncConnector
from connector.errors import InvalidArguments, Problem, SpecError, UnknownName
from connector.runs.batch import stop
from connector.runs.batch.columns import Runnable
from connector.runs.batch.store import Batch, Batches
from connector.runs.callbacks import Callbacks
from connector.runs.schedule.manage import ScheduleManager
from connector.runs.schedule.store import Schedule, ScheduleStore
from connector.runs.schedule.tick import TickDecider
from connector.runs.service.durable_runs import DurableRuns
from connector.runs.service.unknown_outcomes import UnknownOutcomes
from connector.runs.service.webhook_secrets import Webhook, Webhooks
from connector.runs.workflow import check, load, read
from connector.runs.workflow.model import Workflow
from connector.runs.workflow.versions import WorkflowVersion, WorkflowVersions
from connector.server import json_logs, resident_worker
from connector.server.problem_documents import Refused
from connector.server.settings import Settings
from connector.spec.loader import identity
from connector.spec.model import Integration
from connector.spec.schema.suggest import nearest
from connector.storage.files.store import FileStore
from connector.storage.runs.model import Run

_UPCOMING = 5


class Durable:
    """Runs, workflows, batches, schedules and webhooks of one host."""

    def __init__(self, connectors: Iterable[AsyncConnector], files: FileStore, settings: Settings) -> None:
        self.connectors: Mapping[str, AsyncConnector] = {each.integration.id: each for each in connectors}
        integrations = {name: each.integration for name, each in self.connectors.items()}
        workspace = next(iter(self.connectors.values())).workspace
        database = workspace.database
        clock = settings.clock
        self.clock = clock
        self._runs = DurableRuns(self.connectors.values(), files, keep_seconds=settings.keep, clock=clock)
        self.history = self._runs.history
        self.batches = Batches(database, clock)
        self.schedules = ScheduleStore(database, clock)
        self.callbacks = Callbacks(database, workspace.signing_secrets, settings.environ, clock)
        self.saved = WorkflowVersions(database)
        self.hooks = Webhooks(database, workspace.signing_secrets, clock)
        ticking = TickDecider(self.schedules, self._runs, integrations)
        self._timetable = ScheduleManager(self.schedules, self._runs.queues, files, ticking)
        self._workflows: dict[tuple[str, str, bool], Workflow] = {}
        self._turn = threading.Lock()

    @property
    def runs(self) -> DurableRuns:
        """Raises Refused where durable runs cannot be had on this host."""
        self._check()
        return self._runs

    @property
    def timetable(self) -> ScheduleManager:
        self._check()
        return self._timetable

    def _check(self) -> None:
        if not resident_worker.is_installed():
            raise Refused("not_installed", resident_worker.MISSING, billed="no")

    # --- workflows

    def workflows(self) -> list[tuple[AsyncConnector, Workflow]]:
        """Those of all integrations that are sound, as they count now."""
        return [
            (connector, workflow)
            for id, (connector, saved) in self.counting().items()
            if (workflow := self._sound(connector, id, saved)) is not None
        ]

    def workflow(self, id: str) -> tuple[AsyncConnector, Workflow]:
        """The workflow of that id, and whose it is. Raises UnknownName."""
        connector, saved = self.found(id)
        return connector, self._read(connector, id, saved)

    def subject(self, id: str) -> tuple[AsyncConnector, Runnable, str | None]:
        """The action of that id, or the workflow with its text."""
        for connector in self.connectors.values():
            if id in connector.integration.actions:
                return connector, connector.integration.actions[id], None
        if id not in self.counting():
            raise load.unknown(id, [each.integration for each in self.connectors.values()])
        connector, workflow = self.workflow(id)
        return connector, workflow, workflow.text

    def version(self, id: str, number: int | None = None) -> tuple[AsyncConnector, WorkflowVersion]:
        """A workflow as that version has it, sound or not, by default as it counts. Raises UnknownName."""
        connector, saved = self.found(id)
        name, wanted = connector.integration.id, saved.version if saved and number is None else number or 0
        if wanted == 0:
            return connector, WorkflowVersion(name, id, 0, text=self._read(connector, id, None).text)
        kept = [one for one in self.saved.history(name, id) if one.version == wanted and one.text is not None]
        if not kept:
            raise UnknownName(f"the workflow {id} has no text of version {wanted}")
        return connector, kept[0]

    def problems(self, id: str, text: str, integration: Integration) -> list[Problem]:
        """Everything that is wrong with a text that is to be the workflow of that id."""
        source = read.source_of(text, f"{id}.yaml")
        found = check.problems(source, integration) + identity(source)
        if any(id in each.integration.actions for each in self.connectors.values()):
            found.append(source.problem("id", f"is the id of an action, {id!r}; choose another"))
        return found

    def save(self, id: str, text: str, after: int, token: str, new_in: Integration) -> WorkflowVersion:
        """A version made from the version ``after``; an empty text takes back what was saved.

        Raises InvalidArguments with everything that is wrong, and Refused where another version counts.
        """
        owner, saved = self.counting().get(id, (None, None))
        integration = owner.integration if owner else new_in
        found = self.problems(id, text, integration) if text else []
        if wrong := [each for each in found if each.severity == "error"]:
            raise InvalidArguments(wrong, None, "the workflow cannot be saved")
        if not text and saved is None:
            raise UnknownName(f"nothing is saved of a workflow {id[:60]!r}")
        new = WorkflowVersion(integration.id, id, 0, self.clock(), token, text or None)
        if (made := self.saved.add(new, after)) is None:
            raise Refused("conflict", f"{id} was changed since version {after}; begin from what counts now")
        return made

    def counting(self) -> dict[str, tuple[AsyncConnector, WorkflowVersion | None]]:
        """All workflows by id: whose each is, and the saved version that counts, None where the file does."""
        found: dict[str, tuple[AsyncConnector, WorkflowVersion | None]] = {}
        for one in self.connectors.values():
            known = dict.fromkeys(load.names(one.integration)) | self.saved.current(one.integration.id)
            found |= {id: (one, version) for id, version in known.items() if id not in found}
        return found

    def found(self, id: str) -> tuple[AsyncConnector, WorkflowVersion | None]:
        """Whose a workflow is, and the saved version that counts. Raises UnknownName."""
        counting = self.counting()
        if id not in counting:
            raise UnknownName(f"there is no workflow {id[:60]!r}{nearest(id, counting)}")
        return counting[id]

    def _sound(self, connector: AsyncConnector, id: str, saved: WorkflowVersion | None) -> Workflow | None:
        try:
            return self._read(connector, id, saved)
        except SpecError as error:
            json_logs.say("workflow", name=id, why=error.message)
            return None

    def _read(self, connector: AsyncConnector, id: str, saved: WorkflowVersion | None) -> Workflow:
        """As the integration, a workflow's file is what it was when the host read it."""
        integration, text = connector.integration, saved.text if saved else None
        key = integration.id, id, text is None
        with self._turn:
            found = self._workflows.get(key)
            if found is None or text not in (None, found.text):
                found = load.find(integration, id) if text is None else load.from_text(text, integration, id)
                self._workflows[key] = found
            return found

    # --- runs

    def again(self, run: Run, token_name: str) -> Run:
        """The same once more, as a new run; a workflow as it was then."""
        given: dict[str, Any] = {"token_name": token_name, "integration": run.integration}
        if run.kind == "workflow":
            return self.runs.submit_workflow(load.kept(run.definition or ""), run.spec, **given)
        return self.runs.submit(run.spec, **given)

    def hooked(self, hook: Webhook, inputs: Mapping[str, Any], key: str | None) -> Run:
        """The run that a webhook asks for. Its keys are its own.

        The member that has the delivery's id is an input only where the workflow declares it.
        """
        from connector.storage.runs.model import RunSpec

        workflow = load.kept(hook.definition)
        about = (hook.key_member or "").partition(".")[0]
        if about not in workflow.inputs.get("properties", {}):
            inputs = {name: value for name, value in inputs.items() if name != about}
        place = hook.environment or None, hook.connection or None
        spec = RunSpec(workflow.id, inputs, *place, limit_credits=hook.limit_credits)
        given: dict[str, Any] = {"token_name": f"webhook {hook.id}", "idempotency_key": key}
        return self.runs.submit_workflow(workflow, spec, integration=hook.integration, **given)

    @property
    def unknown(self) -> UnknownOutcomes:
        return self._runs.unknown

    # --- batches and schedules, as they are shown

    def cancel_batch(self, id: str) -> Batch:
        return stop.cancel(self.batches, self.runs, id)[0]

    def retry_batch(self, id: str, limit_credits: float | None = None) -> Batch:
        """The batch, under way again: rows that were not begun, or that failed and cost nothing, and what was
        stopped on its way, which is not paid again. What else may have been paid for waits for a decision.

        Raises Refused where there is nothing to do, and InvalidArguments where its limit would stop it again.
        """
        batch, runs = self.batches.get(id), self.runs  # first: it is refused where there is nobody to feed
        limit = batch.limit_credits if limit_credits is None else limit_credits
        if batch.state == "limited" and (limit or 0) <= (batch.limit_credits or 0):
            said = f"it stopped at {batch.limit_credits:g}; give more than that for the rows that are left"
            raise InvalidArguments([Problem("limit_credits", said)], batch.name)
        rows = self.batches.rows(batch.id)
        if batch.state == "feeding" or not (
            stop.go_on(self.batches, runs, batch.id, failed=True) or rows.pending(1)
        ):
            raise Refused("conflict", f"batch {batch.name} is {batch.state}, and has no row to try again")
        options = {**batch.options, "limit_credits": limit}
        batch = self.batches.change(batch.id, state="feeding", message=None, options=options)
        runs.queues.feed(batch.id)
        return batch

    def batch_shown(self, batch: Batch) -> dict[str, Any]:
        """A batch with its counts, its cost and the seconds that are left; no path of this machine."""
        rows = self.batches.rows(batch.id)
        counts = rows.counts()
        left = counts.of("pending", "running")
        retry_rows, retry_credits = rows.left_to_do()
        hidden = ("options", "source", "defaults")
        shown = {name: value for name, value in batch.to_dict().items() if name not in hidden}
        return shown | {
            "limit_credits": batch.limit_credits,
            "concurrency": batch.concurrency,
            **counts.to_dict(),
            "ended": counts.ended,
            "left": left,
            "estimate": counts.estimate,
            "retry_rows": retry_rows,
            "retry_credits": retry_credits,
            "resume_rows": len(rows.broken_off()),
            "seconds_left": _seconds_left(
                batch, left, partial(rows.ended_since, batch.updated), self.clock()
            ),
        }

    def schedule_shown(self, schedule: Schedule, ticks: int = 1) -> dict[str, Any]:
        """A schedule with its next times, and what became of the last ones."""
        upcoming = [] if schedule.paused else schedule.times.upcoming(self.clock(), _UPCOMING)
        told = [tick.to_dict() for tick in self.schedules.ticks(schedule.name, ticks)]
        return schedule.to_dict() | {"next": [one.isoformat() for one in upcoming], "ticks": told}

    def close(self) -> None:
        self._runs.close()


def _seconds_left(batch: Batch, left: int, ended: Any, now: float) -> float | None:
    """By how long its rows took since it was begun, or gone on with; None where nobody can tell yet."""
    if batch.state != "feeding" or not left:
        return 0.0 if not left else None
    done, taken = ended(), now - batch.updated
    return round(taken / done * left, 1) if done and taken > 0 else None
