"""Merging schemas: two that both hold become one, with limits at their narrowest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connector.authoring.importing.parse_document import Json


def folded(one: Json, other: Json) -> dict[str, Any]:
    """The schema that asks for both. Where they tell the same thing otherwise, the first is believed."""
    found = {**other, **one}
    for keyword, fold in _FOLDS.items():
        if keyword in one and keyword in other:
            found[keyword] = fold(one[keyword], other[keyword])
    return found


def _either(one: Any, other: Any) -> Any:
    return [value for value in one if value in other] if isinstance(other, list) else one


def _both(one: Any, other: Any) -> Any:
    return list(dict.fromkeys([*one, *other])) if isinstance(one, list) and isinstance(other, list) else one


def _entries(one: Any, other: Any) -> Any:
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return one
    shared = {name: _entry(one[name], other[name]) for name in one if name in other}
    return {**other, **one, **shared}


def _entry(one: Any, other: Any) -> Any:
    """A property that two parts describe; one that is a reference stays as the first has it."""
    plain = isinstance(one, Mapping) and isinstance(other, Mapping) and "$ref" not in {*one, *other}
    return {**other, **one} if plain else one


def _limit(choose: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def fold(one: Any, other: Any) -> Any:
        numbers = [value for value in (one, other) if isinstance(value, int | float)]
        return choose(numbers) if numbers else one

    return fold


def _open_where_either_is(one: Any, other: Any) -> Any:
    """Each part closes itself to the other's properties; only both together can be meant."""
    return one if one is not False else other


_FOLDS: Mapping[str, Callable[[Any, Any], Any]] = {
    "properties": _entries,
    "required": _both,
    "enum": _either,
    "additionalProperties": _open_where_either_is,
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems"), _limit(max)),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems"), _limit(min)),
}
