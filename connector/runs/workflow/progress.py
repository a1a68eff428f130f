"""The progress of a workflow's run, and what is to be begun next. No I/O: it is told what ended.

Everything follows from the inputs and from how what was begun has ended. So a run that is taken up again
after a crash, and is told what is written down, goes on as it would have gone on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.runs.workflow import bind, look_ups
from connector.runs.workflow.bind import BindingError
from connector.runs.workflow.model import Policy, Step, Workflow

Facts = Mapping[str, Any]
# Which arguments a step cannot do without.
Required = Callable[[Step], Collection[str]]

SUCCESS, FILTERED, SKIPPED, UNBOUND = "success", "filtered", "skipped", "bad_input"
# These are about the account or the whole run: what comes next would end the same way.
_FOR_ALL = frozenset(
    {"unauthorized", "missing_credential", "credential_error", "out_of_credits", "cap_reached", "forbidden"}
)
# What is known of a step that gave nothing.
_OF_NOTHING = ("outcome", "message", "credits", "billed", "inputs", "run", "seconds")


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to be done: a step, or a step for one item. ``place`` is its name in the run."""

    place: str
    step: Step
    scope: Mapping[str, Any] = field(repr=False)
    arguments: Mapping[str, Any] = field(repr=False)

    @property
    def returns_filtered(self) -> bool:
        """Whether what was filtered is used all the same."""
        return self.step.on_filtered == "continue"


@dataclass(frozen=True, slots=True)
class Stop:
    """Why nothing more is begun: the place that ended so, its outcome, and what was said."""

    place: str
    outcome: str
    message: str
    billed: str = "no"


@dataclass(slots=True)
class _Open:
    """A step that has begun: its tasks, and how those that ended did."""

    tasks: dict[str, Task]
    facts: dict[str, Facts] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        return self.facts.keys() == self.tasks.keys()


