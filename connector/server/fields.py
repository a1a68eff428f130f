"""The texts of a query or a form become values, by the JSON Schema of each.

What cannot become one stays text, so that the check which follows names it together with everything else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from connector.spec import JsonSchema

_INTEGER = re.compile(r"[-+]?\d{1,100}")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_NONE = object()


def values(schema: JsonSchema, given: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The object that the pairs make: a repeated name is a list, ``name.entry`` an entry of an object."""
    known = schema.get("properties", {})
    found: dict[str, list[Any]] = {}
    entries: dict[str, dict[str, list[Any]]] = {}
    for name, each in given:
        outer, dot, inner = name.partition(".")
        if dot and name not in known and _is(known.get(outer, {}), "object"):
            entries.setdefault(outer, {}).setdefault(inner, []).append(each)
        else:
            found.setdefault(name, []).append(each)
    flat = {name: combined(known.get(name, {}), several) for name, several in found.items()}
    return flat | {name: _object(known[name], flat.get(name), told) for name, told in entries.items()}


def combined(schema: JsonSchema, several: Sequence[Any]) -> Any:
    """The value of a name that was given once or more; text is read, a file stays as it is."""
    if _is(schema, "array") and not _is(schema, "string"):
        return _listed(schema, several)
    read = [value(schema, one) for one in several]
    return read[0] if len(read) == 1 else read


def value(schema: JsonSchema, given: Any) -> Any:
    """One text as what the schema asks for."""
    types = _types(schema)
    if not isinstance(given, str) or "string" in types:
        return given
    if not types and "enum" in schema:
        return next((one for one in schema["enum"] if str(one) == given), given)
    candidates = (_PARSERS[one](given) for one in types or ("any",) if one in _PARSERS)
    return next((one for one in candidates if one is not _NONE), given)


def _listed(schema: JsonSchema, several: Sequence[Any]) -> list[Any]:
    items = schema.get("items", {})
    found: list[Any] = []
    for one in several:
        whole = _of(list)(one) if isinstance(one, str) and one.lstrip().startswith("[") else _NONE
        found += whole if isinstance(whole, list) else [value(items, one)]
    return found


def _object(schema: JsonSchema, whole: Any, entries: Mapping[str, Sequence[Any]]) -> Any:
    rules = {name: schema.get("properties", {}).get(name, _others(schema)) for name in entries}
    told = {name: combined(rules[name], several) for name, several in entries.items()}
    return {**whole, **told} if isinstance(whole, Mapping) else told


def _others(schema: JsonSchema) -> JsonSchema:
    found = schema.get("additionalProperties")
    return found if isinstance(found, Mapping) else {}


def _types(schema: JsonSchema) -> tuple[str, ...]:
    named = schema.get("type", ())
    return (named,) if isinstance(named, str) else tuple(named)


def _is(schema: JsonSchema, kind: str) -> bool:
    return kind in _types(schema)


def _integer(text: str) -> Any:
    return int(text) if _INTEGER.fullmatch(text) else _NONE


def _number(text: str) -> Any:
    whole = _integer(text)
    return whole if whole is not _NONE else float(text) if _NUMBER.fullmatch(text) else _NONE


def _any(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError):
        return _NONE


def _refused(name: str) -> Any:
    raise ValueError(name)  # NaN and Infinity are no JSON


def _of(kind: type) -> Callable[[str], Any]:
    def parse(text: str) -> Any:
        found = _any(text)
        return found if isinstance(found, kind) else _NONE

    return parse


_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "integer": _integer,
    "number": _number,
    "boolean": lambda text: {"true": True, "false": False}.get(text.lower(), _NONE),
    "null": lambda text: None if text == "null" else _NONE,
    "array": _of(list),
    "object": _of(dict),
    "any": _any,
}
