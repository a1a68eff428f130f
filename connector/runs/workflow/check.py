"""The check of a workflow: everything that is wrong with it, before it runs and before it costs.

The loader knows whether the file has the right form. The rules here know what the form can't say: that each
hole leads somewhere, that each action gets what it takes, that lists are lists and files are files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.errors import Problem
from connector.runs.workflow import look_ups, read, step_inputs, template_types
from connector.runs.workflow.look_ups import TemplateText
from connector.runs.workflow.model import Step, Workflow
from connector.runs.workflow.step_inputs import is_file, leaves
from connector.runs.workflow.type_fit import misfit
from connector.spec.jinja import reading
from connector.spec.loader import SpecFile
from connector.spec.model import Action, Integration
from connector.spec.schema import lint
from connector.spec.schema.suggest import nearest
from connector.spec.schema.validator import Checker, flaws
from connector.spec.segments import TemplateError
from connector.spec.template import Template, is_template


@dataclass(frozen=True, slots=True)
class CheckedWorkflow:
    """A workflow under check. ``known`` are the ids of actions, also of those that cannot be used yet."""

    workflow: Workflow
    source: SpecFile
    integration: Integration
    known: Collection[str]

    @property
    def is_listed(self) -> bool:
        """Whether it belongs to the integration's folder."""
        return self.source.name in self.integration.workflows

    def problem(self, path: str, message: str, **more: Any) -> Problem:
        """A problem at a path of the workflow's file."""
        return self.source.problem(path, message, **more)

    def steps(self) -> Iterator[tuple[str, Step, Action | None]]:
        """Each step with its path, and its action where that can be used."""
        for at, step in enumerate(self.workflow.steps):
            yield f"steps.{at}", step, self.integration.actions.get(step.action or "")


def problems(
    source: SpecFile, integration: Integration, path: Path | None = None, known: Collection[str] | None = None
) -> list[Problem]:
    """Every problem of a workflow's file, from its top to its end.

    ``path`` is where the file is, so that the files of its examples can be looked for. ``known`` are the ids
    of the integration's actions where some of them could not be loaded.
    """
    found = list(source.problems)
    if source.usable is not None:
        workflow = read.workflow(source, path)
        subject = CheckedWorkflow(workflow, source, integration, known or integration.actions)
        # By inputs that are no schema, nothing can be said of what comes from them.
        rules = _OF_FORM if flaws(workflow.inputs) else (*_OF_FORM, *_OF_VALUES)
        found += [problem for rule in rules for problem in rule(subject)]
    return sorted(dict.fromkeys(found), key=lambda each: (each.line or 0, each.path, each.message))


def _ids(subject: CheckedWorkflow) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for path, step, _ in subject.steps():
        if step.id in first:
            yield subject.problem(
                f"{path}.id", f"{step.id!r} is the id of an earlier step too; each has its own"
            )
        first.setdefault(step.id, path)


def _actions(subject: CheckedWorkflow) -> Iterator[Problem]:
    for path, step, action in subject.steps():
        if step.action is not None and step.action not in subject.known:
            near = nearest(step.action, subject.known)
            yield subject.problem(f"{path}.action", f"there is no action {step.action!r}{near}")
        if action is not None and action.deprecated is not None:
            said = action.deprecated.sentence(action.title)
            yield subject.problem(f"{path}.action", said, severity="warning")


def _inputs(subject: CheckedWorkflow) -> Iterator[Problem]:
    flaws = lint.inputs_flaws(subject.source.usable["inputs"], "inputs", "an input of this workflow")
    yield from (subject.problem(path, message) for path, message in flaws)
    used = look_ups.looked_up([step.bindings for step in subject.workflow.steps])
    used |= look_ups.looked_up(subject.workflow.outputs)
    if ("inputs",) in used:
        return
    for name in subject.workflow.parameters.keys() - {parts[1] for parts in used if parts[0] == "inputs"}:
        yield subject.problem(f"inputs.properties.{name}", "is used by no step and no output")


def _holes(subject: CheckedWorkflow) -> Iterator[Problem]:
    for place in look_ups.all_places(subject.workflow, subject.integration):
        for message in _wrong(subject.workflow, place):
            yield subject.problem(place.path, message)