class WorkflowProgress:
    """One run of a workflow."""

    def __init__(self, workflow: Workflow, inputs: Mapping[str, Any], required: Required) -> None:
        self._workflow = workflow
        self._inputs = inputs
        self._required = required
        self._open: dict[str, _Open] = {}
        self._done: dict[str, Facts] = {}
        self._told: dict[str, Facts] = {}
        self.stop: Stop | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing is under way, and nothing more will be begun."""
        under_way = any(not step.is_over for step in self._open.values())
        return not under_way and (self.stop is not None or len(self._done) == len(self._workflow.steps))

    @property
    def steps(self) -> tuple[int, int]:
        """How many steps have ended, and how many there are."""
        return len(self._done), len(self._workflow.steps)

    @property
    def is_whole(self) -> bool:
        """Whether everything that was begun ended well."""
        return all(facts["outcome"] in (SUCCESS, SKIPPED) for facts in self._told.values())

    @property
    def told(self) -> Mapping[str, Facts]:
        """How each place ended, in the order in which that was told."""
        return self._told

    def next(self) -> list[Task]:
        """What is to be begun now, each once; empty while that depends on what is under way."""
        tasks: list[Task] = []
        # A step that is skipped may set others free, which stand below it.
        for step in self._workflow.steps:
            if self.stop is None and step.id not in self._open and self._is_free(step):
                tasks += self._begun(step)
        return tasks

    def end(self, place: str, facts: Facts) -> None:
        """A task has ended; ``facts`` are what its step is known by."""
        step = self._workflow.step(place.partition("[")[0])
        self._ended(step, place, facts)

    def halt(self, stop: Stop) -> None:
        """Nothing more is begun, for this reason or an earlier one."""
        self.stop = self.stop or stop

    def outputs(self) -> dict[str, Any]:
        """What the run gives back. Raises BindingError."""
        found: dict[str, Any] = bind.filled(dict(self._workflow.outputs), self._scope())
        return found

    def _scope(self) -> dict[str, Any]:
        return bind.scope(self._inputs, self._done)

    def _is_free(self, step: Step) -> bool:
        return all(name in self._done for name in _needs(step))

    def _begun(self, step: Step) -> list[Task]:
        """The tasks of a step that are to be done; the others have ended already."""
        opened = self._open[step.id] = _Open({})
        try:
            bound = [self._task(step, scope) for scope in bind.scopes(step.for_each, self._scope())]
        except BindingError as error:
            self._unbound(step, str(error))
            return []
        opened.tasks = {task.place: task for task, _ in bound}
        for task, why in bound:
            if why is not None:
                self._ended(step, task.place, {"outcome": SKIPPED, "message": why})
        self._settle(step)
        return [task for task, why in bound if why is None]

    def _task(self, step: Step, scope: Mapping[str, Any]) -> tuple[Task, str | None]:
        """A task, and why it is skipped, if it is."""
        place = step.id if step.for_each is None else f"{step.id}[{scope['index']}]"
        if not bind.holds(step.when, scope):
            return Task(place, step, scope, {}), "its condition does not hold"
        if step.make is not None:
            return Task(place, step, scope, step.inputs), None
        arguments = bind.filled(dict(step.inputs), scope)
        task = Task(place, step, scope, arguments)
        missing = [name for name in self._required(step) if name not in arguments]
        lacking = [name for name in missing if self._was_skipped(step.inputs.get(name), scope)]
        return task, f"what it needs did not come: {', '.join(lacking)}" if lacking else None

    def _was_skipped(self, value: Any, scope: Mapping[str, Any]) -> bool:
        """Whether a value was to come from what gave nothing; else its absence is a failure to be told."""
        sources = [self._source(parts, scope) for parts in look_ups.looked_up(value)]
        return any(
            source.get("outcome", SUCCESS) != SUCCESS or source.get("count") == 0 for source in sources
        )

    def _source(self, parts: tuple[str, ...], scope: Mapping[str, Any]) -> Mapping[str, Any]:
        found = scope.get("item") if parts[0] == "item" else self._done.get(".".join(parts[1:2]), {})
        return found if isinstance(found, Mapping) else {}

    def _unbound(self, step: Step, message: str) -> None:
        """The whole step failed before any of it was begun."""
        self._open[step.id].tasks = {step.id: Task(step.id, step, {}, {})}
        self._ended(step, step.id, {"outcome": UNBOUND, "message": message})

    def _ended(self, step: Step, place: str, facts: Facts) -> None:
        opened = self._open[step.id]
        opened.facts[place] = self._told[place] = facts
        outcome = facts["outcome"]
        if outcome in _FOR_ALL or (outcome not in (SUCCESS, SKIPPED) and _policy(step, outcome) == "stop"):
            message = str(facts.get("message", ""))
            self.halt(Stop(place, outcome, message, str(facts.get("billed", "no"))))
        self._settle(step)

    def _settle(self, step: Step) -> None:
        opened = self._open[step.id]
        if opened.is_over and step.id not in self._done:
            self._done[step.id] = _single(step, opened) if step.for_each is None else _several(step, opened)


def _needs(step: Step) -> set[str]:
    """The steps above that a step uses."""
    return {parts[1] for parts in look_ups.looked_up(step.bindings) if parts[0] == "steps" and len(parts) > 1}


def _policy(step: Step, outcome: str) -> Policy:
    return step.on_filtered if outcome == FILTERED else step.on_failed


def _single(step: Step, opened: _Open) -> Facts:
    [facts] = opened.facts.values()
    return _used(step, facts) or {name: facts[name] for name in _OF_NOTHING if name in facts}


def _several(step: Step, opened: _Open) -> Facts:
    """What is known of a step that was run for each item: the items that are used, in their order."""
    used = []
    for place, task in opened.tasks.items():
        facts = _used(step, opened.facts[place])
        if facts is not None and "index" in task.scope:
            used.append({**facts, "item": task.scope["item"], "index": task.scope["index"]})
    outcomes = [facts["outcome"] for facts in opened.facts.values()]
    return {
        "items": used,
        "files": [facts["file"] for facts in used if "file" in facts],
        "values": [facts["value"] for facts in used if "value" in facts],
        "count": len(used),
        "failed": sum(outcome not in (SUCCESS, SKIPPED) for outcome in outcomes),
        "credits": _sum(facts.get("credits") for facts in opened.facts.values()),
    }


def _used(step: Step, facts: Facts) -> Facts | None:
    """What others may use of how a task ended; None where they go on as though it had not been there."""
    outcome = facts["outcome"]
    if outcome == SUCCESS or (outcome != SKIPPED and _policy(step, outcome) == "continue"):
        return facts
    return None


def _sum(amounts: Any) -> float:
    total = sum(amount for amount in amounts if amount)
    return int(total) if total == int(total) else float(total)
