"""Where the specs and an OpenAPI document of the same API disagree.

Each disagreement is a problem at the spec's own line. Asking for less than the document (a whole number
for a number, a known list for an open one) is none, and neither are operations that it calls legacy.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from connector.authoring.drift.additions import Additions
from connector.authoring.drift.document import DocumentedField, DocumentedOperation
from connector.authoring.drift.document import operations as read
from connector.authoring.drift.sent_fields import sent, shape
from connector.authoring.drift.values import differences, price_differences
from connector.authoring.importing import parse_document, requests, source
from connector.authoring.importing.servers import NOWHERE
from connector.errors import Problem, SpecError
from connector.spec import template, url
from connector.spec.loader import Loaded
from connector.spec.model import Action, Integration, RequestSpec
from connector.spec.schema.suggest import nearest

Kind = Literal["new", "gone", "changed"]


@dataclass(frozen=True, slots=True)
class Change:
    """One disagreement: what is new in the document, gone from it, or changed.

    ``subject`` is the action that it is about, or the operation that no action covers. ``addition`` is the
    YAML to add for what is new, where it can be told.
    """

    kind: Kind
    subject: str
    problem: Problem
    addition: str | None = None


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What a comparison found, and how much of the document it was about.

    ``wrong`` is what stood in the way of the comparison; ``unfit`` counts what no action can be made of.
    """

    changes: tuple[Change, ...] = ()
    wrong: tuple[Problem, ...] = ()
    operations: int = 0
    covered: int = 0
    legacy: int = 0
    unfit: int = 0

    @property
    def problems(self) -> tuple[Problem, ...]:
        return (*self.wrong, *(change.problem for change in self.changes))

    def __str__(self) -> str:
        left_out = f"; {self.legacy} legacy ones were left out" if self.legacy else ""
        left_out += f"; {self.unfit} can be no action" if self.unfit else ""
        return f"{self.covered} of {self.operations} operations are covered by actions{left_out}"


def report(loaded: Loaded, document: Path) -> DriftReport:
    """Every disagreement, and what the document holds."""
    if loaded.integration is None:
        return DriftReport()
    try:
        value = parse_document.parse(source.read(str(document))[0], document.name)
        operations = read(value, document.name)
    except SpecError as error:
        return DriftReport(wrong=tuple(error.problems))
    additions = Additions(value, document.name)
    current = [one for one in operations if not one.legacy and additions.can_be_made(one)]
    pairs = list(_pairs(loaded.integration, operations))
    found = list(_of_the_whole(loaded, loaded.integration, additions))
    for action, operation in pairs:
        own = loaded.source(action)
        for kind, path, message, addition in _differences(
            action, operation, loaded.integration, additions, operations
        ):
            found.append(Change(kind, action.id, own.problem(path, message), addition))
    covered = {operation.name for _, operation in pairs if operation}
    covered |= _fallbacks(loaded.integration, operations)
    for operation in current:
        if operation.name not in covered and not operation.deprecated:
            message = f"none covers {operation.name} of {document.name}; add an action for it"
            problem = loaded.manifest.problem("actions", message)
            whole = additions.action(operation, loaded.integration.actions)
            found.append(Change("new", operation.name, problem, whole))
    named = {operation.name for operation in current}
    legacy = sum(operation.legacy for operation in operations)
    unfit = len(operations) - len(current) - legacy
    return DriftReport(tuple(found), (), len(named), len(covered & named), legacy, unfit)


def _of_the_whole(loaded: Loaded, integration: Integration, additions: Additions) -> Iterator[Change]:
    """Where it is sent, and how it is proved, in what the document would be as an integration."""
    wanted = additions.manifest
    if wanted is None:
        return
    base = wanted["environments"][wanted["default_environment"]]["base_url"]
    # The host may be one's own, such as a proxy's or that of an installation; the path is the API's.
    paths = [urlsplit(one.base_url).path for one in integration.environments.values()]
    if urlsplit(base).path not in paths and not base.startswith(NOWHERE):
        message = f"none has the path of the document's first base URL, {base}"
        yield Change("changed", integration.id, loaded.manifest.problem("environments", message))
    theirs = wanted["connection"]["auth"]
    ours = {"kind": integration.auth.kind, **integration.auth.settings}
    for word in ("kind", "in", "name", "token_url") if theirs["kind"] != "none" else ():
        if ours.get(word) != theirs.get(word):
            message = f"is {ours.get(word, 'missing')}; the document has {theirs.get(word, 'none')}"
            problem = loaded.manifest.problem(f"connection.auth.{word}", message)
            yield Change("changed", integration.id, problem)


