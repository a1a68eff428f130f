"""The request of an action: its inputs, where each parameter goes, and what the body is made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote

from connector.authoring.importing.operation import BodyForm, BodyForms, ImportedOperation, Parameter
from connector.authoring.importing.parse_document import Json, mapping, names
from connector.authoring.importing.report import Remarks, Unfit
from connector.authoring.importing.schemas import Converted, Schemas, is_read_only
from connector.authoring.importing.texts import sentence, snake, title, unique
from connector.authoring.secret_scan import looks_secret
from connector.engine.render import SAFE_METHODS
from connector.spec import url
from connector.spec.header_names import RESERVED_HEADERS, canonical
from connector.spec.template import is_template

_IN_PATH = re.compile(r"\{([^{}/]+)\}")
_FORM = re.compile(r"[^/\s]+/[^/\s]+")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# OpenAPI says to ignore these, and every HTTP library sets them by itself.
_NO_PARAMETERS = frozenset({"accept", "content-type", "authorization"})
_MOST_FIELDS = 200
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,30}", re.ASCII)


class Requests:
    """Makes the request of one operation, and its inputs on the way."""

    def __init__(
        self, operation: ImportedOperation, schemas: Schemas, sent: frozenset[str], remarks: Remarks
    ) -> None:
        self._operation = operation
        self._schemas = schemas
        self._sent = sent
        self._remarks = remarks
        self.inputs = Inputs(remarks)

    def request(self) -> dict[str, Any]:
        """The words under ``request``; raises Unfit where there can be none."""
        operation = self._operation
        if operation.method == "TRACE":
            raise Unfit("TRACE is no method that is sent")
        path, query = self._path()
        headers = self._headers()
        own_query, styles = self._query()
        body = self._body()
        # Where no header is declared to take forms of answer, they are those of the answers, JSON first.
        answered = sorted(operation.answers.types, key=lambda form: not _is_json(form))
        found = {
            "method": operation.method,
            "path": path,
            "query": query | own_query,
            "styles": styles,
            "headers": headers,
            "accept": asked_forms(operation, self._schemas) or _readable(answered),
            "body": body,
        }
        return {word: value for word, value in found.items() if value}

    def _of(self, place: str) -> list[Parameter]:
        return [one for one in self._operation.parameters if one.place == place]

    def _path(self) -> tuple[str, dict[str, str]]:
        declared = {bare_name(one.name): one for one in self._of("path")}
        path = self._operation.bare_path
        if {".", ".."} & {*unquote(path).split("/")}:
            raise Unfit("its path has the segments . or ..")
        pieces = _IN_PATH.split(path if path.startswith("/") else f"/{path}")
        for name in sorted(declared.keys() - path_names(self._operation)):
            self._remarks.add(f"{name} is declared for the path, which has no such hole", "it is left out")
        # Every second piece is what stood in braces.
        pieces[1::2] = [self._segment(name, declared) for name in pieces[1::2]]
        pieces[::2] = map(_literal, pieces[::2])
        for name, value in self._operation.odd_query.items():
            self._remarks.add(f"{name} is in the path's query, as {value[:40]!r}", "it is left out")
        return "".join(pieces), self._operation.fixed_query

    def _segment(self, name: str, declared: Mapping[str, Parameter]) -> str:
        plain = bare_name(name)
        one = declared.get(plain)
        if one is None:
            self._remarks.add(f"{plain} of the path is not declared", "it is a text")
            one = Parameter("path", plain, {"type": "string"}, True, "")
        found = self._converted(one)
        self._commas_for(one, found)
        return _before(one) + hole(self.inputs.add(plain, "path", found, required=True, about=_about(one)))

    def _commas_for(self, one: Parameter, found: Converted) -> None:
        """Parts in a path or a header have commas between, whatever the document asks for."""
        if one.style is not None and "exploded" in one.style and _has_parts(found.schema):
            self._remarks.add(f"{one.name}: it is written in the style {one.style}", "it has commas between")

    def _converted(self, one: Parameter) -> Converted:
        return self._schemas.converted(one.schema)

    def _query(self) -> tuple[dict[str, Any], dict[str, str]]:
        found: dict[str, Any] = {}
        styles: dict[str, str] = {}
        for one in self._of("query"):
            if f"query {one.name}" in self._sent:
                continue  # the connection sends it
            converted = self._converted(one)
            found[one.name] = self._constant(one, converted) or self._given(one, converted)
            if one.style is not None and (one.style == "json" or _has_parts(converted.schema)):
                styles[one.name] = one.style
        return found, styles

    def _headers(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self._cookies()
        for one in self._of("header"):
            name = one.name.lower()
            if name in _NO_PARAMETERS or f"header {name}" in self._sent:
                continue
            if not can_be_given(one):
                self._remarks.add(
                    f"{one.name} is asked for as a header", "only the connection sets that; it is left out"
                )
                continue
            converted = self._converted(one)
            self._commas_for(one, converted)
            found[one.name] = self._constant(one, converted) or self._given(one, converted)
        return found

    def _cookies(self) -> None:
        for one in self._of("cookie"):
            if f"cookie {one.name}" not in self._sent:
                self._remarks.add(f"{one.name} is asked for as a cookie", "no cookie is sent; it is left out")

    def _given(self, one: Parameter, converted: Converted) -> str:
        return hole(self.inputs.add(one.name, one.place, converted, required=one.required, about=_about(one)))

    def _constant(self, one: Parameter, converted: Converted) -> str | None:
        """What must be there and can have only one value needs nobody to give it."""
        values = converted.schema.get("enum", ())
        if not one.required or len(values) != 1 or not isinstance(values[0], str | int | float):
            return None
        found = url.text(values[0])
        fits = found and found.isascii() and not is_template(found) and not looks_secret(found)
        return found if fits else None

    def _body(self) -> Any:
        body = self._operation.body
        if body is None:
            return None
        if self._operation.method in SAFE_METHODS:
            self._remarks.add(f"a {self._operation.method} with a body", "it is sent without")
            return None
        content = chosen(body.contents, self._schemas)
        make = next(make for fits, make in _MAKERS if fits(content.type))
        return make(self, body, content)

    def _json(self, body: BodyForms, content: BodyForm) -> Any:
        kind = {} if content.type in _PLAIN_JSON else {"content_type": _sendable(content.type)}
        fields = self._fields(body, content, files=False)
        if fields is None:
            name = self._whole(body, self._schemas.converted(content.schema))
            return {"kind": "json", **kind, "json": hole(name)}
        if not kind and all(hole(name) == value for name, value in fields.items()):
            return "json"
        return {"kind": "json", **kind, "json": fields}

    def _form(self, body: BodyForms, content: BodyForm) -> Any:
        kind = "multipart" if content.type.startswith("multipart/") else "form"
        fields = self._fields(body, content, files=kind == "multipart")
        if fields is None:
            found = Converted({"type": "object"}, 1)
            return {"kind": kind, "fields": hole(self._whole(body, found))}
        styles = {name: style for name, style in content.styles.items() if name in fields}
        if not styles and all(hole(name) == value for name, value in fields.items()):
            return kind
        return {"kind": kind, "fields": fields} | ({"styles": styles} if styles else {})

    def _raw(self, body: BodyForms, content: BodyForm) -> Any:
        is_text = content.type.startswith("text/") or "xml" in content.type or "yaml" in content.type
        schema: Json = {"type": "string"} if is_text else {"type": "string", "format": "binary"}
        found = {"kind": "raw", "content": hole(self._whole(body, Converted(dict(schema))))}
        # Of several types a file has its own.
        is_open = "*" in content.type or (not is_text and len(body.contents) > 1)
        return found if is_open else {**found, "content_type": _sendable(content.type)}

    def _whole(self, body: BodyForms, found: Converted) -> str:
        about = (
            sentence(body.description, 300) or found.schema.get("description") or "What is sent as the body."
        )
        return self.inputs.add("body", "body", found, required=body.required, about=about)

    def _fields(self, body: BodyForms, content: BodyForm, *, files: bool) -> dict[str, str] | None:
        """An input for each field of an object; None where the body is one value as a whole."""
        schema = self._schemas.flat(content.schema)
        properties = {
            name: inner
            for name, inner in mapping(schema.get("properties")).items()
            if not is_read_only(inner)
        }
        if not properties or len(properties) > _MOST_FIELDS or (_is_varied(schema) and not files):
            return None
        self._lost(schema)
        needed = names(schema.get("required"))
        converted = self._schemas.together(properties, files=files)
        own = {
            name: self.inputs.add(name, "body", found, required=body.required and name in needed)
            for name, found in converted.items()
        }
        if not body.required:
            self.inputs.together([*own.values()], [own[name] for name in needed if name in own])
        return {name: hole(input) for name, input in own.items()}

    def _lost(self, schema: Json) -> None:
        if schema.get("additionalProperties"):
            self._remarks.add(
                "the body can have fields that are not named", "only the named ones can be given"
            )
        if _is_varied(schema):
            self._remarks.add("the form has alternatives", "the fields that all have can be given")


def path_names(operation: ImportedOperation) -> list[str]:
    """What the holes of an operation's path are called, in order."""
    return [bare_name(name) for name in _IN_PATH.findall(operation.bare_path)]


