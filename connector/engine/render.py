"""Rendering: action, arguments, base URL and authorization become a Request.

Only what the caller gave is sent, and what the caller gave is sent: ``0``, ``false`` and ``""`` are
values, what is unset is absent. Each value is encoded for the place it goes to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus

from connector.engine import parameter_styles
from connector.engine.auth import Authorization
from connector.engine.http.messages import Body, Multipart, Part, Raw, Request, Timeout
from connector.errors import InvalidArguments, Problem
from connector.media.content import Content
from connector.secret import Secrets
from connector.spec import template, url
from connector.spec.header_names import RESERVED_HEADERS, canonical, is_harmless
from connector.spec.model import Action, BodySpec, Integration, RequestSpec
from connector.spec.template import MISSING, Scope

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Methods that promise to change nothing (RFC 9110, section 9.2.1).
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# From this length on a header's secret is looked for wherever it is repeated; a shorter one may be any word.
SHORTEST_HEADER = 8
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Target:
    """Where an action is sent: the base URL, headers of the connection, the credential's fields.

    ``secrets`` are those of the headers' values that nobody may see.
    """

    base_url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    credential: Mapping[str, Any] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


def render(
    integration: Integration,
    action: Action,
    arguments: Mapping[str, Any],
    target: Target,
    authorization: Authorization,
    *,
    accept: str | None = None,
    fallback: bool = False,
) -> Request:
    """The request of one use of an action. Arguments have been checked; files are Media.

    ``accept`` is one of the action's answer forms, by default its first; ``fallback`` renders the
    action's other path. Raises InvalidArguments where a value cannot stand where it has to go.
    """
    scope: Scope = {"inputs": arguments, "credential": target.credential}
    problems: list[Problem] = []
    spec = action.request
    method = str(template.fill(spec.method, scope)).upper()
    if method not in _METHODS:
        problems.append(Problem("method", f"is {method!r}; one of: {', '.join(sorted(_METHODS))}"))
    address = _address(spec, scope, target, authorization, fallback, problems)
    headers = _headers(integration, spec, scope, target, authorization, problems)
    body = _body(action, scope, problems)
    problems += _typed_twice(headers, body)
    limit = spec.max_bytes or integration.max_request_bytes
    problems += _oversize(body, limit)
    if problems:
        raise InvalidArguments(problems, action.title)
    chosen = _accept(spec, accept, fallback)
    if chosen and not any(name.lower() == "accept" for name, _ in headers):
        headers.insert(0, ("accept", chosen))
    return Request(
        method,
        address,
        (*headers, *authorization.headers),
        body,
        _timeout(integration, action),
        integration.max_response_bytes,
        secrets=Secrets((*authorization.secrets, *target.secrets, *_given_secrets(spec, scope))),
    )


@lru_cache(maxsize=1024)
def unused_inputs(action: Action) -> tuple[str, ...]:
    """The parameters that no template of the request uses, in their order: they are the body's fields."""
    spec = action.request
    used = template.references([spec.method, spec.path, spec.query, spec.headers, _templates(spec.body)])
    used |= template.references(action.output.kind)
    return tuple(name for name in action.parameters if f"inputs.{name}" not in used)


def _templates(body: BodySpec) -> list[Any]:
    return [body.kind, body.fields, body.files, body.json, body.content, body.content_type]


def _address(
    spec: RequestSpec,
    scope: Scope,
    target: Target,
    authorization: Authorization,
    fallback: bool,
    problems: list[Problem],
) -> str:
    text = spec.fallback.path if fallback and spec.fallback else spec.path
    path = "/"
    try:
        filled = template.fill(text, scope, url.encode_path) if template.is_template(text) else text
        path = path if filled is MISSING else str(filled)
    except url.UrlError as error:
        names = sorted(name.partition(".")[2] for name in template.references(text))
        problems.append(Problem(", ".join(names), str(error)))
    own = [(url.encode_query(name), url.encode_query(value)) for name, value in authorization.query]
    pairs = [*_query(spec, scope), *own]
    whole = url.with_query(url.join(target.base_url, path), pairs)
    if len(whole) > url.LONGEST:
        said = f"makes an address of more than {url.LONGEST:,} characters"
        problems.append(Problem(_longest([spec.path, spec.query], scope), said))
    return whole


