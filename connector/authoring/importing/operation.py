"""One method of one path, in one form whichever version of OpenAPI it was written in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

_HOLE = re.compile(r"\{([^{}]+)\}")
_QUERY_IN_BRACES = re.compile(r"\{[?&][^{}]*\}")
_EMPTY = frozenset({"204", "205"})
_MEDIA = ("image/", "audio/", "video/", "model/")
METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the path, the query, the headers or the cookies.

    ``style`` is a spec's word for how a list or an object is written; None stands for the repeated name.
    """

    place: str
    name: str
    schema: Any
    required: bool
    description: str
    style: str | None = None


@dataclass(frozen=True, slots=True)
class BodyForm:
    """One form in which a body can be sent; ``styles`` are of its fields."""

    type: str
    schema: Any
    styles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BodyForms:
    """What a request carries: in one of several forms, the first being the document's first."""

    contents: tuple[BodyForm, ...]
    required: bool
    description: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """The media types of a success. ``bare`` are the statuses for which none is declared."""

    types: tuple[str, ...] = ()
    bare: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportedOperation:
    """``security`` None means: as the document has it. ``servers`` are the operation's own.

    ``extra`` holds the document's own words for it and its body, which begin with ``x-``.
    """

    method: str
    path: str
    id: str
    summary: str
    description: str
    tags: tuple[str, ...]
    deprecated: bool
    documentation: str
    parameters: tuple[Parameter, ...]
    body: BodyForms | None
    answers: Answers
    security: Any
    servers: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def bare_path(self) -> str:
        """Without a query, and without what some write behind # to tell operations apart."""
        return _parted(self.path)[0]

    @property
    def fixed_query(self) -> dict[str, str]:
        """What stands behind a question mark in the path and has no holes: it is always sent."""
        return {name: value for name, value in _parted(self.path)[1].items() if "{" not in value}

    @property
    def odd_query(self) -> dict[str, str]:
        """What stands there and is made of holes and more."""
        known = {**self.fixed_query, **query_holes(self.path)}
        return {name: value for name, value in _parted(self.path)[1].items() if name not in known}


def query_holes(path: str) -> dict[str, str]:
    """Parameters that stand as holes in a query behind the path, and what their holes are called."""
    found = ((name, _HOLE.fullmatch(value)) for name, value in _parted(path)[1].items())
    return {name: hole[1] for name, hole in found if hole}


def _parted(path: str) -> tuple[str, dict[str, str]]:
    # A query in braces, as in {?page,size}, names parameters that are declared elsewhere.
    address, _, query = _QUERY_IN_BRACES.sub("", path).partition("#")[0].partition("?")
    return address, dict(parse_qsl(query, keep_blank_values=True))


def own_words(*nodes: Mapping[str, Any]) -> dict[str, Any]:
    """The words of a document that are none of OpenAPI's."""
    return {word: value for node in nodes for word, value in node.items() if word.startswith("x-")}


def media_type(text: str) -> str:
    """A media type without its charset, in lower case; other parameters tell forms apart and stay."""
    whole, *parameters = [part.strip() for part in text.split(";")]
    kept = [part for part in parameters if part and not part.lower().startswith("charset")]
    return ";".join([whole.lower(), *kept])


def successes(responses: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that are a success, by status; where none is, what is declared for all the rest."""
    found = {str(code): node for code, node in responses.items() if str(code)[:1] == "2"}
    return found or {code: node for code, node in responses.items() if code == "default"}


def output(operation: ImportedOperation) -> dict[str, Any]:
    """The words under ``output``: of one kind where all forms are of that kind, else as it comes."""
    forms = [form.partition(";")[0] for form in operation.answers.types]
    bare = operation.answers.bare
    if not forms:
        return {"kind": "none" if bare and set(bare) <= _EMPTY else "auto"}
    kinds = {next(kind for fits, kind in _KINDS if fits(form)) for form in forms}
    kind = kinds.pop() if len(kinds) == 1 and set(bare) <= _EMPTY else "auto"
    # A document lists the types that it thought of; what else comes is no reason to lose a file.
    exact = [form for form in forms if re.fullmatch(r"[^/\s*]+/[^/\s]+", form)]
    if kind == "media":
        return {"kind": kind, "types": sorted(set(exact))} if exact else {"kind": "binary"}
    return {"kind": kind}


_KINDS: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda form: form == "application/json" or form.endswith("+json") or form == "text/json", "json"),
    (lambda form: form in ("text/event-stream", "application/x-ndjson", "application/stream+json"), "stream"),
    (lambda form: form.startswith(_MEDIA) and form.count("/") == 1 and "*" not in form, "media"),
    (lambda form: form.startswith("text/") or form.endswith(("/xml", "+xml", "/yaml")), "text"),
    (lambda form: "*" in form, "auto"),
    (lambda form: True, "binary"),
)