def _wrong(workflow: Workflow, place: TemplateText) -> Iterator[str]:
    """What is wrong with one text that may hold holes."""
    if not is_template(place.text):
        if place.wants is not None:
            lists = "a list, or " if place.wants == look_ups.LIST else ""
            yield f"must be {lists}one hole, such as {{{{ inputs.name }}}}"
        return
    try:
        looked, uses_path = reading(place.text), Template(place.text).uses_path_filter
    except TemplateError as error:
        yield str(error)
        return
    if uses_path:
        yield "uses `| path`, which only means something in a request's path; leave the filter out"
    if place.wants is not None and not looked.is_one_hole:
        yield "must be one hole and nothing beside it, so that its value keeps its type"
    for parts in looked.look_ups:
        yield from _unfilled(workflow, place, parts)


def _unfilled(workflow: Workflow, place: TemplateText, parts: tuple[str, ...]) -> Iterator[str]:
    try:
        template_types.look_up(place.scope, parts)
    except template_types.LeadsNowhere as error:
        below = parts[0] == "steps" and parts[1] in [step.id for step in workflow.steps]
        known_above = below and parts[1] in place.scope["properties"]["steps"]["properties"]
        if below and not known_above:
            yield f"uses steps.{parts[1]} before it has run; what a step uses stands above it"
        elif parts[0] in {"item", "index"} - place.scope["properties"].keys():
            yield f"uses {parts[0]!r}, which there only is beside `for_each`"
        else:
            yield str(error)
        return
    if parts == ("steps",):
        yield "uses all steps at once; name one, and what of it: steps.ID.file"
    elif parts[0] == "steps" and len(parts) == 2:
        yield f"uses all that is known of {parts[1]}; say what of it, such as steps.{parts[1]}.outcome"


def _wanted(subject: CheckedWorkflow) -> Iterator[Problem]:
    """Lists are lists, pictures are files, and columns are counted, as far as that can be told."""
    for place in look_ups.all_places(subject.workflow, subject.integration):
        found = (
            look_ups.given_by(place.text, place.scope) if is_template(place.text) else template_types.ANYTHING
        )
        if message := misfit(found, place.wants or template_types.ANYTHING):
            yield subject.problem(place.path, f"would get {message}")


def _arguments(subject: CheckedWorkflow) -> Iterator[Problem]:
    for at, (path, step, action) in enumerate(subject.steps()):
        if action is not None:
            known = template_types.of_step(subject.workflow, at, subject.integration)
            inner = look_ups.repeated(known, step.for_each)
            for each in step_inputs.problems(step, action, inner, subject.workflow):
                place = ".".join(part for part in (path, "inputs", each.path) if part)
                yield subject.problem(place, each.message, severity=each.severity)


def _examples(subject: CheckedWorkflow) -> Iterator[Problem]:
    within = subject.integration.folder if subject.is_listed else None
    for path, message in _wrong_in_examples(subject.workflow, within):
        yield subject.problem(path, message)


def _wrong_in_examples(workflow: Workflow, folder: Path | None) -> Iterator[tuple[str, str]]:
    """What is wrong with them, each by its path; their files may not leave ``folder``."""
    checker = Checker(workflow.inputs, noun="an input of this workflow")
    for at, example in enumerate(workflow.examples):
        here = f"examples.{at}.inputs"
        yield from ((each.path, each.message) for each in checker.problems(example.arguments, here))
        for name, value in example.arguments.items():
            yield from _unfit_files(workflow, value, name, here, folder)


def _unfit_files(
    workflow: Workflow, value: Any, name: str, here: str, folder: Path | None
) -> Iterator[tuple[str, str]]:
    for path, given, schema in leaves(value, workflow.parameters.get(name, {}), f"{here}.{name}"):
        if is_file(schema) and isinstance(given, str) and workflow.source is not None:
            rules = schema.get("file", {})
            yield from ((path, message) for message in _unfit_file(given, workflow.source, folder, rules))


def _unfit_file(name: str, beside: Path, folder: Path | None, rules: Any) -> Iterator[str]:
    from connector import media

    path = (beside.parent / name).resolve()
    if folder is not None and not path.is_relative_to(folder.resolve()):
        yield f"{name} lies outside the integration's folder; put the example's file inside"
        return
    if not path.is_file():
        yield f"there is no file {name} beside {beside.name}"
        return
    try:
        yield from media.problems(media.adopt(path), rules)
    except media.MediaError as error:
        yield str(error)


_OF_FORM = (_ids, _actions, _inputs)
_OF_VALUES = (_holes, _wanted, _arguments, _examples)