def bare_name(name: str) -> str:
    """The name of a hole without what some write around it, as in ``{+name}`` and ``{name*}``."""
    return name.lstrip("+").rstrip("*") or name


def can_be_given(one: Parameter) -> bool:
    """Whether a caller may set it: cookies and some headers are the connection's alone."""
    if one.place != "header":
        return one.place != "cookie"
    name = canonical(one.name)
    return name not in _NO_PARAMETERS | RESERVED_HEADERS and bool(_HEADER.fullmatch(one.name))


def asked_forms(operation: ImportedOperation, schemas: Schemas) -> list[str]:
    """The forms of answer that the header ``Accept`` is declared to take."""
    named = [one for one in operation.parameters if one.place == "header" and one.name.lower() == "accept"]
    told = [form for one in named for form in schemas.converted(one.schema).schema.get("enum", ())]
    return _readable([form for form in told if isinstance(form, str)])


def _readable(forms: list[str]) -> list[str]:
    return [form for form in dict.fromkeys(forms) if _FORM.fullmatch(form) and form.isascii()][:8]


def _before(one: Parameter) -> str:
    """What OpenAPI's styles label and matrix put before a value in the path."""
    style = (one.style or "").partition(",")[0]
    return {"label": ".", "matrix": f";{quote(one.name, safe='')}="}.get(style, "")


