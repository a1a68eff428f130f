"""Superblocks steps as uses of actions, or of the generic request where no action can send what they send."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from connector.authoring.export import superblocks_document as document_of
from connector.authoring.export.superblocks_document import (
    FileExpression,
    FileText,
    Literal,
    Row,
    Step,
    is_bound,
)
from connector.engine.arguments import take
from connector.engine.auth import Authorization
from connector.engine.http.transport import DEFAULTS
from connector.engine.parameter_styles import compact
from connector.engine.render import Target, render, unused_inputs
from connector.engine.sources import Sources
from connector.errors import InvalidArguments, Problem
from connector.spec.header_names import RESERVED_HEADERS, canonical, is_secret
from connector.spec.model import Action, Integration
from connector.spec.schema import coerce
from connector.spec.schema.validator import Checker
from connector.spec.template import references
from connector.spec.url import is_url

_HOLE = re.compile(r"\{\{-?\s*inputs\.(\w+)\s*-?\}\}")
_FORM = "application/x-www-form-urlencoded"
_FORMS = ("form", "multipart")
_KINDS = {"jsonBody": "json", "rawBody": "raw", "formData": "multipart", "fileForm": "multipart"}


@dataclass(frozen=True, slots=True)
class StepInvocation:
    """What a step does, in our words. ``to_fill`` are inputs that Superblocks would reckon, or that are not
    right as they stand; ``notes`` say what is done otherwise here."""

    name: str
    action: str
    inputs: Mapping[str, Any]
    accept: str | None = None
    to_fill: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value or name == "inputs"}


@dataclass(slots=True)
class _Sent:
    """What a step sends. ``kind`` is that of its body, as the generic request calls it."""

    method: str
    path: str
    query: list[Row]
    headers: dict[str, Any]
    kind: str = "none"
    form: list[Row] = field(default_factory=list)
    content: Any = None
    notes: list[str] = field(default_factory=list)

    def header(self, name: str) -> str | None:
        return next((str(value) for key, value in self.headers.items() if key.lower() == name), None)


class _Unlike(Exception):
    """The action cannot send what the step sends; the sentence says what."""


def invocations(
    integration: Integration,
    document: Any,
    generic: str | None,
    *,
    plugin: str | None = None,
    refused: list[str] | None = None,
) -> list[StepInvocation]:
    """What each step in an API, a block or a step alone does; ``generic`` is the action for any path.

    Steps of other integrations are not taken; ``refused`` is told of each. A step of ``plugin`` is the
    integration's own, also where its address is not told.
    """
    found = []
    for step in document_of.steps(document):
        try:
            found.append(_invocation(integration, step, generic, (integration.id, "", plugin)))
        except _Unlike as error:
            if refused is not None:
                refused.append(f"{step.name}: {error}")
    return found


def _invocation(
    integration: Integration, step: Step, generic: str | None, own: tuple[str | None, ...]
) -> StepInvocation:
    address, path = document_of.address(step), _path(integration, step, own)
    sent = _sent(step, path)
    notes: list[str] = []
    # Of two with the same path, the one with another path besides is for jobs of its own.
    for action in sorted(integration.actions.values(), key=lambda one: one.request.fallback is not None):
        held = _held(action, sent.method, sent.path)
        if held is None:
            continue
        try:
            return _finished(integration, action, step, sent, *_typed(action, sent, held))
        except _Unlike as error:
            notes.append(f"it is no {action.id}: {error}")
    is_general = step.plugin not in own and not is_url(address)
    if generic is None or generic not in integration.actions or (is_general and not notes):
        raise _Unlike("; ".join(notes) or f"{sent.method} {sent.path} is the path of no action here")
    sent.notes += notes
    action = integration.actions[generic]
    return _finished(integration, action, step, sent, _generic(integration, sent), None, [])


def _path(integration: Integration, step: Step, own: tuple[str | None, ...]) -> str:
    """The path below the base URL. Raises _Unlike where the step is not this integration's."""
    if step.plugin not in own and step.plugin not in document_of.GENERAL:
        raise _Unlike(f"is a step of {step.plugin}")
    address = document_of.address(step)
    if not address:
        raise _Unlike("has no urlPath")
    path = document_of.below(integration, address)
    if path is not None:
        return path
    said = step.told.get("urlPath")
    if step.plugin in own and isinstance(said, str) and not is_url(said):
        return document_of.read(said)  # its connection may go by way of another host
    if is_url(address):
        raise _Unlike("goes to another address than those of the integration's environments")
    return address


