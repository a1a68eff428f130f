"""An OpenAPI document (3.0 or 3.1) as a list of operations, their fields resolved and in one dialect.

References are followed, ``allOf`` is folded, and 3.0's spelling becomes JSON Schema's, so that whoever
compares finds one schema for each field. Conditions (``if``, ``not``, alternatives) stay out of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from connector import yamlfile
from connector.errors import Problem

METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "trace")
# Parameters that OpenAPI says to ignore, and that every HTTP library sets by itself.
_NOT_FIELDS = frozenset({"accept", "content-type", "authorization"})
_DEPTH = 24

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that an operation takes: in its path, query, headers or body.

    ``required`` is None for what a body must have that may itself be left out.
    """

    place: str
    name: str
    schema: Json
    required: bool | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. ``bodies`` are the media types that it takes.

    ``extra`` holds the document's own words for it, which begin with ``x-``.
    """

    method: str
    path: str
    fields: tuple[Field, ...]
    accept: tuple[str, ...]
    bodies: tuple[str, ...]
    deprecated: bool
    extra: Json

    @property
    def legacy(self) -> bool:
        return bool(self.extra.get("x-legacy"))

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def read(path: Path) -> tuple[tuple[Operation, ...], tuple[Problem, ...]]:
    """The document's operations, or what is wrong with it."""
    document, problems = _value(path)
    problems = problems or tuple(_invalid(document, path.name))
    if problems:
        return (), problems
    return tuple(_operations(document)), ()


def _value(path: Path) -> tuple[Any, tuple[Problem, ...]]:
    if path.suffix != ".json":
        document = yamlfile.read(path, path.name)
        return document.value, document.problems
    import json

    try:
        return json.loads(path.read_text(encoding="utf-8-sig")), ()
    except json.JSONDecodeError as error:
        return None, (Problem("", f"is not JSON: {error.msg}", path.name, error.lineno),)
    except RecursionError:
        return None, (Problem("", "is nested too deeply", path.name),)
    except UnicodeDecodeError:
        return None, (Problem("", "is not UTF-8 text; save it as UTF-8", path.name),)
    except OSError as error:
        return None, (Problem("", f"cannot be read: {error.strerror or error}", path.name),)


def _invalid(document: Any, name: str) -> Iterator[Problem]:
    version = str(document.get("openapi", "")) if isinstance(document, Mapping) else ""
    if not version.startswith(("3.0", "3.1")):
        yield Problem("openapi", "is not an OpenAPI document of version 3.0 or 3.1", name)
        return
    try:
        from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
    except ImportError:  # the extra `check` is not installed: the document is taken as it is
        return
    validator = OpenAPIV30SpecValidator if version.startswith("3.0") else OpenAPIV31SpecValidator
    try:
        for error in validator(dict(document)).iter_errors():
            place = ".".join(str(part) for part in getattr(error, "absolute_path", ()))
            yield Problem(place, f"is not valid OpenAPI: {str(getattr(error, 'message', error))[:200]}", name)
    except Exception as error:  # of a document that is far off, it raises whatever it stumbles over
        yield Problem("", f"is not valid OpenAPI: {type(error).__name__}: {str(error)[:200]}", name)


def _operations(document: Json) -> Iterator[Operation]:
    reader = _Reader(document)
    for path, item in document.get("paths", {}).items():
        item = reader.resolved(item)
        for method in METHODS:
            if method in item:
                yield reader.operation(method, path, item)


