"""Type fit: whether what one schema describes can be given where another is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.spec.model import JsonSchema
from connector.spec.schema.phrases import kinds_of
from connector.spec.schema.validator import Checker


def misfit(given: JsonSchema, wanted: JsonSchema) -> str | None:
    """What is given and what is needed, in a few words; None where nothing speaks against it."""
    types, needed = _types(given), _types(wanted)
    if types and needed and not types & _taken(needed):
        return f"{kinds_of(sorted(types))}, where {kinds_of(sorted(needed))} is needed"
    if types == needed == {"array"}:
        inner = misfit(_items(given), _items(wanted))
        return inner and f"a list, each item {inner}"
    return _unfit_value(given, wanted)


def _types(schema: JsonSchema) -> set[str]:
    """What the values can be; none where nothing is said of them."""
    if schema.get("format") == "binary":
        return {"file"}
    named = schema.get("type")
    if isinstance(named, list):
        return set(named)
    return {named} if isinstance(named, str) else {_type_of(value) for value in _values(schema)}


def _taken(needed: set[str]) -> set[str]:
    """A whole number is a number too; and a number may turn out to be whole."""
    return needed | ({"integer", "number"} if needed & {"integer", "number"} else set())


def _type_of(value: Any) -> str:
    return next(name for kind, name in _NAMES if isinstance(value, kind))


_NAMES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (list, "array"),
    (type(None), "null"),
    (object, "object"),
)


def _items(schema: JsonSchema) -> JsonSchema:
    items = schema.get("items", {})
    return items if isinstance(items, Mapping) else {}


def _values(schema: JsonSchema) -> list[Any]:
    known = schema.get("enum")
    if isinstance(known, list):
        return known
    return [schema["const"]] if "const" in schema else []


def _unfit_value(given: JsonSchema, wanted: JsonSchema) -> str | None:
    """What is wrong with the first of the listed values, or the default, that is not taken."""
    checker = Checker(wanted)
    for value in [*_values(given), *([given["default"]] if "default" in given else [])]:
        wrong = [each.message for each in checker.problems(value) if each.severity == "error"]
        if wrong:
            return f"a value that {wrong[0]}"
    return None