def _fallbacks(integration: Integration, operations: tuple[DocumentedOperation, ...]) -> set[str]:
    """The operations that an action asks where the one of its own path gave nothing."""
    ours = [action.request for action in integration.actions.values()]
    tried = {(one.method, shape(one.fallback.path)) for one in ours if one.fallback}
    return {one.name for one in operations if (one.method, shape(one.address)) in tried}


def _pairs(
    integration: Integration, operations: tuple[DocumentedOperation, ...]
) -> Iterator[tuple[Action, DocumentedOperation | None]]:
    """Each action with a path of its own, and the operation that has its method and path."""
    by_address: defaultdict[tuple[Any, ...], list[DocumentedOperation]] = defaultdict(list)
    for each in operations:
        address = each.method, shape(each.address)
        by_address[address].append(each)
        by_address[*address, _constants(each)].append(each)
    for action in integration.actions.values():
        request = action.request
        if template.is_template(request.method) or request.path.startswith("{{"):
            continue  # the address is the caller's
        address = request.method, shape(request.path)
        same = by_address.get((*address, _fixed(request))) or by_address.get(address) or []
        yield action, max(same, key=lambda one: _likeness(action, one), default=None)


Constants = frozenset[tuple[str, str, Any]]


def _constants(operation: DocumentedOperation) -> Constants:
    """What an operation always takes; some APIs have one address, and tell there what to do."""
    plain = (one for one in operation.fields.values() if one.place in ("query", "header") and one.required)
    enums = ((field, field.schema.get("enum", ())) for field in plain)
    return frozenset((field.place, field.name, url.text(enum[0])) for field, enum in enums if len(enum) == 1)


def _fixed(request: RequestSpec) -> Constants:
    """What a request always sends."""
    return frozenset(
        (place, name.lower() if place == "header" else name, text)
        for place, entries in (("query", request.query), ("header", request.headers))
        for name, text in (entries.items() if isinstance(entries, Mapping) else ())
        if not template.is_template(text)
    )


def _likeness(action: Action, operation: DocumentedOperation) -> int:
    """How near they are, of operations with one address: what both take, less what either lacks."""
    ours, theirs = sent(action, operation.path_names).fields.keys(), operation.fields.keys()
    same_body = action.request.body.kind in map(requests.kind, operation.bodies)
    return len(ours & theirs) - len(ours ^ theirs) + same_body


def _differences(
    action: Action,
    operation: DocumentedOperation | None,
    integration: Integration,
    additions: Additions,
    operations: Iterable[DocumentedOperation],
) -> Iterator[tuple[Kind, str, str, str | None]]:
    """What is said otherwise than by the operation with the action's method and path: each of its kind, with
    its path, a sentence, and what to add."""
    if operation is None:
        yield "gone", "request.path", _no_operation(action.request, operations), None
        return
    ours = sent(action, operation.path_names)
    for key, field in operation.fields.items():
        if key not in ours.fields and field.place not in ours.whole and not _of_everyone(field, integration):
            needed = "required" if field.required else "optional"
            message = f"{field.name} is missing, {needed} in the {field.place} ({operation.name})"
            addition = additions.field(action, operation, field)
            yield "new", f"inputs.properties.{field.name}", message, addition
    for kind, compare in _COMPARED:
        for path, message in compare(action, operation, integration):
            yield kind, path, f"{message} ({operation.name})", None


def _no_operation(request: RequestSpec, operations: Iterable[DocumentedOperation]) -> str:
    same = [each.method for each in operations if shape(each.address) == shape(request.path)]
    if same:
        return f"the document has this path with {', '.join(same)}, not with {request.method}"
    paths = [each.address for each in operations]
    return f"the document has no {request.method} {request.path}{nearest(request.path, paths)}"


Found = Iterator[tuple[str, str]]


def _gone_fields(action: Action, operation: DocumentedOperation, integration: Integration) -> Found:
    for (place, name), input in sent(action, operation.path_names).fields.items():
        if (place, name) not in operation.fields:
            near = nearest(name, [other for where, other in operation.fields if where == place])
            yield _place(input, place, name), f"the document has no {name} in the {place}{near}"


