"""Query and form values become an object: names may be repeated, and say an entry of an object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connector.spec.model import JsonSchema
from connector.spec.schema import coerce


def values(schema: JsonSchema, given: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The object that the pairs make: a repeated name is a list, ``name.entry`` an entry of an object."""
    known = schema.get("properties", {})
    found: dict[str, list[Any]] = {}
    entries: dict[str, dict[str, list[Any]]] = {}
    for name, each in given:
        outer, dot, inner = name.partition(".")
        if dot and name not in known and "object" in coerce.types(known.get(outer, {})):
            entries.setdefault(outer, {}).setdefault(inner, []).append(each)
        else:
            found.setdefault(name, []).append(each)
    flat = {name: _combined(known.get(name, {}), several) for name, several in found.items()}
    return flat | {name: _object(known[name], flat.get(name), told) for name, told in entries.items()}


def schema_of(schema: JsonSchema, name: str) -> JsonSchema | None:
    """What may stand under a name, as ``values`` reads it; None where that is not declared."""
    known = schema.get("properties", {})
    outer, dot, inner = name.partition(".")
    if dot and name not in known and "object" in coerce.types(known.get(outer, {})):
        return coerce.entry(known[outer], inner)
    found: JsonSchema | None = known.get(name)
    return found


def _combined(schema: JsonSchema, several: Sequence[Any]) -> Any:
    """The value of a name that was given once or more."""
    if coerce.is_only(schema, "array"):
        return coerce.listed(schema, several, _value)
    read = [_value(schema, one) for one in several]
    return read[0] if len(read) == 1 else read


def _value(schema: JsonSchema, given: Any) -> Any:
    """Text is read, a file stays as it is."""
    return coerce.value(schema, given) if isinstance(given, str) else given


def _object(schema: JsonSchema, whole: Any, entries: Mapping[str, Sequence[Any]]) -> Any:
    told = {name: _combined(coerce.entry(schema, name), several) for name, several in entries.items()}
    return {**whole, **told} if isinstance(whole, Mapping) else told