def _longest(templates: Any, scope: Scope) -> str:
    """The parameter that fills most of these templates."""
    names = [name.partition(".")[2] for name in sorted(template.references(templates))]
    return max(names, key=lambda name: len(str(scope["inputs"].get(name, ""))), default="")


def _query(spec: RequestSpec, scope: Scope) -> Iterator[tuple[str, str]]:
    filled = template.fill_all(spec.query, scope)
    if filled is MISSING:
        return
    for name, value in filled.items():
        yield from parameter_styles.pairs(name, value, spec.styles.get(name), url.encode_query)


def _headers(
    integration: Integration,
    spec: RequestSpec,
    scope: Scope,
    target: Target,
    authorization: Authorization,
    problems: list[Problem],
) -> list[tuple[str, str]]:
    declared = template.fill_all(integration.headers, scope) | dict(target.headers)
    own = template.fill_all(spec.headers, scope)
    given = {} if own is MISSING else own
    from_caller = template.is_template(spec.headers)
    merged: dict[str, tuple[str, str]] = {}
    for name, value in [*declared.items(), *given.items()]:
        problem = _header_problem(name, value, authorization, caller=from_caller and name in given)
        if problem:
            problems.append(Problem(f"headers.{name}" if name in given else name, problem))
        else:
            merged[name.lower()] = (name, url.commas(value))
    return list(merged.values())


def _given_secrets(spec: RequestSpec, scope: Scope) -> Iterator[str]:
    """The values of headers that a caller made up, and that are not known to be harmless."""
    given = template.fill_all(spec.headers, scope) if template.is_template(spec.headers) else {}
    for name, value in given.items() if isinstance(given, Mapping) else ():
        if not is_harmless(name) and len(text := url.commas(value)) >= SHORTEST_HEADER:
            yield text


def _header_problem(name: str, value: Any, authorization: Authorization, *, caller: bool) -> str | None:
    if not _HEADER_NAME.fullmatch(name):
        return "is not the name of a header"
    read = canonical(name)
    if read in set(map(canonical, authorization.names)) or (caller and read in RESERVED_HEADERS):
        return "is set by the connection and cannot be given"
    if _CONTROL.search(url.commas(value)):
        return "must not hold line breaks or other control characters"
    try:
        url.commas(value).encode("latin-1")
    except UnicodeEncodeError:
        return "must not hold characters outside Latin-1"
    return None


def _typed_twice(headers: Iterable[tuple[str, str]], body: Body) -> list[Problem]:
    """A body says itself what it is: a form, by the boundary that only it knows."""
    given = [name for name, _ in headers if body is not None and name.lower() == "content-type"]
    said = "is set by the body, and cannot be given beside it; a raw or json body takes it as content_type"
    return [Problem(f"headers.{name}", said) for name in given]


def _accept(spec: RequestSpec, chosen: str | None, fallback: bool) -> str | None:
    if not spec.accept:
        return None
    wanted = chosen if chosen in spec.accept else spec.accept[0]
    other = spec.fallback.accept if fallback and spec.fallback else ()
    if not other or wanted in other:
        return wanted
    # The other path spells the same choice in its own way, in the same place.
    return other[min(spec.accept.index(wanted), len(other) - 1)]


def _body(action: Action, scope: Scope, problems: list[Problem]) -> Body:
    body = action.request.body
    kind = template.fill(body.kind, scope)
    make = _BODIES.get(kind)
    if make is None:
        problems.append(Problem("body", f"is {kind!r}; one of: {', '.join(_BODIES)}"))
        return None
    return make(action, body, scope)


def _none(action: Action, body: BodySpec, scope: Scope) -> Body:
    return None


def _json(action: Action, body: BodySpec, scope: Scope) -> Body:
    value = template.fill_all(body.json, scope) if body.json is not None else dict(_own_fields(action, scope))
    if value is MISSING:
        return None
    return Raw(parameter_styles.compact(value).encode(), _filled_type(body, scope) or "application/json")


