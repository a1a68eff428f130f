"""Superblocks steps as uses of actions, or of the generic request where no action is meant."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from connector.spec.model import Action, Integration
from connector.spec.schema import coerce

_BINDING = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_QUOTED = re.compile(r"\{\{(\"(?:[^\"\\]|\\.)*\")\}\}", re.DOTALL)
_HOLE = re.compile(r"\{\{\s*inputs\.(\w+)\s*\}\}")
_MARKS = ("httpMethod", "urlPath")
_DEEPEST = 100
_FORMS = {"jsonBody": "json", "rawBody": "raw", "formData": "multipart", "fileForm": "multipart"}


@dataclass(frozen=True, slots=True)
class StepInvocation:
    """What a step does, in our words. ``to_fill`` are inputs that Superblocks would reckon; ``notes`` say
    what is done otherwise here."""

    name: str
    action: str
    inputs: Mapping[str, Any]
    accept: str | None = None
    to_fill: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"name": self.name, "action": self.action, "inputs": dict(self.inputs)}
        more = {"accept": self.accept, "to_fill": dict(self.to_fill), "notes": list(self.notes)}
        return shown | {name: value for name, value in more.items() if value}


def invocations(integration: Integration, document: Any, generic: str | None) -> list[StepInvocation]:
    """What each HTTP step in an API, a block or a step alone does; ``generic`` is the action for any path."""
    found = [_invocation(integration, name, step, generic) for name, step in _steps(document, "step", 0)]
    return [one for one in found if one is not None]


def _steps(value: Any, name: str, depth: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Steps of HTTP plugins, whatever they are within."""
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        if any(isinstance(value.get(mark), str) for mark in _MARKS):
            yield name, value
            return
        named = value.get("name")
        for inner in value.values():
            yield from _steps(inner, named if isinstance(named, str) else name, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _steps(inner, name, depth + 1)


def _invocation(
    integration: Integration, name: str, step: Mapping[str, Any], generic: str | None
) -> StepInvocation | None:
    method, path = (
        str(step.get("httpMethod") or "GET").upper(),
        "/" + str(step.get("urlPath", "")).lstrip("/"),
    )
    accept = next((one["value"] for one in _rows(step, "headers") if one["key"].lower() == "accept"), None)
    # Of two with the same path, the one with another path besides is for jobs of its own.
    for action in sorted(integration.actions.values(), key=lambda one: one.request.fallback is not None):
        held = _held(action, method, path)
        if held is not None:
            given, to_fill = _inputs(action, {**held, **_given(step)})
            return StepInvocation(name, action.id, given, accept, to_fill, tuple(_notes(step)))
    if generic is None or generic not in integration.actions:
        return None
    given, to_fill = _inputs(integration.actions[generic], _generic(step, method, path))
    return StepInvocation(name, generic, given, None, to_fill, tuple(_notes(step)))


def _held(action: Action, method: str, path: str) -> dict[str, Any] | None:
    """The inputs that the path holds, where it is the action's."""
    request = action.request
    if request.method != method:
        return None
    at, pattern = 0, ""
    for hole in _HOLE.finditer(request.path):
        pattern += re.escape(request.path[at : hole.start()]) + f"(?P<{hole[1]}>[^/]+|\\{{\\{{.*?\\}}\\}})"
        at = hole.end()
    found = re.fullmatch(pattern + re.escape(request.path[at:]), path)
    return {name: unquote(held) for name, held in found.groupdict().items()} if found else None


def _given(step: Mapping[str, Any]) -> dict[str, Any]:
    """What the rows and the body give, by name; a name that comes again makes a list."""
    given: dict[str, Any] = {}
    for row in (*_rows(step, "params"), *_form(step)):
        value = _value(row)
        given[row["key"]] = _several(given[row["key"]], value) if row["key"] in given else value
    return given | _json(step)


def _several(before: Any, value: Any) -> list[Any]:
    return [*(before if isinstance(before, list) else [before]), value]


def _form(step: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if step.get("bodyType") == "fileForm":
        file = {"filename": step.get("fileName", "")}
        return [{"key": str(step.get("fileFormKey", "file")), "value": step.get("body", ""), "file": file}]
    return _rows(step, "formData") if step.get("bodyType") == "formData" else []


def _json(step: Mapping[str, Any]) -> dict[str, Any]:
    if step.get("bodyType") != "jsonBody":
        return {}
    found = coerce.whole(dict, _unquoted(str(step.get("body", ""))))
    return found if found is not None else {}


def _generic(step: Mapping[str, Any], method: str, path: str) -> dict[str, Any]:
    """The inputs of the generic request, which takes any."""
    headers = {one["key"]: _value(one) for one in _rows(step, "headers")}
    query = {one["key"]: _value(one) for one in _rows(step, "params")}
    body = _FORMS.get(str(step.get("bodyType", "")), "none")
    rows = _form(step)
    files = {one["key"]: _value(one) for one in rows if "file" in one}
    fields = {one["key"]: _value(one) for one in rows if "file" not in one}
    text = _unquoted(str(step.get("body", "")))
    told: dict[str, Any] = {"method": method, "path": path, "query": query, "headers": headers}
    told |= {"body": body, "files": files, "fields": fields}
    told |= {"content": text} if body == "raw" else {}
    told |= {"json": _parsed(text)} if body == "json" else {}
    return {name: value for name, value in told.items() if value not in ({}, "none")}


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _rows(step: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = step.get(name) or []
    named = (row for row in rows if isinstance(row, Mapping) and isinstance(row.get("key"), str))
    return [row for row in named if row["key"] and "value" in row] if isinstance(rows, list) else []


def _value(row: Mapping[str, Any]) -> Any:
    """What a row gives. What is bytes there is a file here, under its name."""
    value = row["value"]
    if isinstance(value, Mapping) and value.get("type") == "Buffer":
        return value
    text = value if isinstance(value, str) else json.dumps(value)
    return _unquoted(text)


class _Text(str):
    """What is nothing but text, whatever it looks like."""


def _unquoted(text: str) -> str:
    """A binding that is nothing but a text is that text."""
    quoted = _QUOTED.fullmatch(text)
    return _Text(_parsed(quoted[1])) if quoted else text


def _inputs(action: Action, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The inputs as the action takes them, and those that Superblocks would reckon."""
    inputs: dict[str, Any] = {}
    to_fill: dict[str, str] = {}
    for name, value in given.items():
        if _is_bound(value):
            to_fill[name] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        elif value != "":  # there is no way there to leave a field out
            inputs[name] = _read(action.parameters.get(name, {}), value)
    return inputs, to_fill


def _is_bound(value: Any) -> bool:
    if isinstance(value, str):
        return not isinstance(value, _Text) and bool(_BINDING.search(value))
    if isinstance(value, Mapping):
        return any(map(_is_bound, value.values()))
    return isinstance(value, list) and any(map(_is_bound, value))


def _read(schema: Mapping[str, Any], value: Any) -> Any:
    if coerce.is_only(schema, "array"):
        given = value if isinstance(value, list) else [value]
        return coerce.listed(schema, given, lambda items, one: _read(items, one))
    return coerce.value(schema, str(value)) if isinstance(value, str) else value


def _notes(step: Mapping[str, Any]) -> Iterator[str]:
    if step.get("verboseHttpOutput"):
        yield "status and headers are in the result: `status`, `headers`, and by name `seed` and others"
    else:
        yield "the result has status, headers and facts beside what was made"
    if step.get("doNotFailOnRequestError"):
        yield "a failure is an error with a code and whether it was billed; catch it where it is expected"
    if step.get("responseType") in ("binary", "raw"):
        yield "what was made is a file, and no list of numbers"
    if step.get("bodyType") == "jsonBody" and _BINDING.search(str(step.get("body", ""))):
        yield "its JSON body holds bindings, which are to be given as inputs"
