"""Types of templates: what a workflow's look-ups give, as JSON Schemas, before any run.

A look-up walks down the schema; where that is closed, it tells what is wrong with the rest of its way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connector.runs.workflow.model import Step, Workflow
from connector.spec.model import Action, Integration, JsonSchema
from connector.spec.schema.suggest import nearest

FILE: Final[JsonSchema] = {"type": "string", "format": "binary"}
ANYTHING: Final[JsonSchema] = {}
_TEXT, _NUMBER, _WHOLE = {"type": "string"}, {"type": "number"}, {"type": "integer"}

# What is known of a step when it has ended. The names are a data format: workflows are written in them.
_FACTS: Mapping[str, JsonSchema] = {
    "outcome": _TEXT,
    "message": _TEXT,
    "value": ANYTHING,
    "seed": _WHOLE,
    "credits": _NUMBER,
    "billed": _TEXT,
    "seconds": _NUMBER,
    "inputs": {"type": "object"},
    "run": _TEXT,
}
_OF_MEDIA: Mapping[str, JsonSchema] = {
    **dict.fromkeys(("name", "type", "sha256"), _TEXT),
    **dict.fromkeys(("bytes", "width", "height"), _WHOLE),
    "seconds": _NUMBER,
}
_OF_FILES: Mapping[str, JsonSchema] = {
    "file": FILE,
    "media": {"type": "object", "additionalProperties": False, "properties": _OF_MEDIA},
}
_COUNTS: Mapping[str, JsonSchema] = {"count": _WHOLE, "failed": _WHOLE, "credits": _NUMBER}
_LISTS = ("items", "files", "values")


class LeadsNowhere(ValueError):
    """A look-up has no value; the sentence says why."""


def of_outputs(workflow: Workflow, integration: Integration) -> JsonSchema:
    """What the outputs can look up: the inputs, and every step."""
    return _scope(workflow, workflow.steps, integration)


def of_step(workflow: Workflow, at: int, integration: Integration) -> JsonSchema:
    """What the step of that number can look up: the inputs, and the steps above it."""
    return _scope(workflow, workflow.steps[:at], integration)


def with_item(scope: JsonSchema, item: JsonSchema) -> JsonSchema:
    """The same where something is done for each item of a list."""
    return closed({**scope["properties"], "item": item, "index": _WHOLE})


def item_of(schema: JsonSchema) -> JsonSchema:
    """What one item of a list is."""
    return _mapping(schema.get("items"))


def _mapping(found: Any) -> Mapping[str, Any]:
    """What is there as it should be; ``true`` and mistakes say nothing."""
    return found if isinstance(found, Mapping) else ANYTHING


def look_up(scope: JsonSchema, parts: tuple[str, ...]) -> JsonSchema:
    """The schema of what a look-up gives. Raises LeadsNowhere."""
    found = scope
    for at, part in enumerate(parts):
        found = _entry(found, part, parts[:at])
    return found


def _entry(schema: JsonSchema, part: str, before: tuple[str, ...]) -> JsonSchema:
    known = _mapping(schema.get("properties"))
    if part in known:
        return _mapping(known[part])
    if schema.get("additionalProperties") is False:
        raise LeadsNowhere(schema.get("x-why", {}).get(part) or _unknown(known, part, before))
    if said := _PLAIN.get(str(schema.get("type"))):
        raise LeadsNowhere(f"looks for {part!r} in {'.'.join(before)}, which is {said}")
    return item_of(schema) if part.isdecimal() else ANYTHING


_PLAIN = {"string": "text", "integer": "a number", "number": "a number", "boolean": "true or false"}


def _unknown(known: Mapping[str, Any], part: str, before: tuple[str, ...]) -> str:
    near = nearest(part, known)
    if not before:
        return f"uses {part!r}, but only {' and '.join(known)} can be used here{near}"
    place = ".".join(before)
    if noun := _NOUNS.get(before):
        return f"uses {place}.{part}, and there is no such {noun}{near}"
    there = f"; there are: {', '.join(known)}" if known else ""
    return f"looks for {part!r} in {place}, and it is not there{near or there}"


_NOUNS: Mapping[tuple[str, ...], str] = {("inputs",): "input", ("steps",): "step above"}


def gives_file(step: Step, integration: Integration) -> bool:
    """Whether a step may give a file; what an action only knows by the answer may."""
    action = integration.actions.get(step.action or "")
    return action is None or _answering(action, integration).output.kind not in ("json", "text", "none")


def _answering(action: Action, integration: Integration) -> Action:
    """The action whose answer a run ends with: that of a job is fetched by another one."""
    return action if action.job is None else integration.actions.get(action.job.fetch, action)


def _scope(workflow: Workflow, steps: tuple[Step, ...], integration: Integration) -> JsonSchema:
    known = {step.id: _step(step, integration) for step in steps}
    return closed({"inputs": closed(workflow.parameters), "steps": closed(known)})


def closed(properties: Mapping[str, JsonSchema], why: Mapping[str, str] | None = None) -> JsonSchema:
    """An object of these properties and no others; ``why`` tells of some others where they went."""
    return {"type": "object", "additionalProperties": False, "properties": properties, "x-why": why or {}}


def _step(step: Step, integration: Integration) -> JsonSchema:
    action = integration.actions.get(step.action or "")
    said = None if action is None else _answering(action, integration).output.schema
    files = _OF_FILES if gives_file(step, integration) else {}
    facts: Mapping[str, JsonSchema] = {**_FACTS, **files, "value": said or ANYTHING}
    return _once(step, facts) if step.for_each is None else _for_each(step, facts)


def _once(step: Step, facts: Mapping[str, JsonSchema]) -> JsonSchema:
    here = f"steps.{step.id}"
    why = dict.fromkeys((*_LISTS, *_COUNTS), f"{here} is run once and has no lists, such as items or files")
    why |= dict.fromkeys(_OF_FILES, f"{here} gives no file; {step.action} answers with a value")
    return closed(facts, why)


def _for_each(step: Step, facts: Mapping[str, JsonSchema]) -> JsonSchema:
    here = f"steps.{step.id}"
    item = closed({**facts, "item": ANYTHING, "index": _WHOLE})
    lists = {"items": item, "files": FILE, "values": facts["value"]}
    entries = {name: {"type": "array", "items": entry} for name, entry in lists.items()}
    if "file" not in facts:
        del entries["files"]
    said = f"{here} is run for each item; use {here}.items, or its {' or '.join(list(entries)[1:])}"
    return closed({**entries, **_COUNTS}, dict.fromkeys((*_FACTS, *_OF_FILES, "files"), said))