def _sent(step: Step, path: str) -> _Sent:
    told, notes = step.told, [*_notes(step.told)]
    plain, _, query = path.partition("#")[0].partition("?")
    pairs = [Row(key, Literal(value)) for key, value in parse_qsl(query, keep_blank_values=True)]
    headers: dict[str, Any] = {}
    for row in document_of.rows(told, "headers", notes):
        alike = next((key for key in headers if key.lower() == row.key.lower() and key != row.key), None)
        if alike is not None:
            notes.append(f"the header {alike} is left out: {row.key} comes after it")
            del headers[alike]
        if row.key in headers:
            notes.append(f"the header {row.key} is there twice, and the first is taken")
        headers.setdefault(row.key, row.value)
    method = str(told.get("httpMethod") or "GET").upper()
    query_rows = [*pairs, *document_of.rows(told, "params", notes)]
    sent = _Sent(method, "/" + plain.lstrip("/"), query_rows, headers, notes=notes)
    kind, body = str(told.get("bodyType") or ""), told.get("body")
    if kind == "formData":
        sent.form = document_of.rows(told, "formData", notes)
    elif kind == "fileForm" and told.get("fileFormKey") and body:
        sent.form = [Row(str(told["fileFormKey"]), document_of.row_value(body, is_file=True))]
    elif kind in ("jsonBody", "rawBody") and body not in (None, ""):
        _read_body(sent, kind, body)
    elif kind and kind not in _KINDS:
        notes.append(f"its body is left out: Superblocks sends none of the type {kind!r}")
    sent.kind = "multipart" if sent.form and sent.kind == "none" else sent.kind
    return sent


def _read_body(sent: _Sent, kind: str, body: Any) -> None:
    said = sent.header("content-type") or ("application/json" if kind == "jsonBody" else _FORM)
    if isinstance(body, Mapping) and body.get("type") == "Buffer":
        sent.kind, sent.content = "raw", body
        return
    raw = document_of.read(body, escaped=True) if isinstance(body, str) else compact(body)
    sent.kind, sent.content = "raw", raw
    if kind == "jsonBody" or "json" in said:
        try:
            value = document_of.json_value(body)
            if kind == "jsonBody" or is_bound(value) or compact(value) == raw:
                sent.kind, sent.content = "json", value
        except (ValueError, RecursionError):
            sent.notes.append("its JSON body is no JSON")
    elif said.partition(";")[0] == _FORM and isinstance(raw, Literal):
        pairs = parse_qsl(raw, keep_blank_values=True)
        if pairs and urlencode(pairs) == raw:
            sent.kind, sent.form = "form", [Row(key, Literal(value)) for key, value in pairs]


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
    return {name: _segment(held) for name, held in found.groupdict().items()} if found else None


def _segment(held: str) -> str:
    return held if is_bound(held) else Literal(unquote(held))


def _typed(
    action: Action, sent: _Sent, held: Mapping[str, Any]
) -> tuple[dict[str, Any], str | None, list[str]]:
    """The inputs with which the action sends the same, the form of answer, and what is left out."""
    request, found, notes = action.request, dict(held), []
    if not _read_off(request.query, _grouped(sent.query), found):
        raise _Unlike("its query has other rows")
    body = request.body
    if body.kind != sent.kind:
        raise _Unlike(f"its body is {body.kind}, and that of the step {sent.kind}")
    made: Any = _grouped(sent.form) if sent.kind in _FORMS else sent.content
    if sent.kind != "none" and not _read_off(_body_template(action), made, found):
        raise _Unlike("its body has other rows or members")
    accept = sent.header("accept")
    if accept is not None and accept not in request.accept:
        notes += [f"the answer is not asked for as {accept}"] if accept != DEFAULTS["accept"] else []
        accept = None
    notes += _headers_left_out(action, sent, found)
    for name, value in found.items():
        if not _fits(action.parameters.get(name, {}), value):
            raise _Unlike(f"{name} is sent in another way")
    return found, accept, notes


