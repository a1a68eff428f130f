"""Simulation of a run: what it will do with these inputs, how often and with what, as far as known."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from connector.runs.workflow import bind, look_ups
from connector.runs.workflow.model import Step, Workflow
from connector.runs.workflow.progress import SKIPPED, Required


@dataclass(frozen=True, slots=True)
class SimulatedUse:
    """The arguments of one use that are known, and the names of those that come later.

    ``index`` is that of its item where it has one; ``is_sure`` tells whether no condition can prevent it.
    """

    known: Mapping[str, Any]
    later: frozenset[str]
    index: int | None
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A step that is run so often, from ``least`` to ``most`` (None: nobody can tell yet), if all goes well.

    ``uses`` are those that can be told apart, or one that stands for all.
    """

    step: Step
    least: int
    most: int | None
    uses: tuple[SimulatedUse, ...] = ()


def foresee(workflow: Workflow, inputs: Mapping[str, Any], required: Required) -> list[Foreseen]:
    """Every step in its order. Raises BindingError where the inputs alone already cannot be bound."""
    found: dict[str, Foreseen] = {}
    for step in workflow.steps:
        found[step.id] = _Look(inputs, found, required(step)).at(step)
    return [*found.values()]


class _Look:
    """Looks at one step, from what is known of those above it."""

    def __init__(
        self, inputs: Mapping[str, Any], above: Mapping[str, Foreseen], required: Collection[str]
    ) -> None:
        self._above = above
        self._required = required
        self._skipped = {id for id, one in above.items() if one.most == 0}
        self._scope = bind.scope(inputs, {id: {"outcome": SKIPPED} for id in self._skipped})

    def at(self, step: Step) -> Foreseen:
        if not self._is_known(step.for_each, self._scope):
            return self._uncounted(step)
        scopes = bind.scopes(step.for_each, self._scope)
        uses = [use for scope in scopes if (use := self._use(step, scope)) is not None]
        return Foreseen(step, sum(use.is_sure for use in uses), len(uses), tuple(uses))

    def _uncounted(self, step: Step) -> Foreseen:
        use, count = self._use(step, self._scope), self._length(step.for_each)
        if use is None or count == 0:
            return Foreseen(step, 0, 0)
        return Foreseen(step, (count or 0) if use.is_sure else 0, count, (use,))

    def _length(self, for_each: Any) -> int | None:
        """As many as the step above is run for, where the list is what that step gives."""
        parts = look_ups.lone_look_up(for_each)
        if parts is None or parts[0] != "steps" or parts[2:] not in (("items",), ("files",), ("values",)):
            return None
        return self._above[parts[1]].most

    def _use(self, step: Step, scope: Mapping[str, Any]) -> SimulatedUse | None:
        """One use of the step; None where it surely is not run."""
        is_sure = self._is_known(step.when, scope)
        if is_sure and not bind.holds(step.when, scope):
            return None
        later = frozenset(name for name, value in step.inputs.items() if not self._is_known(value, scope))
        told = {name: value for name, value in step.inputs.items() if name not in later}
        known = {} if step.make else bind.filled(told, scope)
        if any(name not in known and self._was_skipped(told.get(name)) for name in self._required):
            return None
        return SimulatedUse(known, later, scope.get("index"), is_sure)

    def _was_skipped(self, value: Any) -> bool:
        return any(parts[0] == "steps" and parts[1] in self._skipped for parts in look_ups.looked_up(value))

    def _is_known(self, value: Any, scope: Mapping[str, Any]) -> bool:
        """Whether everything that a value looks up is known before the run."""
        return all(
            parts[0] in scope and (parts[0] != "steps" or parts[1] in self._skipped)
            for parts in look_ups.looked_up(value)
        )
