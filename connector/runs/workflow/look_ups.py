"""Look-ups of a workflow: where its templates stand, what each can look up, and what it will give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from connector.runs.workflow import template_types as scope
from connector.runs.workflow.model import Workflow
from connector.spec.jinja import reading
from connector.spec.model import Integration, JsonSchema
from connector.spec.segments import TemplateError
from connector.spec.template import is_template, texts

LIST: JsonSchema = {"type": "array"}


class TemplateText(NamedTuple):
    """A text that may hold holes, and all that they can look up.

    ``wants`` is the schema of what it must give, where it must be one hole.
    """

    path: str
    text: str
    scope: JsonSchema
    wants: JsonSchema | None = None


def all_places(workflow: Workflow, integration: Integration) -> Iterator[TemplateText]:
    """Every text of the workflow that may hold holes."""
    for at in range(len(workflow.steps)):
        yield from of_step(workflow, at, integration)
    known = scope.of_outputs(workflow, integration)
    yield from (TemplateText(path, text, known) for path, text in texts(workflow.outputs, "outputs"))


def of_step(workflow: Workflow, at: int, integration: Integration) -> Iterator[TemplateText]:
    """Those of one step. What ``for_each`` lists is known everywhere else in it."""
    step, here = workflow.steps[at], f"steps.{at}"
    known = scope.of_step(workflow, at, integration)
    yield from _list(step.for_each, f"{here}.for_each", known)
    inner = repeated(known, step.for_each)
    if step.when is not None:
        yield TemplateText(f"{here}.when", step.when, inner, scope.ANYTHING)
    yield from _SHAPES.get(step.make or "", _plain)(step.inputs, f"{here}.inputs", inner)


def repeated(known: JsonSchema, for_each: Any) -> JsonSchema:
    """What can be looked up where something is done for each item of this list, or once."""
    if for_each is None:
        return known
    if isinstance(for_each, Mapping):
        entries = {name: _item(entry, known) for name, entry in for_each.items()}
        return scope.with_item(known, scope.closed(entries))
    return scope.with_item(known, _item(for_each, known))


def _item(listed: Any, known: JsonSchema) -> JsonSchema:
    return _any_of(listed) if isinstance(listed, list) else scope.item_of(given_by(str(listed), known))


def given_by(text: str, known: JsonSchema) -> JsonSchema:
    """What a text gives once it is filled; nothing is said of it where that cannot be told before."""
    try:
        read = reading(text)
        if not read.is_one_hole:
            return {"type": "string"}
        return scope.look_up(known, read.look_ups[0]) if read.is_look_up else scope.ANYTHING
    except (TemplateError, scope.LeadsNowhere):
        return scope.ANYTHING


def looked_up(value: Any) -> frozenset[tuple[str, ...]]:
    """Everything that the holes inside a value look up; none of those that cannot be read."""
    return frozenset(found for _, text in texts(value, "") for found in _look_ups(text))


def is_readable(text: str) -> bool:
    """Whether it is a template that can be read."""
    try:
        reading(text)
    except TemplateError:
        return False
    return True


def lone_look_up(value: Any) -> tuple[str, ...] | None:
    """The look-up that a text is, where there is nothing beside it."""
    if not is_template(value):
        return None
    try:
        read = reading(value)
    except TemplateError:
        return None
    return read.look_ups[0] if read.is_look_up else None


def _look_ups(text: str) -> Sequence[tuple[str, ...]]:
    if not is_template(text):
        return ()
    try:
        return reading(text).look_ups
    except TemplateError:
        return ()


def _plain(inputs: Mapping[str, Any], path: str, known: JsonSchema) -> Iterator[TemplateText]:
    yield from (TemplateText(place, text, known) for place, text in texts(inputs, path))


def _sheet(inputs: Mapping[str, Any], path: str, known: JsonSchema) -> Iterator[TemplateText]:
    """The tiles of a sheet can be repeated each by itself."""
    yield from _plain({name: inputs[name] for name in ("title",) if name in inputs}, path, known)
    if is_template(inputs.get("columns")):
        yield TemplateText(f"{path}.columns", inputs["columns"], known, {"type": "integer"})
    for at, tile in enumerate(inputs["tiles"]):
        here = f"{path}.tiles.{at}"
        yield from _list(tile.get("for_each"), f"{here}.for_each", known)
        inner = repeated(known, tile.get("for_each"))
        said = {name: text for name, text in tile.items() if name != "for_each"}
        yield from (
            TemplateText(f"{here}.{name}", text, inner, _OF_TILE.get(name)) for name, text in said.items()
        )


_OF_TILE = {"picture": scope.FILE, "when": scope.ANYTHING}


def _list(for_each: Any, path: str, known: JsonSchema) -> Iterator[TemplateText]:
    """What is gone through: a list, or several whose combinations are."""
    if isinstance(for_each, str):
        yield TemplateText(path, for_each, known, LIST)
    elif isinstance(for_each, Mapping):
        for name, entry in for_each.items():
            yield from _list(entry, f"{path}.{name}", known)
    else:
        yield from (TemplateText(place, text, known) for place, text in texts(for_each, path))


_SHAPES = {"sheet": _sheet}


def _any_of(values: Sequence[Any]) -> JsonSchema:
    """What is known of one of these values."""
    if any(is_template(text) for _, text in texts(list(values), "")):
        return scope.ANYTHING
    if not all(isinstance(value, Mapping) for value in values):
        return {"enum": list(values)}
    names = dict.fromkeys(name for value in values for name in value)
    entries = {name: {"enum": [value[name] for value in values if name in value]} for name in names}
    return scope.closed(entries)
