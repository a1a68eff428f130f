"""Sample values of a document: defaults, choices and examples, where they fit what it says of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from connector.authoring.importing.parse_document import Json, items
from connector.spec import url
from connector.spec.schema.validator import Checker


class Value(NamedTuple):
    """A value that is there, which may be any, also None."""

    value: Any


def fitting_default(value: Any, schema: Json) -> Value | None:
    """The value as its schema has it; None where it cannot be so."""
    [meant] = _meant([value], schema) or [_NOTHING]
    if meant is _NOTHING or meant is None or not _is_plain(meant) or not _fits(meant, schema):
        return None
    return Value(meant)


def fitting_enum(values: list[Any], schema: Json) -> list[Any]:
    """The choices that a value can have; some documents write 1 for "1", and true for "true"."""
    meant = [value for value in _meant(values, schema) if _is_short(value)]
    if not meant:
        return []
    found = list({(type(value).__name__, str(value)): value for value in meant}.values())
    return [*found, None] if "null" in _types(schema) else found


class _Nothing:
    pass


_NOTHING = _Nothing()


def _types(schema: Json) -> list[Any]:
    said = schema.get("type")
    return items(said) if isinstance(said, list) else [said] if said else []


def _meant(values: list[Any], schema: Json) -> list[Any]:
    kinds = [kind for kind in _types(schema) if kind != "null"]
    if len(kinds) != 1:
        return values
    read = _READERS.get(kinds[0], lambda value: value)
    return [found for found in map(read, values) if found is not _NOTHING]


def _text(value: Any) -> Any:
    if isinstance(value, str):
        return value
    return url.text(value) if isinstance(value, bool | int | float) else _NOTHING


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        return _NOTHING
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return _NOTHING
    if not math.isfinite(found):
        return _NOTHING
    return int(found) if found.is_integer() and abs(found) < 1 << 53 else found


def _whole(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _number(value)
    return found if isinstance(found, int) else _NOTHING


def _truth(value: Any) -> Any:
    return {"true": True, "false": False}.get(str(value).lower(), _NOTHING)


_READERS: Mapping[str, Any] = {"string": _text, "number": _number, "integer": _whole, "boolean": _truth}


def _is_plain(value: Any) -> bool:
    """What is short and no secret."""
    from connector.authoring.secret_scan import looks_secret

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