def _changed_fields(action: Action, operation: DocumentedOperation, integration: Integration) -> Found:
    wanted = operation.fields
    for key, input in sent(action, operation.path_names).fields.items():
        if key in wanted and input is not None and input in action.parameters:
            yield from _input(action, input, wanted[key])


def _place(input: str | None, place: str, name: str) -> str:
    if input is not None:
        return f"inputs.properties.{input}"
    return {"query": "request.query", "header": "request.headers"}.get(place, "request.body") + f".{name}"


def _of_everyone(field: DocumentedField, integration: Integration) -> bool:
    """Whether the connection sends it with every request."""
    always = {name.lower() for name in integration.headers}
    settings = integration.auth.settings
    keys = {str(one.get("name", "")).lower() for one in (settings, *settings.get("also", ()))}
    return (field.place == "header" and field.name in always) or field.name.lower() in keys


def _input(action: Action, input: str, field: DocumentedField) -> Found:
    path = f"inputs.properties.{input}"
    required = input in action.inputs.get("required", ())
    if field.required and not required:
        yield path, "is optional; the document requires it"
    elif required and field.required is False and field.place != "path":
        yield path, "is required; in the document it is optional"
    for below, message in differences(action.parameters[input], field.schema):
        yield f"{path}.{below}", message


def _body(action: Action, operation: DocumentedOperation, integration: Integration) -> Found:
    ours, theirs = action.request.body.kind, operation.bodies
    if ours in ("json", "form", "multipart") and ours not in map(requests.kind, theirs):
        yield "request.body", f"is {ours}; the document takes {', '.join(theirs) or 'no body'}"
    elif ours == "none" and theirs:
        yield "request.body", f"is missing; the document takes {', '.join(theirs)}"


def _answers(action: Action, operation: DocumentedOperation, integration: Integration) -> Found:
    ours, theirs = action.request.accept, operation.accept
    if not theirs:
        return
    missing = [form for form in theirs if form not in ours]
    unknown = [form for form in ours if form not in theirs]
    if missing:
        yield "request.accept", f"lacks {', '.join(missing)}, which the document offers"
    if unknown:
        yield "request.accept", f"has {', '.join(unknown)}, which the document does not offer"


def _standing(action: Action, operation: DocumentedOperation, integration: Integration) -> Found:
    if operation.deprecated and action.deprecated is None:
        yield "deprecated", "is missing; the document calls the operation deprecated or removed"
    elif action.deprecated is not None and not operation.deprecated:
        yield "deprecated", "is declared; the document has the operation as current"


def _size(action: Action, operation: DocumentedOperation, integration: Integration) -> Found:
    limit = operation.extra.get("x-max-bytes")
    ours = action.request.max_bytes or integration.max_request_bytes
    if limit is not None and limit != ours:
        yield "request.max_bytes", f"is {ours or 'missing'}; the document has {limit}"


def _job(action: Action, operation: DocumentedOperation, integration: Integration) -> Found:
    wanted: Mapping[str, Any] | None = operation.extra.get("x-async")
    job = action.job
    if wanted is None or job is None:
        if wanted is not None:
            yield "job", f"is missing; the document fetches the result at {wanted.get('result')}"
        return
    fetch = integration.actions.get(job.fetch)
    if fetch is not None and "result" in wanted and shape(fetch.request.path) != shape(wanted["result"]):
        yield "job.fetch", f"asks {fetch.request.path}; the document fetches the result at {wanted['result']}"
    if job.interval != wanted.get("poll_seconds", job.interval):
        yield "job.interval", f"is {job.interval:g}; the document has {wanted['poll_seconds']:g}"
    keep = wanted.get("retention_hours", 0) * 3600 or None
    if job.keep != keep:
        yield "job.keep", f"is {job.keep or 'missing'}; the document has {keep or 'none'}"


_COMPARED: tuple[tuple[Kind, Callable[[Action, DocumentedOperation, Integration], Found]], ...] = (
    ("gone", _gone_fields),
    ("changed", _changed_fields),
    ("changed", _body),
    ("changed", _answers),
    ("changed", _standing),
    ("changed", _size),
    ("changed", _job),
    ("changed", price_differences),
)

__all__ = ["Change", "DriftReport", "report"]