def _body_template(action: Action) -> Any:
    """What the body of the action's request is made of."""
    body = action.request.body
    if body.kind in _FORMS and (body.fields is not None or body.files is not None):
        several = (body.fields, body.files)
        return {name: each for one in several if isinstance(one, Mapping) for name, each in one.items()}
    template = body.content if body.kind == "raw" else body.json
    if template is None and body.kind != "raw":
        return {name: f"{{{{ inputs.{name} }}}}" for name in unused_inputs(action)}
    return template


def _headers_left_out(action: Action, sent: _Sent, found: dict[str, Any]) -> Iterator[str]:
    """A note for each header that the action does not send; inputs of the others are put down."""
    declared = {name.lower(): template for name, template in dict(action.request.headers or {}).items()}
    for name, value in sent.headers.items():
        if name.lower() in declared and _read_off(declared[name.lower()], value, found):
            continue
        if name.lower() == "content-type" and sent.kind in ("json", "raw"):
            usual = "application/json" if sent.kind == "json" else value
            kind = action.request.body.content_type or usual
            if kind != value:
                raise _Unlike(f"it sends {kind}, and the step {value}")
        elif name.lower() not in ("accept", "content-type"):
            yield f"the header {name} is left out: the action has none of that name"


def _fits(schema: Mapping[str, Any], value: Any) -> bool:
    """Whether a file stands where one is taken, and several values where there can be several."""
    if isinstance(value, list) and not coerce.is_only(schema, "array"):
        return False
    one = schema.get("items", {}) if coerce.is_only(schema, "array") else schema
    several = value if isinstance(value, list) else [value]
    return all(is_bound(each) or _is_file(each) == (one.get("format") == "binary") for each in several)


def _is_file(value: Any) -> bool:
    return isinstance(value, FileText | FileExpression) or (
        isinstance(value, Mapping) and value.get("type") == "Buffer"
    )


def _grouped(rows: Iterable[Row]) -> dict[str, Any]:
    """The values by name; a name that comes again makes a list."""
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row.key, []).append(row.value)
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}


def _read_off(template: Any, value: Any, found: dict[str, Any]) -> bool:
    """Whether the template makes the value; the inputs that it takes for that are put down."""
    if isinstance(template, Mapping):
        if not isinstance(value, Mapping) or not set(value) <= set(template):
            return False
        constant = (name for name, entry in template.items() if not references(entry))
        is_whole = all(name in value for name in constant)
        return is_whole and all(_read_off(template[name], entry, found) for name, entry in value.items())
    hole = _HOLE.fullmatch(template) if isinstance(template, str) else None
    if hole is None:
        return bool(template == value or str(template) == value)
    return bool(found.setdefault(hole[1], value) == value)


def _generic(integration: Integration, sent: _Sent) -> dict[str, Any]:
    """The inputs of the generic request, which takes any."""
    kind, headers = sent.kind, _headers(integration, sent)
    said = next((headers.pop(name) for name in [*headers] if name.lower() == "content-type"), None)
    if kind != "none" and sent.method in ("GET", "HEAD"):
        sent.notes.append(f"its body is left out: {sent.method} has none here")
        kind = "none"
    rows = _grouped(sent.form) if kind in _FORMS else {}
    files = {name: value for name, value in rows.items() if _is_file(value)}
    several: dict[str, Any] = {
        "method": sent.method,
        "path": sent.path,
        "query": _grouped(sent.query),
        "headers": headers,
        "body": None if kind == "none" else kind,
        "files": files,
        "fields": {name: value for name, value in rows.items() if name not in files},
    }
    told = {name: value for name, value in several.items() if value}
    if kind in ("json", "raw"):
        is_file = _is_file(sent.content) or "readContents" in str(sent.content)
        told["content_file" if is_file else "json" if kind == "json" else "content"] = sent.content
        usual = _FORM if kind == "raw" and not is_file else None
        told["content_type"] = (said or usual) if (kind, said) != ("json", "application/json") else None
    return {name: value for name, value in told.items() if value is not None}


