"""Swagger 2.0 schemas: a JSON Schema of today, as far as Swagger can say it; the host checks the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connector.spec.model import JsonSchema
from connector.spec.schema.coerce import types

_KEPT = frozenset(
    (
        *("title", "description", "format", "pattern", "minLength", "maxLength", "minItems", "maxItems"),
        *("minimum", "maximum", "multipleOf", "uniqueItems", "enum", "required"),
    )
)
_COMPONENTS, _DEFINITIONS = "#/components/schemas/", "#/definitions/"


def older(schema: JsonSchema) -> dict[str, Any]:
    """The schema with one type, no alternatives, and references to definitions."""
    if "$ref" in schema:
        return {"$ref": schema["$ref"].replace(_COMPONENTS, _DEFINITIONS)}
    if "anyOf" in schema:
        return _chosen(schema)
    told = {name: rule for name, rule in schema.items() if name in _KEPT} | kind(schema)
    for name, convert in _PARTS.items():
        if name in schema:
            told |= convert(schema[name])
    return told


def kind(schema: JsonSchema) -> dict[str, Any]:
    """The one type that a value has; nothing where it may be anything."""
    named = next((one for one in types(schema) if one != "null"), None)
    if named is None and "enum" in schema:
        named = "string"
    return {"type": named} if named else {}


def _chosen(schema: JsonSchema) -> dict[str, Any]:
    """Of a value that may be absent the other alternative; of several nothing but what is said of it."""
    others = [one for one in schema["anyOf"] if one.get("type") != "null"]
    said = {name: schema[name] for name in ("title", "description") if name in schema}
    if len(others) != 1:
        return {**said, **kind(schema)}
    found = older(others[0])
    return found if "$ref" in found else {**found, **said, "x-nullable": True}


_PARTS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "properties": lambda named: {"properties": {name: older(one) for name, one in named.items()}},
    "items": lambda items: {"items": older(items)},
    "const": lambda value: {"enum": [value]},
    "exclusiveMinimum": lambda least: {"minimum": least, "exclusiveMinimum": True},
    "exclusiveMaximum": lambda most: {"maximum": most, "exclusiveMaximum": True},
}