class _Reader:
    """Reads nodes of one document."""

    def __init__(self, document: Json) -> None:
        self._document = document

    def operation(self, method: str, path: str, item: Json) -> Operation:
        raw = item[method]
        parameters = self._parameters(item, raw)
        body = self.resolved(raw.get("requestBody", {}))
        content = body.get("content", {})
        extra = {
            name: value for source in (body, raw) for name, value in source.items() if name.startswith("x-")
        }
        return Operation(
            method.upper(),
            path,
            (*self._plain_fields(parameters), *self._body_fields(content, body.get("required") is True)),
            self._accept(parameters),
            tuple(media.partition(";")[0].strip().lower() for media in content),
            bool(raw.get("deprecated") or raw.get("x-removed")),
            extra,
        )

    def resolved(self, node: Any, depth: int = 0) -> Json:
        """The node, or what it refers to within the document; nothing where that is not there."""
        if not isinstance(node, Mapping):
            return {}
        reference = node.get("$ref")
        if not isinstance(reference, str) or depth > _DEPTH:
            return node
        beside = {name: value for name, value in node.items() if name != "$ref"}
        return {**self.resolved(self._pointed(reference), depth + 1), **beside}

    def _pointed(self, reference: str) -> Any:
        node: Any = self._document if reference.startswith("#/") else None
        for part in reference[2:].split("/"):
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            node = node.get(key) if isinstance(node, Mapping) else None
        return node

    def _parameters(self, item: Json, raw: Json) -> list[Json]:
        """The path's own parameters, each replaced by the operation's of the same place and name."""
        both = [self.resolved(each) for source in (item, raw) for each in source.get("parameters", ())]
        return list({(each.get("in"), each.get("name")): each for each in both}.values())

    def _plain_fields(self, parameters: list[Json]) -> Iterator[Field]:
        for each in parameters:
            place, name = str(each.get("in")), str(each.get("name"))
            if place == "cookie" or (place == "header" and name.lower() in _NOT_FIELDS):
                continue
            schema = self.schema(each.get("schema", {}))
            yield Field(
                place, name.lower() if place == "header" else name, schema, bool(each.get("required"))
            )

    def _body_fields(self, content: Json, is_required: bool) -> Iterator[Field]:
        for media in content.values():
            whole = self.resolved(self.resolved(media).get("schema", {}))
            schema = self.schema(whole)
            required = schema.get("required", ())
            for name, entry in schema.get("properties", {}).items():
                if self.resolved(entry).get("readOnly") is True:
                    continue  # only answers have it
                implied = _implied([branch[name] for branch in self._branches(whole) if name in branch])
                needed = (is_required or None) if name in required else False
                yield Field("body", name, {**self.schema(entry), "x-implied": implied}, needed)
            return  # the same fields in another encoding

    def _branches(self, schema: Json) -> Iterator[Json]:
        """The fields of each branch of each condition."""
        for rule in schema.get("allOf", ()):
            for keyword in ("then", "else"):
                if "if" in rule and keyword in rule:
                    yield self.resolved(rule[keyword]).get("properties", {})

    def _accept(self, parameters: list[Json]) -> tuple[str, ...]:
        for each in parameters:
            if each.get("in") == "header" and str(each.get("name")).lower() == "accept":
                schema = self.schema(each.get("schema", {}))
                return tuple(schema.get("enum", ()))
        return ()

    def schema(self, node: Any, seen: frozenset[str] = frozenset()) -> Json:
        """The schema with its references followed and its parts folded into one."""
        reference = node.get("$ref", "") if isinstance(node, Mapping) else ""
        if reference in seen:
            return {}
        seen |= {reference} - {""}
        found = dict(self.resolved(node))
        for part in found.pop("allOf", ()):
            found = _folded(found, self.schema(part, seen))
        for keyword in ("anyOf", "oneOf"):
            found = self._without_null(found, keyword, seen)
        return _modern(found)

    def _without_null(self, schema: dict[str, Any], keyword: str, seen: frozenset[str]) -> dict[str, Any]:
        """``anyOf: [X, null]`` is how some generators say that X is optional."""
        options = [option for option in schema.get(keyword, ()) if option != {"type": "null"}]
        if len(options) != 1:
            return schema
        rest = {name: value for name, value in schema.items() if name != keyword}
        return _folded(rest, self.schema(options[0], seen))


def _folded(one: Json, other: Json) -> dict[str, Any]:
    """The schema that asks for both: limits at their narrowest."""
    if {"if", "not"} & other.keys():
        return dict(one)
    found = {**other, **one}
    for keyword, fold in _FOLDS.items():
        if keyword in one and keyword in other:
            found[keyword] = fold(one[keyword], other[keyword])
    return found


_FOLDS: Mapping[str, Any] = {
    "properties": lambda one, other: {**other, **one},
    "required": lambda one, other: list(dict.fromkeys([*one, *other])),
    "enum": lambda one, other: [value for value in one if value in other],
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems"), min),
}


def _implied(branches: list[Json]) -> Json:
    """The limits that hold whichever branch is taken: the widest of them."""
    plain = [branch for branch in branches if isinstance(branch, Mapping)]
    widest = (("minimum", min), ("minLength", min), ("maximum", max), ("maxLength", max))
    found = {
        keyword: (fold, [branch[keyword] for branch in plain if keyword in branch])
        for keyword, fold in widest
    }
    return {keyword: fold(limits) for keyword, (fold, limits) in found.items() if limits}


def _modern(schema: dict[str, Any]) -> dict[str, Any]:
    """3.0's booleans beside a limit become limits, its ``nullable`` a type, and a constant a list of one."""
    for exclusive, plain in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if schema.get(exclusive) is True and plain in schema:
            schema[exclusive] = schema.pop(plain)
        elif isinstance(schema.get(exclusive), bool):
            del schema[exclusive]
    if schema.get("type") is not None and schema.pop("nullable", False):
        schema["type"] = [schema["type"], "null"]
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
    return schema
