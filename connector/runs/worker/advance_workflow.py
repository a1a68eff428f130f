"""Advancing a workflow's run: what has ended, what is begun next, and how it all ends. It blocks.

Whoever follows it may have died at any moment, and somebody else goes on. All that is decided follows from
the run's row and from the rows of its steps: one that was begun is found by its place, and never begun a
second time. What is made here is told as an event, and made anew where it was not told.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from connector.engine import pricing
from connector.errors import Billed, ConnectorError, InvocationError
from connector.runs.service.durable_runs import DurableRuns
from connector.runs.service.resume import TAKEN_UP
from connector.runs.worker import builtin_steps
from connector.runs.worker.step_facts import facts_of, of_failure
from connector.runs.workflow import check_inputs, check_run, load
from connector.runs.workflow.bind import BindingError
from connector.runs.workflow.progress import SKIPPED, SUCCESS, Facts, Stop, Task, WorkflowProgress
from connector.spec.model import Integration
from connector.spec.schema import amounts
from connector.storage.files.store import FileStore
from connector.storage.runs.history import History, Run, State
from connector.storage.runs.model import Child, RunSpec

_CAP = "cap_reached"
# Sums of credits are not exact.
_ROUNDING = 1e-6
# The kind of the event that tells of a step.
_STEP = "step"


class WorkflowAdvance:
    """One run of a workflow, to be looked at until it has ended."""

    def __init__(
        self,
        run: Run,
        integration: Integration,
        history: History,
        files: FileStore,
        runs: DurableRuns,
        keep_seconds: float | None = None,
    ) -> None:
        self._run = run
        self._integration = integration
        self._history = history
        self._files = files
        self._runs = runs
        self._keep_seconds = keep_seconds
        self._workflow = load.kept(run.definition or "")
        inputs = check_inputs.references(self._workflow, run.inputs)
        known = check_run.with_defaults(self._workflow, inputs)
        self._progress = WorkflowProgress(self._workflow, known, check_run.required(integration))
        self._limit = run.options.get("limit_credits")
        self._tasks: dict[str, Task] = {}
        self._spent = 0.0
        self._told: dict[tuple[str, str | None], Mapping[str, Any]] = {}
        for event in history.events(run.id):
            if event.kind == _STEP:
                self._told[event.data["place"], event.data.get("run")] = event.data
            elif event.kind == TAKEN_UP:
                self._told = {key: told for key, told in self._told.items() if key[1] is not None}

    def look(self) -> Run | None:
        """Begins what can be begun now; the run, once it has ended."""
        run = self._history.get(self._run.id)
        children = self._history.children(run.id)
        self._spent, _ = _cost(children)
        if run.has_ended:
            return self._called_off(run, children)
        if run.state == "queued":
            self._history.enter(run.id, "running", "Running")
        newest = {child.place: child for child in children}
        while self._moves(newest):
            pass
        return self._ended() if self._progress.is_over else None

    def _moves(self, children: dict[str, Child]) -> bool:
        """One move forward; False where all that is left depends on what is under way."""
        self._tasks |= {task.place: task for task in self._progress.next()}
        ended = [child for place in self._tasks if (child := children.get(place)) and child.has_ended]
        for child in ended:
            task = self._tasks[child.place]
            self._end(task, facts_of(self._history.get(child.id), task.arguments))
        if ended:
            return True
        idle = [task for place, task in self._tasks.items() if place not in children]
        begun = [self._begin(task, children) for task in idle]
        return any(begun)

    def _begin(self, task: Task, children: dict[str, Child]) -> bool:
        """Whether the task has ended already."""
        if self._progress.stop is None and self._exceeds(task, children):
            said = f"the next step would take it beyond the {self._limit:g} credits that it may spend"
            self._progress.halt(Stop(task.place, _CAP, said))
        if self._progress.stop is not None:
            return self._end(task, {"outcome": SKIPPED, "message": "the run stopped before"})
        if task.step.make is not None:
            return self._end(task, self._made(task))
        try:
            begun = self._submitted(task)
        except InvocationError as error:
            return self._end(task, of_failure(error, task.arguments))
        children[task.place] = Child(begun.id, task.place, "queued", None, "unknown")
        return False

    def _submitted(self, task: Task) -> Run:
        assert task.step.action is not None
        run = self._run
        spec = RunSpec(
            task.step.action,
            task.arguments,
            run.environment or None,
            run.connection or None,
            on_filtered="return" if task.returns_filtered else "raise",
        )
        return self._runs.submit(
            spec,
            token_name=run.token_name,
            idempotency_key=f"{run.id} {task.place}",
            integration=run.integration,
            parent=run.id,
            place=task.place,
        )

    def _made(self, task: Task) -> Facts:
        """What is made here, or was made by somebody who died since."""
        before = self._told.get((task.place, None), {}).get("facts")
        if before is not None:
            return dict(before)
        try:
            return builtin_steps.made(task, self._workflow, self._run.id, self._files, self._keep_seconds)
        except (BindingError, builtin_steps.CannotBeMade) as error:
            return {"outcome": "bad_input", "message": str(error)}

    def _end(self, task: Task, facts: Facts) -> bool:
        del self._tasks[task.place]
        self._progress.end(task.place, facts)
        if (task.place, facts.get("run")) not in self._told:
            shown = ("outcome", "message", "file", "credits", "billed", "run")
            done, of = self._progress.steps
            said: dict[str, Any] = {"sentence": _sentence(task, facts), "place": task.place}
            said |= {"done": done, "of": of}
            said |= {name: facts[name] for name in shown if name in facts}
            said |= {"facts": facts} if task.step.make and facts["outcome"] == SUCCESS else {}
            self._history.event(self._run.id, _STEP, said)
        return True

    def _exceeds(self, task: Task, children: Mapping[str, Child]) -> bool:
        """Whether it would spend more than it may, with what is under way."""
        if self._limit is None:
            return False
        under_way = [task, *(one for place, one in self._tasks.items() if place in children)]
        return bool(self._spent + sum(map(self._price, under_way)) > self._limit + _ROUNDING)

    def _price(self, task: Task) -> float:
        action = self._integration.actions.get(task.step.action or "")
        if action is None:
            return 0.0
        with suppress(InvocationError):
            return pricing.estimate(self._integration, action, task.arguments).credits or 0.0
        return 0.0

    def _called_off(self, run: Run, children: list[Child]) -> Run | None:
        """A run that somebody ended: nothing more is begun, and what has left is waited for."""
        for child in (one for one in children if not one.has_ended):
            with suppress(ConnectorError):
                self._runs.cancel(child.id)
        now = self._history.children(run.id)
        if any(not child.has_ended for child in now):
            return None
        credits, billed = _cost(now)
        return self._history.change(run.id, credits=credits, billed=billed)

    def _ended(self) -> Run:
        """The run with what it gives back, and what it cost."""
        stop = self._progress.stop
        try:
            outputs = self._progress.outputs()
        except BindingError as error:
            outputs, stop = {}, stop or Stop("outputs", "bad_input", str(error))
        outcome = stop.outcome if stop else SUCCESS if self._progress.is_whole else "partial"
        credits, billed = _cost(self._history.children(self._run.id))
        facts: dict[str, Any] = {"outcome": outcome, "credits": credits, "billed": billed}
        facts["result"] = {"workflow": self._workflow.id, **facts, "outputs": outputs}
        facts |= self._shown(outputs)
        if stop is not None:
            message = f"{stop.place}: {stop.message}"
            facts["error"] = {"code": outcome, "message": message, "billed": billed, "retryable": False}
        state: State = "failed" if stop else "succeeded"
        return self._history.enter(self._run.id, state, _ending(outcome, credits, stop), **facts)

    def _shown(self, outputs: Mapping[str, Any]) -> dict[str, str | None]:
        """What stands for the run: the first file that is given back, and its small picture if any."""
        first = next(iter(_files(outputs, self._progress.told)), None)
        if first is None:
            return {}
        file_id, thumbnail = first.removeprefix("file:"), None
        with suppress(OSError, ConnectorError):
            thumbnail = self._files.thumbnail(file_id)
        return {"file": file_id, "thumbnail": thumbnail}


def _cost(children: list[Child]) -> tuple[float, Billed]:
    """What the steps that have ended cost, and whether that was paid for."""
    ended = [child for child in children if child.has_ended]
    billed = {child.billed for child in ended}
    told: Billed = "unknown" if "unknown" in billed else "yes" if "yes" in billed else "no"
    return sum(child.credits or 0.0 for child in ended), told


def _sentence(task: Task, facts: Facts) -> str:
    where = f" ({task.place})" if task.step.for_each is not None else ""
    if facts["outcome"] == SUCCESS:
        return f"{task.step.title}{where}: done, {amounts.credits(facts.get('credits', 0))}"
    said = str(facts.get("message", "")).partition("\n")[0]
    return f"{task.step.title}{where}: {facts['outcome']}" + (f", {said}" if said else "")


def _ending(outcome: str, credits: float, stop: Stop | None) -> str:
    spent = amounts.credits(credits)
    if stop is not None:
        return f"it stopped at {stop.place} ({outcome}), after {spent}"
    return f"it is done, {spent}" + ("" if outcome == SUCCESS else "; some of its steps gave nothing")


def _files(outputs: Any, told: Mapping[str, Facts]) -> list[str]:
    """The files among what is given back, of those that the steps made."""
    made = {facts["file"] for facts in told.values() if "file" in facts}
    if isinstance(outputs, str):
        return [outputs] if outputs in made else []
    if isinstance(outputs, Mapping | list):
        inner = outputs.values() if isinstance(outputs, Mapping) else outputs
        return [found for one in inner for found in _files(one, told)]
    return []
