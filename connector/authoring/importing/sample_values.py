"""Sample values of a document: defaults, choices and examples, where they fit what it says of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from connector.authoring.importing.parse_document import Json
from connector.authoring.secret_scan import looks_secret
from connector.spec import url
from connector.spec.schema.coerce import types
from connector.spec.schema.validator import Checker

_UNREADABLE = (TypeError, ValueError, KeyError, OverflowError)


def fitting_default(value: Any, schema: Json) -> list[Any]:
    """The value as its schema has it, alone in a list; nothing where it cannot be so."""
    return [
        meant
        for meant in _meant([value], schema)
        if meant is not None and _is_plain(meant) and _fits(meant, schema)
    ]


def fitting_enum(values: list[Any], schema: Json) -> list[Any]:
    """The choices that a value can have; some documents write 1 for "1", and true for "true"."""
    meant = [value for value in _meant(values, schema) if _is_short(value)]
    if not meant:
        return []
    found = list({(type(value).__name__, str(value)): value for value in meant}.values())
    return [*found, None] if "null" in types(schema) else found


def _meant(values: list[Any], schema: Json) -> list[Any]:
    """The values as the one type of a schema has them, without those that it cannot have."""
    kinds = [kind for kind in types(schema) if kind != "null"]
    if len(kinds) != 1 or kinds[0] not in _READERS:
        return values
    found = []
    for value in values:
        with suppress(*_UNREADABLE):
            found.append(_READERS[kinds[0]](value))
    return found


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return url.text(value)
    raise TypeError


def _number(value: Any) -> int | float:
    found = float(value)
    if isinstance(value, bool) or not math.isfinite(found):
        raise ValueError
    return int(found) if found.is_integer() and abs(found) < 1 << 53 else found


def _whole(value: Any) -> int:
    found = value if isinstance(value, int) and not isinstance(value, bool) else _number(value)
    if isinstance(found, int):
        return found
    raise ValueError


def _truth(value: Any) -> bool:
    return {"true": True, "false": False}[str(value).lower()]


# Each raises one of _UNREADABLE for what it cannot read.
_READERS: Mapping[str, Any] = {"string": _text, "number": _number, "integer": _whole, "boolean": _truth}


def _is_plain(value: Any) -> bool:
    """What is short and no secret."""
    texts = value if isinstance(value, list) else [value]
    return _is_short(value) and not any(isinstance(text, str) and looks_secret(text) for text in texts)


def _is_short(value: Any) -> bool:
    """A short text or a number that any reader of the spec will read alike."""
    if isinstance(value, str):
        return len(value) <= 500 and value.isprintable()
    if isinstance(value, list):
        return len(value) <= 50 and all(isinstance(item, str | int) and _is_short(item) for item in value)
    return isinstance(value, bool | int | float) and abs(value) < 1e300


def _fits(value: Any, schema: Json) -> bool:
    # As an object's only property it takes the quick way of what is surely right.
    around = {"type": "object", "properties": {"value": {name: schema[name] for name in schema}}}
    return not [one for one in Checker(around).problems({"value": value}) if one.severity == "error"]
