"""Tools made of actions: their schemas, what they cost, and what a client should know before it calls one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import mcp_types as types

from connector.engine.render import SAFE_METHODS
from connector.media.kinds import type_of
from connector.spec import file_options
from connector.spec.listing import price_text
from connector.spec.model import Action, Integration, JsonSchema
from connector.spec.package_data import table
from connector.spec.schema.plain_schema import plain

# Models whose tools have these at the top of their schema refuse every request, so the rules are told in
# words. They are checked all the same.
_NOT_ON_TOP = frozenset(("allOf", "anyOf", "oneOf", "not", "if", "then", "else"))

# What clients are told of all tools.
DECLARED: Mapping[str, Any] = table("mcp/tools.yaml")


def tool(integration: Integration, action: Action) -> types.Tool:
    """The tool that an action is."""
    return types.Tool(
        name=action.id,
        title=action.title,
        description=" ".join(_said(action)),
        input_schema=input_schema(action),
        output_schema=dict(DECLARED["outcome"]),
        annotations=_annotations(action),
        _meta=dict(_facts(integration, action)),
    )


def input_schema(action: Action) -> dict[str, Any]:
    """What the tool takes: the inputs as they are declared, and what may be said of files."""
    schema: dict[str, Any] = plain(action.inputs, "tool")
    known, properties = file_options.schemas(), dict(schema.get("properties", {}))
    properties |= {name: known[option] for name, option in option_names(action).items()}
    kept = {name: rule for name, rule in schema.items() if name not in _NOT_ON_TOP}
    return {"type": "object", **kept, "properties": properties}


def option_names(action: Action) -> dict[str, str]:
    """What may be said of the files that an action takes, by names that no input has."""
    found: dict[str, str] = {}
    for option in (each for each in file_options.NAMES if _has_use_for(action, each)):
        name = option
        while name in action.parameters:
            name = f"_{name}"
        found[name] = option
    return found


def _has_use_for(action: Action, option: str) -> bool:
    """A model reads every word of a tool's schema, so that each has what may be of use to it alone."""
    if option == "accept_warnings":
        return any("mask_selects" in action.parameters[name] for name in action.files)
    return _takes_pictures(action)


def _takes_pictures(action: Action) -> bool:
    rules = (action.parameters[name].get("file", {}) for name in action.files)
    return any(type_of(form).startswith("image/") for each in rules for form in each.get("formats", ("png",)))


def _said(action: Action) -> Iterator[str]:
    if action.deprecated is not None:
        yield f"DEPRECATED: {action.deprecated.sentence(action.title)}"
    yield action.description
    yield _price(action)
    yield from action.notes
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


def _annotations(action: Action) -> types.ToolAnnotations:
    is_safe = action.request.method in SAFE_METHODS
    return types.ToolAnnotations(
        title=action.title,
        read_only_hint=is_safe and not action.paid,
        destructive_hint=not is_safe and action.request.method != "POST",
        idempotent_hint=is_safe and not action.paid,
        open_world_hint=True,
    )


def _facts(integration: Integration, action: Action) -> Iterator[tuple[str, Any]]:
    """What programs read of it, under names of our own."""
    yield "connector/integration", integration.id
    yield "connector/group", action.group
    yield "connector/price", price_text(action)
    yield "connector/paid", action.paid
    yield "connector/job", action.job is not None
    if action.deprecated is not None:
        yield "connector/deprecated", action.deprecated.since or True
