"""The node: its resources are the groups of actions, its operations the actions, with what each is given.

What is required stands by itself, and what is optional is added from a list, so that what nobody added is
not sent. What n8n cannot say is told by the description, and checked by the host.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connector.authoring.export.n8n.lint_rules import Property, sentences, spelt, usual
from connector.authoring.export.n8n.literal import Code, literal
from connector.authoring.export.n8n.naming import (
    PackageNames,
    camel,
    order,
    parameter,
    sentence,
    singular,
    values,
)
from connector.authoring.export.n8n.templates import declared
from connector.authoring.export.swagger_schema import older
from connector.authoring.export.texts import described, priced, titled
from connector.spec.model import Action, Integration, JsonSchema

# What the node has beside the actions.
_RUNS = "connectorRun"
_LONG_TEXT = 500


def description(integration: Integration, names: PackageNames) -> Property:
    """What n8n calls a node's description, with pieces of code where it refers to what the host is asked."""
    groups, told = _groups(integration), values(integration, names)
    common: Property = declared("node", told)
    return common | {
        "inputs": [Code("NodeConnectionTypes.Main")],
        "outputs": [Code("NodeConnectionTypes.Main")],
        "properties": [
            _resources(groups),
            *_of_actions(groups),
            *_of_runs(),
            _options(declared("options", told), "hide"),
            _options(declared("options_of_runs", told), "show"),
        ],
    }


def _groups(integration: Integration) -> Mapping[str, list[Action]]:
    """The actions of each group, by its value in n8n."""
    found: dict[str, list[Action]] = {}
    for action in integration.actions.values():
        found.setdefault(camel(action.group), []).append(action)
    return found


def _resources(groups: Mapping[str, list[Action]]) -> Property:
    named = {value: singular(spelt(titled(actions[0].group))) for value, actions in groups.items()}
    options = [{"name": name, "value": value} for value, name in (named | {_RUNS: "Connector Run"}).items()]
    return _selection("resource", {}, options)


def _of_actions(groups: Mapping[str, list[Action]]) -> Iterator[Property]:
    for value, actions in groups.items():
        taken: dict[str, _Fields] = {
            action.id: _fields(action, {"resource": [value], "operation": [action.id]}) for action in actions
        }
        yield _operations(value, [_operation(action, taken[action.id]) for action in actions])
        for one in taken.values():
            yield from one.properties


def _operations(resource: str, options: list[Property]) -> Property:
    return _selection("operation", {"displayOptions": {"show": {"resource": [resource]}}}, options)


def _selection(name: str, shown: Property, options: list[Property]) -> Property:
    """One of several by their names, of which the first given is the default."""
    return {
        "displayName": name.capitalize(),
        "name": name,
        "type": "options",
        "noDataExpression": True,
        **shown,
        "options": sorted(options, key=lambda one: order(one["name"])),
        "default": options[0]["value"],
    }


def _operation(action: Action, taken: _Fields) -> Property:
    asked = literal(action.id)
    if taken.files or taken.jsons:
        asked += f", {_listed(taken.files)}"
    if taken.jsons:
        asked += f", {_listed(taken.jsons)}"
    said = action.deprecated.sentence(action.title) if action.deprecated else priced(action)
    return {
        "name": spelt(titled(action.title)),
        "value": action.id,
        "action": sentence(action.title) or sentence(action.id),
        "description": sentences(f"{action.description} {said}"),
        "routing": Code(f"host.invocation({asked})"),
    }


def _listed(names: tuple[str, ...]) -> str:
    return f"[{', '.join(map(literal, names))}]"


def _of_runs() -> Iterator[Property]:
    """What was begun, and goes on or has ended: looked at, waited for, cancelled."""
    runs = declared("runs")
    yield _operations(_RUNS, [one | {"routing": Code(one["routing"])} for one in runs["operations"]])
    yield runs["id"]


def _options(options: list[Property], whether: str) -> Property:
    return _collection("Options", "options", "Add Option", options, {whether: {"resource": [_RUNS]}})


def _collection(title: str, name: str, asked: str, options: list[Property], shown: Property) -> Property:
    """Parameters of which each is added where it is wanted; ``asked`` is what the button says."""
    return {
        "displayName": title,
        "name": name,
        "type": "collection",
        "placeholder": asked,
        "default": {},
        "options": options,
        "displayOptions": shown,
    }


@dataclass(frozen=True, slots=True)
class _Fields:
    """The parameters of an action's operation, and which of its inputs are files or written as JSON."""

    properties: tuple[Property, ...]
    files: tuple[str, ...]
    jsons: tuple[str, ...]


def _fields(action: Action, shown: Mapping[str, list[str]]) -> _Fields:
    """The parameters of an action, which are seen where ``shown`` says."""
    required = action.inputs.get("required", ())
    named: dict[str, str] = {}
    for name in action.parameters:
        named[name] = parameter(name, named.values())
    alone: list[Property] = []
    added: list[Property] = []
    for name, schema in action.parameters.items():
        (alone if name in required else added).append(_property(name, named[name], schema))
    conditions = {"show": dict(shown)}
    properties = [one | {"required": True, "displayOptions": conditions} for one in alone]
    if added:
        added.sort(key=lambda one: order(one["displayName"]))
        more = _collection("Additional Fields", "additionalFields", "Add Field", added, conditions)
        properties.append(more)
    kinds = {name: _kind(schema) for name, schema in action.parameters.items()}
    return _Fields(
        tuple(properties),
        tuple(name for name, kind in kinds.items() if kind == "file" or _has_files(action.parameters[name])),
        tuple(name for name, kind in kinds.items() if kind == "json"),
    )


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
