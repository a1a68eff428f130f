"""Plain JSON Schema for readers elsewhere, of the schemas of specs, which have words of their own.

What only our forms read becomes ``x-...``; an open enum becomes what it means: known values, or any other;
a file becomes what stands for one in JSON, the part of a form that it is, or what a tool is given for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from connector.spec.model import JsonSchema
from connector.spec.schema import describe
from connector.spec.schema.fast_path import OWN_WORDS

Shape = Literal["json", "form", "tool"]

_DROPPED = frozenset({"open", "secret", "visible"})
_RENAMED = {name: f"x-{name.replace('_', '-')}" for name in sorted(OWN_WORDS - _DROPPED)}
# A model reads every word of a tool's schema, and has no form to fill in.
_OF_FORMS = frozenset({*_RENAMED.values(), "title", "examples"}) - {"x-unit"}
_SCHEMA = frozenset(
    ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")
)
_SCHEMAS = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
_NAMED = frozenset(("properties", "patternProperties", "dependentSchemas", "$defs"))
_KEPT_OF_FILES = ("title", "description", "examples")


def plain(schema: Any, shape: Shape = "json") -> Any:
    """The schema without words of our own."""
    return _plain(schema, shape) if isinstance(schema, Mapping) else schema


def _plain(schema: JsonSchema, shape: Shape) -> dict[str, Any]:
    if schema.get("format") == "binary":
        return _file(schema, shape)
    told = {_RENAMED.get(name, name): _part(name, value, shape) for name, value in schema.items()}
    dropped = _DROPPED | _OF_FORMS if shape == "tool" else _DROPPED
    kept = {name: value for name, value in told.items() if name not in dropped}
    return _opened(kept) if schema.get("open") is True and "enum" in kept else kept


def _part(name: str, value: Any, shape: Shape) -> Any:
    if name in _SCHEMA:
        return plain(value, shape)
    if name in _SCHEMAS:
        return [plain(each, shape) for each in value]
    if name in _NAMED:
        return {key: plain(each, shape) for key, each in value.items()}
    return value


def _opened(schema: dict[str, Any]) -> dict[str, Any]:
    known = {"enum": schema.pop("enum")}
    return {**schema, "anyOf": [known, {"description": "Any other is sent as it is."}]}


def _file(schema: JsonSchema, shape: Shape) -> dict[str, Any]:
    if shape == "tool":
        return _of_tool(schema)
    about = {name: schema[name] for name in _KEPT_OF_FILES if name in schema}
    about |= {_RENAMED[name]: schema[name] for name in _RENAMED if name in schema}
    return {**_FILES[shape](), **about}


def _of_tool(schema: JsonSchema) -> dict[str, Any]:
    """The text that a tool is given for a file. Its sides and bytes, which no model sees, are told when
    they are wrong; how a file is given depends on where the tool runs, and is told of all tools at once."""
    told = {name: rule for name, rule in schema.get("file", {}).items() if name in _TOLD_OF_FILES}
    said = f"File: {', '.join(describe.limits({'file': told})) or 'any'}."
    return {"type": "string", "description": " ".join(filter(None, (schema.get("description"), said)))}


_TOLD_OF_FILES = frozenset(("formats", "dimensions", "min_seconds", "max_seconds"))


_FILES: Mapping[Shape, Callable[[], dict[str, Any]]] = {
    "json": lambda: {"anyOf": [{"$ref": "#/components/schemas/GivenFile"}]},
    # The format is OpenAPI 3.0's word for a file, which generators of clients look for.
    "form": lambda: {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"},
}