def _headers(integration: Integration, sent: _Sent) -> dict[str, Any]:
    """The headers, without those that are the connection's own."""
    own = RESERVED_HEADERS | {canonical(str(integration.auth.settings.get("name", "")))}
    kept = {}
    for name, value in sent.headers.items():
        if canonical(name) in own or is_secret(name):
            sent.notes.append(f"the header {name} is left out: the connection sets what proves who asks")
        elif (name.lower(), value) != ("accept", DEFAULTS["accept"]):
            kept[name] = value
    return kept


def _finished(
    integration: Integration,
    action: Action,
    step: Step,
    sent: _Sent,
    given: Mapping[str, Any],
    accept: str | None,
    notes: list[str],
) -> StepInvocation:
    """The invocation, whose inputs are right as they stand; the others are to be filled in."""
    to_fill: dict[str, str] = {}
    inputs = {name: _known(value, name, to_fill) for name, value in given.items()}
    inputs = {
        n: _read(action.parameters.get(n, {}), value) for n, value in inputs.items() if value is not None
    }
    told = [*sent.notes, *notes]
    while True:
        wrong = [one for one in _wrong(integration, action, inputs) if not _is_awaited(one, to_fill)]
        told += [str(problem) for problem in wrong]
        # What is not right is among what is to be filled in.
        tops = dict.fromkeys(problem.path.partition(".")[0] for problem in wrong)
        moved = {top: _as_text(inputs.pop(top)) for top in tops if top in inputs}
        to_fill |= moved
        if not moved:
            return StepInvocation(step.name, action.id, inputs, accept, to_fill, tuple(dict.fromkeys(told)))


def _known(value: Any, path: str, to_fill: dict[str, str]) -> Any:
    """The value without what Superblocks would reckon, or None where that is all."""
    if not is_bound(value):
        return value
    if isinstance(value, Mapping):
        inside = {name: _known(entry, f"{path}.{name}", to_fill) for name, entry in value.items()}
        kept = {name: one for name, one in inside.items() if one is not None or value[name] is None}
        return kept or None
    to_fill[path] = _as_text(value)
    return None


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _wrong(integration: Integration, action: Action, inputs: Mapping[str, Any]) -> list[Problem]:
    """What ``invoke`` would find fault with."""
    base = integration.environments[integration.default_environment].base_url
    try:
        taken = take(action, inputs, Checker(action.inputs), Sources(urls=None, paths=False))
        render(integration, action, taken.values, Target(base), Authorization())
    except InvalidArguments as error:
        return list(error.problems)
    return []


def _is_awaited(problem: Problem, to_fill: Mapping[str, str]) -> bool:
    """Whether it is only that something is still to be filled in."""
    tops = {path.partition(".")[0] for path in to_fill}
    return not problem.path or bool(tops & {one.partition(".")[0] for one in problem.path.split(", ")})


def _read(schema: Mapping[str, Any], value: Any) -> Any:
    if coerce.is_only(schema, "array"):
        given = value if isinstance(value, list) else [value]
        return coerce.listed(schema, given, lambda items, one: _read(items, one))
    is_any = "type" not in schema and "enum" not in schema  # JSON, whose texts are texts
    return coerce.value(schema, str(value)) if isinstance(value, str) and not is_any else value


def _notes(told: Mapping[str, Any]) -> Iterable[str]:
    if told.get("verboseHttpOutput"):
        yield "status and headers are in the result: `status`, `headers`, and by name `seed` and others"
    else:
        yield "the result has status, headers and facts beside what was made"
    if told.get("doNotFailOnRequestError"):
        yield "a failure is an error with a code and whether it was billed; catch it where it is expected"
    if told.get("responseType") in ("binary", "raw"):
        yield "what was made is a file, and no list of numbers"
