"""Runnables: an action or a workflow that is done for many inputs, each with its own checks and prices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connector.engine import pricing
from connector.engine.arguments import adopted, alone, confirmed, each_file, is_address, take
from connector.engine.sources import Sources
from connector.errors import InvalidArguments, Problem, UnknownName
from connector.runs.batch.columns import Runnable
from connector.runs.service.run_files import secret_problems
from connector.runs.workflow import check_run, cost, load
from connector.runs.workflow.model import Workflow
from connector.spec.model import Action, Integration
from connector.spec.schema.validator import Checker

# Everything that is wrong with inputs.
Check = Callable[[Mapping[str, Any]], Sequence[Problem]]
# What a success costs with inputs at most; None where nobody can tell.
Price = Callable[[Mapping[str, Any]], float | None]


def subject_of(integration: Integration, id: str, definition: str | None) -> Runnable:
    """The workflow of that definition, or the action of that id. Raises UnknownName."""
    if definition is not None:
        return load.kept(definition)
    if id not in integration.actions:
        raise UnknownName(f"{integration.name} has no action {id!r} any more; is it the same folder?")
    return integration.actions[id]


def check_of(subject: Runnable, integration: Integration, sources: Sources) -> Check:
    """What checks inputs of a subject, which are written down. What is given by its address is looked at when
    it is sent.

    ``sources`` say what a reference such as ``file:ID`` stands for.
    """
    rules = _workflow_check if isinstance(subject, Workflow) else _action_check
    of_inputs = rules(subject, integration, sources)
    return lambda given: [*secret_problems(subject, given), *of_inputs(given)]


def _action_check(subject: Runnable, integration: Integration, sources: Sources) -> Check:
    checker = Checker(subject.inputs)

    def check(given: Mapping[str, Any]) -> Sequence[Problem]:
        try:
            return take(subject, given, checker, sources, turn=False).warnings
        except InvalidArguments as error:
            addresses = _addresses(subject, given)
            return [each for each in error.problems if each.path not in addresses]

    return check


def price_of(subject: Runnable, integration: Integration, by_request: Price) -> Price:
    """What prices inputs of a subject; ``by_request`` does so for an action that can be any request."""
    if isinstance(subject, Workflow):
        return lambda given: cost.estimate(subject, integration, given).high
    assert isinstance(subject, Action)
    if subject.price.by_request:
        return by_request
    return lambda given: pricing.estimate(integration, subject, given).credits


def _workflow_check(subject: Runnable, integration: Integration, sources: Sources) -> Check:
    assert isinstance(subject, Workflow)

    def check(given: Mapping[str, Any]) -> Sequence[Problem]:
        seen, problems = adopted(subject, given, sources, lambda file: not is_address(file))
        found = problems or check_run.problems(subject, integration, alone(subject, seen))
        return confirmed(subject, given, found)

    return check


def _addresses(subject: Runnable, given: Mapping[str, Any]) -> set[str]:
    """The paths of the files that are to be downloaded."""
    found: set[str] = set()

    def note(value: Any, path: str) -> Any:
        if is_address(value):
            found.add(path)
        return value

    each_file(subject, given, note)
    return found
