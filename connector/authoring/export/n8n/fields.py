"""Parameters of an n8n node, made of the inputs of an action.

What is required stands by itself, and what is optional is added from a list, so that what nobody added is
not sent. What n8n cannot say is told by the description, and checked by the host.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.authoring.export.n8n.lint_rules import Property, sentences, spelt, usual
from connector.authoring.export.n8n.naming import order, parameter
from connector.authoring.export.swagger_schema import older
from connector.authoring.export.texts import described, titled
from connector.spec.model import Action, JsonSchema

_ADDED = "additionalFields"
_LONG_TEXT = 500


@dataclass(frozen=True, slots=True)
class Fields:
    """The parameters of an action's operation, and which of its inputs are files or written as JSON."""

    properties: tuple[Property, ...]
    files: tuple[str, ...]
    jsons: tuple[str, ...]


def fields(action: Action, shown: Mapping[str, list[str]]) -> Fields:
    """The parameters of an action, which are seen where ``shown`` says."""
    required = action.inputs.get("required", ())
    named: dict[str, str] = {}
    for name in action.parameters:
        named[name] = parameter(name, named.values())
    alone: list[Property] = []
    added: list[Property] = []
    for name, schema in action.parameters.items():
        (alone if name in required else added).append(_property(name, named[name], schema))
    conditions = {"displayOptions": {"show": dict(shown)}}
    properties = [one | {"required": True} | conditions for one in alone]
    if added:
        properties.append(_collection(added) | conditions)
    kinds = {name: _kind(schema) for name, schema in action.parameters.items()}
    return Fields(
        tuple(properties),
        tuple(name for name, kind in kinds.items() if kind == "file" or _has_files(action.parameters[name])),
        tuple(name for name, kind in kinds.items() if kind == "json"),
    )


def _collection(added: list[Property]) -> Property:
    return {
        "displayName": "Additional Fields",
        "name": _ADDED,
        "type": "collection",
        "placeholder": "Add Field",
        "default": {},
        "options": sorted(added, key=lambda one: order(one["displayName"])),
    }


def _property(name: str, as_named: str, schema: JsonSchema) -> Property:
    kind = _kind(schema)
    found = {
        "displayName": spelt(titled(schema.get("title") or name)),
        "name": as_named,
        **_typed(schema, kind),
        **_told(schema, kind),
        "routing": {"send": {"type": "body", "property": name, "propertyInDotNotation": False}},
    }
    return usual(found)


def _kind(schema: JsonSchema) -> str:
    if schema.get("format") == "binary":
        return "file"
    if schema.get("enum") and all(isinstance(one, str | int | float) for one in schema["enum"]):
        return "options"
    named = str(older(schema).get("type"))
    return named if named in ("string", "integer", "number", "boolean") else "json"


def _has_files(schema: JsonSchema) -> bool:
    """Whether files stand inside of the value."""
    inside = [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]
    found = [one for one in inside if isinstance(one, Mapping)]
    return any(one.get("format") == "binary" or _has_files(one) for one in found)


def _typed(schema: JsonSchema, kind: str) -> Property:
    default = schema.get("default")
    if kind == "file":
        return {"type": "string", "default": "data"}
    if kind == "options":
        return {"type": "options", "options": _choices(schema), "default": _chosen(schema)}
    if kind == "boolean":
        return {"type": "boolean", "default": default is True}
    if kind in ("integer", "number"):
        told = {"type": "number", **_number(schema, kind)}
        return {**told, "default": default if isinstance(default, int | float) else _nearest(schema)}
    if kind == "json":
        return {"type": "json", "default": ""}
    return {"type": "string", **_text(schema), "default": default if isinstance(default, str) else ""}


def _choices(schema: JsonSchema) -> list[Property]:
    found = [{"name": _choice(value), "value": value} for value in schema["enum"]]
    return sorted(found, key=lambda one: order(one["name"]))


def _choice(value: Any) -> str:
    """``digital-art`` is Digital Art, and ``png`` is PNG, as a file's kind is written."""
    text = str(value)
    if text.isalnum() and text.islower() and len(text) <= 3:
        return text.upper()
    return spelt(titled(text.replace("-", " "))) if text else "(Empty)"


def _chosen(schema: JsonSchema) -> Any:
    default = schema.get("default")
    return default if default in schema["enum"] else schema["enum"][0]


def _number(schema: JsonSchema, kind: str) -> Property:
    found = {"minValue": schema.get("minimum"), "maxValue": schema.get("maximum")}
    options = {name: value for name, value in found.items() if value is not None}
    if kind == "number":
        options["numberPrecision"] = 4
    return {"typeOptions": options} if options else {}


def _nearest(schema: JsonSchema) -> Any:
    """Zero, or what is allowed and nearest to it."""
    return max(0, schema.get("minimum", 0)) if schema.get("maximum", 0) >= 0 else schema["maximum"]


def _text(schema: JsonSchema) -> Property:
    if schema.get("writeOnly"):
        return {"typeOptions": {"password": True}}
    is_long = schema.get("widget") == "textarea" or schema.get("maxLength", 0) > _LONG_TEXT
    return {"typeOptions": {"rows": 4}} if is_long else {}


def _told(schema: JsonSchema, kind: str) -> Property:
    said = described(schema, is_json=kind == "json")
    if kind == "options" and schema.get("open"):
        said = f"{said} Another one by an expression."
    if kind == "boolean" and not said.startswith("Whether"):
        said = f"Whether this holds. {said}"
    told = {"description": sentences(said)} if said else {}
    if kind == "file":
        told["hint"] = "The name of the input binary field with the file, or an address or file:ID"
    return told