def _form(action: Action, body: BodySpec, scope: Scope) -> Body:
    encoded = "&".join(f"{name}={value}" for name, value in _pairs(action, body, scope, quote_plus))
    return Raw(encoded.encode(), "application/x-www-form-urlencoded")


def _multipart(action: Action, body: BodySpec, scope: Scope) -> Body:
    return Multipart(
        tuple(_part(name, value, body.styles.get(name)) for name, value in _pairs(action, body, scope))
    )


def _raw(action: Action, body: BodySpec, scope: Scope) -> Body:
    content: Any = template.fill(body.content, scope) if body.content is not None else MISSING
    if content is MISSING:
        return None
    declared = _filled_type(body, scope)
    if is_content(content):
        return Raw(content, declared or getattr(content, "type", None) or "application/octet-stream")
    return Raw(url.text(content).encode(), declared or "text/plain; charset=utf-8")


_BODIES = {"none": _none, "json": _json, "form": _form, "multipart": _multipart, "raw": _raw}


def _filled_type(body: BodySpec, scope: Scope) -> str | None:
    filled = template.fill(body.content_type, scope) if body.content_type is not None else MISSING
    return None if filled is MISSING else str(filled)


def _own_fields(action: Action, scope: Scope) -> Iterator[tuple[str, Any]]:
    given = scope["inputs"]
    return ((name, given[name]) for name in unused_inputs(action) if name in given)


def _pairs(
    action: Action, body: BodySpec, scope: Scope, encode: parameter_styles.Encode = str
) -> Iterator[tuple[str, Any]]:
    """The fields of a form in their order; a list repeats its field where no style is declared."""
    if body.fields is None and body.files is None:
        named: Iterable[tuple[str, Any]] = _own_fields(action, scope)
    else:
        named = [*_mapping(body.fields, scope).items(), *_mapping(body.files, scope).items()]
    for name, value in named:
        if _holds_content(value):
            yield from ((name, item) for item in (value if isinstance(value, list | tuple) else [value]))
        else:
            yield from parameter_styles.pairs(name, value, body.styles.get(name), encode)


def _holds_content(value: Any) -> bool:
    return any(map(is_content, value)) if isinstance(value, list | tuple) else is_content(value)


def _mapping(value: Any, scope: Scope) -> Mapping[str, Any]:
    filled = template.fill_all(value, scope) if value is not None else MISSING
    return filled if isinstance(filled, Mapping) else {}


def _part(name: str, value: Any, style: str | None) -> Part:
    if not is_content(value):
        # Some servers only read a part as JSON that says so.
        return Part(name, url.text(value), None, "application/json" if style == "json" else None)
    return Part(name, value, getattr(value, "name", None) or name, getattr(value, "type", None))


def is_content(value: Any) -> bool:
    """Whether a value is a file rather than something that travels as text."""
    return not isinstance(value, str | int | float) and isinstance(value, Content)


def body_size(body: Body) -> int:
    """The bytes of the values in a body; what frames them is not counted."""
    if body is None:
        return 0
    if isinstance(body, Raw):
        return len(body.content) if isinstance(body.content, bytes) else body.content.size
    return sum(
        len(part.value.encode()) if isinstance(part.value, str) else part.value.size for part in body.parts
    )


def _oversize(body: Body, limit: int | None) -> list[Problem]:
    """A body larger than the upstream takes, told at its largest file."""
    size = body_size(body)
    if limit is None or size <= limit:
        return []
    parts = body.parts if isinstance(body, Multipart) else ()
    largest = max(parts, key=lambda part: body_size(Multipart((part,))), default=None)
    return [
        Problem(largest.name if largest else "body", f"makes the request {size:,} bytes; at most {limit:,}")
    ]


def _timeout(integration: Integration, action: Action) -> Timeout:
    own, common, standard = action.timeout, integration.timeout, Timeout()
    return Timeout(
        own.connect or common.connect or standard.connect,
        own.read or common.read or standard.read,
        own.total or common.total or standard.total,
    )
