"""Tools made of actions: their schemas, what they cost, and what a client should know before it calls one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import mcp_types as types

from connector.engine.render import SAFE_METHODS
from connector.media.kinds import type_of
from connector.spec import file_options
from connector.spec.listing import price_text
from connector.spec.model import Action, Empty, JsonSchema
from connector.spec.package_data import table
from connector.spec.schema import describe
from connector.spec.schema.plain_schema import plain

# Models whose tools have these at the top of their schema refuse every request, so the rules are told in
# words. They are checked all the same.
_NOT_ON_TOP = frozenset(("allOf", "anyOf", "oneOf", "not", "if", "then", "else"))
# What so many tools say of an input in the same words is told once, in the server's instructions.
_SHARED_BY = 3
_FEW_CHOICES = 10

# What clients are told of all tools.
DECLARED: Mapping[str, Any] = table("mcp/tools.yaml")

Shared = Mapping[str, JsonSchema]


def tool(action: Action, saves: bool = False, shared: Shared = Empty) -> types.Tool:
    """The tool that an action is; of inputs that are ``shared`` the instructions tell the rest."""
    schema = input_schema(action, saves)
    required = schema.get("required", ())
    inputs = {
        name: _short(rule) if rule == shared.get(name) and name not in required else rule
        for name, rule in schema["properties"].items()
    }
    return types.Tool(
        name=action.tool.name,
        description=" ".join(_said(action)),
        input_schema=schema | {"properties": inputs},
        annotations=_annotations(action),
    )


def shared_inputs(actions: Iterable[Action], saves: bool) -> dict[str, JsonSchema]:
    """The inputs that several of these tools have in the same words, by name."""
    schemas = [input_schema(action, saves) for action in actions]
    rules = [
        (name, rule)
        for schema in schemas
        for name, rule in schema["properties"].items()
        if name not in schema.get("required", ())
    ]
    return {name: rule for name, rule in rules if rules.count((name, rule)) >= _SHARED_BY}


def _short(rule: JsonSchema) -> dict[str, Any]:
    short = {"type": rule["type"]}
    return short | {"enum": rule["enum"]} if len(rule.get("enum", ())) in range(1, _FEW_CHOICES) else short


def shared_words(shared: Shared) -> str:
    """What the instructions tell of inputs that are shared, a line each."""
    lines = (f"`{name}`: {rule['description']} ({describe.whole(rule)})" for name, rule in shared.items())
    return "\n".join(lines)


def input_schema(action: Action, saves: bool = False) -> dict[str, Any]:
    """What the tool takes: the inputs as they are declared, and what may be said of files."""
    schema: dict[str, Any] = plain(action.inputs, "tool")
    known, properties = _options(), dict(schema.get("properties", {}))
    properties |= {name: known[option] for name, option in option_names(action, saves).items()}
    kept = {name: rule for name, rule in schema.items() if name not in _NOT_ON_TOP}
    return {"type": "object", **kept, "properties": properties}


def _options() -> dict[str, Any]:
    return {**file_options.schemas(), "save_as": DECLARED["save_as"]}


def option_names(action: Action, saves: bool = False) -> dict[str, str]:
    """What may be said beside the inputs, by names that no input has."""
    found: dict[str, str] = {}
    for option in (each for each in _options() if _has_use_for(action, each, saves)):
        name = option
        while name in action.parameters:
            name = f"_{name}"
        found[name] = option
    return found


def _has_use_for(action: Action, option: str, saves: bool) -> bool:
    """A model reads every word of a tool's schema, so that each has what may be of use to it alone."""
    if option == "save_as":
        return saves and action.output.kind != "text"
    if option == "accept_warnings":
        return any("mask_selects" in action.parameters[name] for name in action.files)
    return _takes_pictures(action)


def _takes_pictures(action: Action) -> bool:
    rules = (action.parameters[name].get("file", {}) for name in action.files)
    return any(type_of(form).startswith("image/") for each in rules for form in each.get("formats", ("png",)))


def _said(action: Action) -> Iterator[str]:
    if action.deprecated is not None:
        yield f"DEPRECATED: {action.deprecated.sentence(action.title)}"
    yield action.tool.description or " ".join((action.description, *action.notes))
    yield _price(action)
    if action.tool.description is None:
        yield from (f"Rule: {rule.rstrip('.')}." for rule in _rules(action.inputs))


def _price(action: Action) -> str:
    price = price_text(action)
    if price == "free":
        return "Free."
    if price == "varies":
        return "It costs what the action costs that has the same method and path."
    return f"Costs {price} credit{'' if price == '1' else 's'} for each success."


def _rules(schema: JsonSchema) -> Iterator[str]:
    """The rules on what may be given together, in their author's words."""
    entries = [schema, *(one for name in ("allOf", "anyOf", "oneOf") for one in schema.get(name, ()))]
    for entry in entries[1:]:
        if isinstance(entry, Mapping) and "description" in entry:
            yield str(entry["description"])


def only_reads(action: Action) -> bool:
    """Whether a use of it costs nothing and changes nothing."""
    return action.request.method in SAFE_METHODS and not action.paid


def _annotations(action: Action) -> types.ToolAnnotations:
    """What differs from the protocol's defaults: a tool that writes, destroys, and reaches the world."""
    reads = only_reads(action) or None
    return types.ToolAnnotations(
        title=action.catalog.title,
        read_only_hint=reads,
        idempotent_hint=reads,
        destructive_hint=False if action.request.method == "POST" else None,
    )
