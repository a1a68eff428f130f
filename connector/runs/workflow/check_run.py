"""The check of a run's steps: what can be told of its inputs before its first credit."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from connector import media
from connector.engine.arguments import questions
from connector.errors import Problem
from connector.media import Media
from connector.runs.workflow import arguments, look_ups
from connector.runs.workflow.bind import BindingError
from connector.runs.workflow.model import Step, Workflow
from connector.runs.workflow.progress import Required
from connector.runs.workflow.simulate import Foreseen, SimulatedUse, foresee
from connector.spec.model import Empty, Integration
from connector.spec.schema import validator
from connector.spec.schema.validator import Checker


def with_defaults(workflow: Workflow, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What holds for a run: what is given, and the defaults of the rest. What is None is not given."""
    given = {name: value for name, value in inputs.items() if value is not None}
    return {**validator.defaults(workflow.inputs, given), **given}


def required(integration: Integration) -> Required:
    """Which arguments a step cannot do without."""

    def of(step: Step) -> Collection[str]:
        action = integration.actions.get(step.action or "")
        found: Collection[str] = () if action is None else action.inputs.get("required", ())
        return found

    return of


def problems(workflow: Workflow, integration: Integration, inputs: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the inputs of a run, each at its input; files are Media here.

    Beside the inputs' own rules, every argument is checked that is known already: a prompt that is too long
    for the third step is told before the first step is paid for.
    """
    found = Checker(workflow.inputs, noun="an input of this workflow").problems(dict(inputs))
    found += [
        Problem(name, told)
        for name in workflow.files
        for told in _file(workflow.parameters[name], inputs.get(name))
    ]
    if any(problem.severity == "error" for problem in found):
        return list(dict.fromkeys(found))
    try:
        foreseen = foresee(workflow, with_defaults(workflow, inputs), required(integration))
    except BindingError as error:
        return [*found, Problem("", str(error))]
    return list(dict.fromkeys([*found, *(each for one in foreseen for each in _wrong(one, integration))]))


def _wrong(foreseen: Foreseen, integration: Integration) -> Iterator[Problem]:
    action = integration.actions.get(foreseen.step.action or "")
    if action is None:
        return
    for use in foreseen.uses:
        files = {name for name in use.known if name in action.files}
        given = {name: value for name, value in use.known.items() if name not in files}
        found = arguments.problems(action.inputs, given, use.later | files)
        found += [
            Problem(name, said) for name in files for said in _file(action.parameters[name], use.known[name])
        ]
        found += questions(action, use.known, use.later)
        for each in found:
            if each.severity != "warning":
                said = f"{each.message} (for {action.title}, step {foreseen.step.id})"
                yield replace(each, path=_input_of(foreseen.step, use, each.path), message=said)


def _file(entry: Mapping[str, Any], value: Any) -> Iterator[str]:
    """What is wrong with a file that is there."""
    if isinstance(value, Media):
        yield from media.problems(value, entry.get("file", Empty))


def _input_of(step: Step, use: SimulatedUse, path: str) -> str:
    """The workflow's input that an argument comes from, or where it stands in the workflow."""
    parts = look_ups.lone_look_up(step.inputs.get(path.partition(".")[0]))
    if parts is not None and parts[0] == "item":
        listed = look_ups.lone_look_up(step.for_each)
        parts = None if listed is None else (*listed, str(use.index), *parts[1:])
    if parts is not None and parts[0] == "inputs":
        return ".".join(parts[1:])
    return f"steps.{step.id}.{path}"
