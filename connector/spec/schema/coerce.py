"""Coercion: texts become values, by the JSON Schema of each.

What cannot become one stays text, so that the check which follows names it together with everything else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from connector.spec.model import JsonSchema

# Python refuses to convert numbers of thousands of digits.
_INTEGER = re.compile(r"[-+]?\d{1,100}")
_EXACT = 2**53  # below it, floats tell whole numbers apart
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NONE = object()


def value(schema: JsonSchema, text: str) -> Any:
    """One text as what the schema asks for."""
    known = types(schema)
    if "string" in known:
        return text
    if not known and "enum" in schema:
        return next((one for one in schema["enum"] if str(one) == text), text)
    candidates = (_PARSERS[one](text) for one in known or ("any",) if one in _PARSERS)
    return next((found for found in candidates if found is not _NONE), text)


def listed(schema: JsonSchema, given: Iterable[Any], read: Callable[[JsonSchema, Any], Any]) -> list[Any]:
    """The list that is made by giving its items, or JSON lists of them; ``read`` makes an item of one."""
    items = schema.get("items", {})
    found: list[Any] = []
    for one in given:
        several = whole(list, one) if isinstance(one, str) and one.lstrip().startswith("[") else None
        found += [read(items, one)] if several is None else several
    return found


def whole(kind: type, text: str) -> Any:
    """The list or object that the text is in JSON, or None."""
    found = _any(text)
    return found if isinstance(found, kind) else None


def entry(schema: JsonSchema, name: str) -> JsonSchema:
    """The schema of an entry of an object."""
    found = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
    return found if isinstance(found, Mapping) else {}


def types(schema: JsonSchema) -> tuple[str, ...]:
    """What the value can be; empty where that is not said."""
    named = schema.get("type", ())
    return (named,) if isinstance(named, str) else tuple(named)


def is_only(schema: JsonSchema, kind: str) -> bool:
    """Whether it is of this kind, and no text is right as it stands."""
    return kind in types(schema) and "string" not in types(schema)


def _integer(text: str) -> Any:
    """A whole number, which spreadsheets write as 7.0 and 1E+05 too."""
    found = _number(text)
    is_whole = isinstance(found, int) or (found is not _NONE and found.is_integer() and abs(found) < _EXACT)
    return int(found) if is_whole else _NONE


def _number(text: str) -> Any:
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else _NONE


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
    "boolean": lambda text: _BOOLEANS.get(text.lower(), _NONE),
    "null": lambda text: None if text == "null" else _NONE,
    "array": _of(list),
    "object": _of(dict),
    "any": _any,
}