def _literal(piece: str) -> str:
    if is_template(piece) or "{" in piece or "}" in piece or any(ord(one) <= 32 for one in piece):
        raise Unfit(f"its path cannot be read at {piece[:40]!r}")
    return piece


def _about(one: Parameter) -> str:
    return sentence(one.description, 300)


def _has_parts(schema: Json) -> bool:
    kinds = schema.get("type", ())
    named = [kinds] if isinstance(kinds, str) else list(kinds)
    return bool({"array", "object"} & set(named)) or "anyOf" in schema


def _is_varied(schema: Json) -> bool:
    """Whether fields hang together in ways that single inputs do not tell."""
    return any(word in schema for word in ("anyOf", "oneOf", "not", "if"))


_PLAIN_JSON = frozenset({"application/json", "text/json", "*/*", "application/*", "application/*+json"})


def _is_json(form: str) -> bool:
    bare = form.partition(";")[0]
    return bare in _PLAIN_JSON or bare.endswith("json") or bare.endswith("jsonl")


def _is_form(form: str) -> bool:
    return form.startswith(("multipart/", "application/x-www-form-urlencoded"))


def _sendable(form: str) -> str:
    if is_template(form) or not form.isascii() or not form.isprintable():
        raise Unfit(f"it has a body of the type {form[:40]!r}")
    return form


def kind(form: str) -> str:
    """The kind of a body of this media type."""
    if _is_form(form):
        return "multipart" if form.startswith("multipart/") else "form"
    return "json" if _is_json(form) else "raw"


Maker = Callable[[Requests, BodyForms, BodyForm], Any]
_MAKERS: tuple[tuple[Callable[[str], bool], Maker], ...] = (
    (_is_json, Requests._json),
    (_is_form, Requests._form),
    (lambda form: True, Requests._raw),
)


def chosen(contents: Iterable[BodyForm], schemas: Schemas) -> BodyForm:
    """The form in which a body is sent: JSON, unless only a multipart form can carry its files."""
    several = list(contents)
    with_files = [one for one in several if one.type.startswith("multipart/") and _has_file(one, schemas)]
    order: list[Callable[[BodyForm], bool]] = [
        lambda one: one in with_files,
        lambda one: _is_json(one.type),
        lambda one: one.type.startswith("application/x-www-form-urlencoded"),
        lambda one: one.type.startswith("multipart/"),
    ]
    for fits in order:
        if found := next(filter(fits, several), None):
            return found
    return several[0]


def _has_file(content: BodyForm, schemas: Schemas) -> bool:
    properties = mapping(schemas.flat(content.schema).get("properties"))
    made = (schemas.converted(node, files=True).schema for node in properties.values())
    return any("binary" in (one.get("format"), mapping(one.get("items")).get("format")) for one in made)


class Inputs:
    """Inputs in their order; ``add`` gives the hole that stands for one."""

    def __init__(self, remarks: Remarks) -> None:
        self.properties: dict[str, dict[str, Any]] = {}
        self.required: list[str] = []
        self._together: tuple[list[str], list[str]] | None = None
        self._remarks = remarks

    def add(self, name: str, place: str, found: Converted, *, required: bool, about: str = "") -> str:
        """Adds an input; gives its name, which is the document's where a template can hold that."""
        own = unique(self._readable(name, place), self.properties, "_")
        schema = dict(found.schema)
        described = about or schema.pop("description", "")
        schema.pop("description", None)
        self.properties[own] = {"description": _described(described, name, place), **schema}
        if required:
            self.required.append(own)
        for remark in found.remarks:
            self._remarks.add(f"{name}: {remark.what}", remark.instead)
        return own

    def _readable(self, name: str, place: str) -> str:
        own = name if _NAME.fullmatch(name) else snake(name) or place
        return own if own not in self.properties else f"{place}_{own}"

    def together(self, fields: list[str], needed: list[str]) -> None:
        """Where any of these inputs is given, some of them must be: what may be left out is their whole."""
        self._together = (fields, needed) if needed else None

    def schema(self) -> dict[str, Any]:
        required = {"required": self.required} if self.required else {}
        found = {"type": "object", "additionalProperties": False, **required, "properties": self.properties}
        if self._together is None:
            return found
        fields, needed = self._together
        return {**found, "if": {"properties": dict.fromkeys(fields, False)}, "else": {"required": needed}}


def hole(name: str) -> str:
    """The template that stands for an input."""
    return "{{ inputs." + name + " }}"


def _described(text: str, name: str, place: str) -> str:
    text = text.strip()
    if len(text) >= 5:
        return text
    words = title(name) or sentence(name, 80) or "A value"
    return f"{words}: {text}, in the {place}." if text else f"{words}, in the {place}."
