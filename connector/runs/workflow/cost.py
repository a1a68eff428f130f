"""The cost of a workflow's run, before it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from connector.engine import pricing
from connector.errors import InvalidArguments, Problem
from connector.runs.workflow import look_ups
from connector.runs.workflow.bind import BindingError
from connector.runs.workflow.check_run import required, with_defaults
from connector.runs.workflow.model import Workflow
from connector.runs.workflow.simulate import Foreseen, SimulatedUse, foresee
from connector.spec import template
from connector.spec.model import Action, Integration
from connector.spec.schema import amounts


@dataclass(frozen=True, slots=True)
class StepCost:
    """What one step will cost: it is run from ``least`` to ``most`` times. None: nobody can tell before."""

    step: str
    title: str
    least: int
    most: int | None
    low: float
    high: float | None


@dataclass(frozen=True, slots=True)
class WorkflowCost:
    """What a run costs in credits, if all goes well: from ``low`` to ``high`` (None: nobody can tell)."""

    low: float
    high: float | None
    steps: tuple[StepCost, ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def text(self) -> str:
        """Such as ``35 credits``, or ``from 5 to 35 credits``."""
        if self.high is None:
            return f"at least {amounts.credits(self.low)}"
        is_sure = self.low == self.high
        return amounts.credits(self.low) if is_sure else f"from {self.low:g} to {self.high:g} credits"


def estimate(workflow: Workflow, integration: Integration, inputs: Mapping[str, Any]) -> WorkflowCost:
    """What a run will cost. Raises InvalidArguments where the inputs cannot be bound."""
    try:
        foreseen = foresee(workflow, with_defaults(workflow, inputs), required(integration))
    except BindingError as error:
        raise InvalidArguments([Problem("", str(error))], workflow.title) from error
    steps = tuple(_cost(one, integration) for one in foreseen)
    highs = [step.high for step in steps]
    high = None if None in highs else sum(amount for amount in highs if amount is not None)
    return WorkflowCost(sum(step.low for step in steps), high, steps)


def _cost(foreseen: Foreseen, integration: Integration) -> StepCost:
    action = integration.actions.get(foreseen.step.action or "")
    prices = [(0.0, 0.0) if action is None else _price(integration, action, use) for use in foreseen.uses]
    step, least, most = foreseen.step, foreseen.least, foreseen.most
    if len(prices) == most:  # each is known by itself
        sure = [low for (low, _), use in zip(prices, foreseen.uses, strict=True) if use.is_sure]
        return StepCost(step.id, step.title, least, most, sum(sure), _sum([high for _, high in prices]))
    low, high = prices[0] if prices else (0.0, 0.0)
    return StepCost(step.id, step.title, least, most, least * low, _times(most, high))


def _price(integration: Integration, action: Action, use: SimulatedUse) -> tuple[float, float | None]:
    """The lowest and the highest price of one use."""
    if not _asked(action, use) & use.later:
        try:
            known = pricing.estimate(integration, action, use.known).credits
        except InvalidArguments:
            known = None
        return known or 0.0, known
    amounts = [value for value in action.price.values.values() if isinstance(value, int | float)]
    if not amounts or len(amounts) < len(action.price.values) or action.price.by not in use.later:
        return 0.0, None
    return min(amounts), max(amounts)


def _asked(action: Action, use: SimulatedUse) -> set[str | None]:
    """The inputs that the price depends on."""
    price = action.price
    if price.by is None:
        return {parts[1] for parts in _looked_up(price.flat)}
    chosen = use.known.get(price.by, action.parameters.get(price.by, {}).get("default"))
    return {price.by, *(parts[1] for parts in _looked_up(price.values.get(str(chosen))))}


def _looked_up(value: Any) -> list[tuple[str, ...]]:
    found = look_ups.looked_up(value) if template.is_template(value) else ()
    return [parts for parts in found if len(parts) > 1]


def _sum(amounts: list[float | None]) -> float | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if len(known) == len(amounts) else None


def _times(count: int | None, amount: float | None) -> float | None:
    if count == 0 or amount == 0:
        return 0.0
    return None if count is None or amount is None else count * amount
