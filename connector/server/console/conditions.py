"""Conditions between inputs, in a form that a page can follow: when one may, must or need not be given.

A condition of a JSON Schema becomes a small value that is written as JSON beside the field and judged in the
browser as the fields change; ``holds`` judges it here, for the page as it first appears. What this language
cannot say is left out: the engine checks everything again.

    {"given": "image"}                  the input has a value
    {"field": "mode", "in": [...]}      it has one of these, or none
    {"field": "steps", "minimum": 30}   it keeps to this limit, or has no value
    {"all": [...]}, {"any": [...]}, {"not": ...}, true, false
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.spec.model import JsonSchema

Condition = bool | Mapping[str, Any]

_BOUNDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda value, bound: value >= bound,
    "maximum": lambda value, bound: value <= bound,
    "exclusiveMinimum": lambda value, bound: value > bound,
    "exclusiveMaximum": lambda value, bound: value < bound,
}
# Words that say something about a value without limiting it.
_SILENT = {"description", "title", "default", "type", "$comment", "examples"}
# What a rule may change of an input's own schema.
_CHANGES = ("minimum", "maximum", "default", "const", "enum")


@dataclass(slots=True)
class Effects:
    """What the rules do to one input: when it is out of place, when needed, when it has other limits."""

    forbidden: list[Condition] = field(default_factory=list)
    required: list[Condition] = field(default_factory=list)
    changes: list[tuple[Condition, Mapping[str, Any]]] = field(default_factory=list)


def effects(schema: JsonSchema) -> dict[str, Effects]:
    """The rules of an action's inputs, by the input that each is about."""
    found = {name: Effects() for name in schema.get("properties", {})}
    for condition, consequence in _rules(schema):
        _apply(found, condition, consequence)
    return found


def holds(condition: Condition, values: Mapping[str, Any]) -> bool:
    """Whether the condition is met by what is given."""
    if isinstance(condition, bool):
        return condition
    if "all" in condition:
        return all(holds(one, values) for one in condition["all"])
    if "any" in condition:
        return any(holds(one, values) for one in condition["any"])
    if "not" in condition:
        return not holds(condition["not"], values)
    if "given" in condition:
        return condition["given"] in values
    return condition["field"] not in values or _fits(condition, values[condition["field"]])


def _fits(condition: Mapping[str, Any], value: Any) -> bool:
    if "in" in condition:
        return value in condition["in"]
    if not isinstance(value, int | float):
        return True  # a limit of numbers says nothing about anything else
    return all(test(value, condition[word]) for word, test in _BOUNDS.items() if word in condition)


def _rules(schema: JsonSchema) -> Iterator[tuple[Condition, JsonSchema]]:
    """Each condition that can be told, and what then holds."""
    for rule in (schema, *schema.get("allOf", ())):
        condition = compiled(rule["if"]) if "if" in rule else None
        if condition is not None:
            yield condition, rule.get("then", {})
            yield {"not": condition}, rule.get("else", {})
        for name, needed in rule.get("dependentRequired", {}).items():
            yield {"given": name}, {"required": needed}
        for name, consequence in rule.get("dependentSchemas", {}).items():
            yield {"given": name}, consequence


def _apply(found: Mapping[str, Effects], condition: Condition, consequence: JsonSchema) -> None:
    for name in consequence.get("required", ()):
        found[name].required.append(condition)
    for name, entry in consequence.get("properties", {}).items():
        if entry is False:
            found[name].forbidden.append(condition)
        elif changed := {word: entry[word] for word in _CHANGES if word in entry}:
            found[name].changes.append((condition, changed))


def compiled(schema: Any) -> Condition | None:
    """A condition of a JSON Schema in our words; None where they cannot say it."""
    if isinstance(schema, bool):
        return schema
    parts = [part for word, value in schema.items() if word not in _SILENT for part in _word(word, value)]
    return None if None in parts else _together(parts)


def _together(parts: list[Any]) -> Condition:
    return parts[0] if len(parts) == 1 else {"all": parts} if parts else True


def _word(word: str, value: Any) -> Iterator[Condition | None]:
    if word == "required":
        yield from ({"given": name} for name in value)
    elif word == "properties":
        yield from (_of_field(name, entry) for name, entry in value.items())
    elif word == "not":
        inner = compiled(value)
        yield None if inner is None else {"not": inner}
    elif word in ("allOf", "anyOf"):
        inner_ones = [compiled(one) for one in value]
        yield None if None in inner_ones else {word.removesuffix("Of"): inner_ones}
    else:
        yield None


def _of_field(name: str, entry: Any) -> Condition | None:
    if isinstance(entry, bool):
        return True if entry else {"not": {"given": name}}
    words = set(entry) - _SILENT
    if words == {"const"}:
        return {"field": name, "in": [entry["const"]]}
    if words == {"enum"}:
        return {"field": name, "in": list(entry["enum"])}
    if words and words <= _BOUNDS.keys():
        return {"field": name, **{word: entry[word] for word in words}}
    return None if words else True
