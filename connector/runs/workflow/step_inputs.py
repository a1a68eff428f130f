"""Step inputs: names that the action has, values that it takes, files where it wants files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connector.errors import Problem
from connector.runs.workflow import arguments, look_ups, template_types
from connector.runs.workflow.model import Step, Workflow
from connector.runs.workflow.type_fit import misfit
from connector.spec.model import Action, JsonSchema
from connector.spec.schema.validator import flaws
from connector.spec.template import is_template, texts


def problems(step: Step, action: Action, known: JsonSchema, workflow: Workflow) -> Iterator[Problem]:
    """Everything that can be told before a run; ``known`` is what the step's holes can look up."""
    if flaws(action.inputs):
        return  # nothing can be checked against it, and the action's own check tells so
    later = {name for name, value in step.inputs.items() if _comes_later(action, name, value)}
    constants = {name: value for name, value in step.inputs.items() if name not in later}
    yield from arguments.problems(action.inputs, constants, later)
    for name in later & action.parameters.keys():
        for path, value, wanted in leaves(step.inputs[name], action.parameters[name], name):
            yield from (Problem(path, message) for message in _unfit(value, wanted, known))
    yield from _maybe_missing(step, action, workflow)


def leaves(value: Any, schema: JsonSchema, path: str) -> Iterator[tuple[str, Any, JsonSchema]]:
    """Each value that holds no others, with its path and what its schema says of it."""
    if isinstance(value, list):
        inner = template_types.item_of(schema)
        for at, item in enumerate(value):
            yield from leaves(item, inner, f"{path}.{at}")
    elif isinstance(value, Mapping):
        for name, entry in value.items():
            yield from leaves(entry, _of_entry(schema, name), f"{path}.{name}")
    else:
        yield path, value, schema


def is_file(schema: JsonSchema) -> bool:
    return schema.get("format") == "binary"


def _of_entry(schema: JsonSchema, name: str) -> JsonSchema:
    found = schema.get("properties", {}).get(name, schema.get("additionalProperties", {}))
    return found if isinstance(found, Mapping) else {}


def _comes_later(action: Action, name: str, value: Any) -> bool:
    """Whether it is only known when the step is run; a file is never written into a workflow."""
    has_holes = any(is_template(text) for _, text in texts(value, ""))
    wanted = action.parameters.get(name, {})
    return has_holes or any(is_file(schema) for _, _, schema in leaves(value, wanted, name))


def _unfit(value: Any, wanted: JsonSchema, known: JsonSchema) -> Iterator[str]:
    if not is_template(value):
        if is_file(wanted):
            yield "is a file; bind it to an input, or to the file of a step above"
        return
    found = look_ups.given_by(value, known)
    if message := misfit(found, wanted):
        yield f"would get {message}"
    elif is_file(wanted) and found is template_types.ANYTHING and not _may_be_file(value, known):
        yield "would get no file: nothing that it looks up is one"


def _may_be_file(text: str, known: JsonSchema) -> bool:
    """Whether anything that an expression looks up is a file, or might be one."""
    if not look_ups.is_readable(text):
        return True  # it is told by itself, as is what leads nowhere
    for parts in look_ups.looked_up(text):
        try:
            found = template_types.look_up(known, parts)
        except template_types.LeadsNowhere:
            return True
        if misfit(found, template_types.FILE) is None or found.get("type") == "array":
            return True
    return False


def _maybe_missing(step: Step, action: Action, workflow: Workflow) -> Iterator[Problem]:
    """What the action requires is not left to an input that may be left out."""
    asked_for = look_ups.looked_up(step.when)
    for name in action.inputs.get("required", ()):
        input = _lone_input(step.inputs.get(name))
        if input is not None and ("inputs", input) not in asked_for and _is_optional(workflow, input):
            said = f"may be missing: inputs.{input} is neither required nor has a default"
            yield Problem(name, f"{said}, and {action.id} requires {name}")


def _lone_input(value: Any) -> str | None:
    """The input that a text is, if it is one and nothing besides."""
    parts = look_ups.lone_look_up(value)
    return parts[1] if parts and parts[0] == "inputs" and len(parts) == 2 else None


def _is_optional(workflow: Workflow, name: str) -> bool:
    entry = workflow.parameters.get(name)
    return entry is not None and "default" not in entry and name not in workflow.inputs.get("required", ())
