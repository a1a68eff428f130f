"""Descriptions of inputs in words: what one is, what its limits are, what holds where it is not given.

Help and forms say the same of it; a form shows the choices and the pattern in its own way.
"""

from __future__ import annotations

from connector.spec.schema import amounts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    Schema = Mapping[str, Any]

_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "NAME=VALUE pairs, or JSON",
    "null": "nothing",
}


def kind(schema: Schema) -> str:
    """What the input is, in a word or two."""
    if schema.get("format") == "binary":
        return "file"
    if "enum" in schema:
        return "choice"
    named = schema.get("type")
    if isinstance(named, list):
        return " or ".join(_TYPES[one] for one in named)
    if named == "array" and isinstance(schema.get("items"), dict):
        return f"list of {kind(schema['items'])}"
    return _TYPES.get(str(named), "JSON")


def limits(schema: Schema) -> list[str]:
    """How much, how long, how large it may be, a few words each."""
    return [phrase for rule in _RULES for phrase in rule(schema)]


def whole(schema: Schema) -> str:
    """Kind or choices, limits, pattern and default in one line."""
    what = _choices(schema) if "enum" in schema else kind(schema)
    said = ", ".join((what, *limits(schema), *_pattern(schema)))
    return f"{said}; default {plain(schema['default'])}" if "default" in schema else said


def plain(value: Any) -> str:
    """A value as it is typed."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        import json

        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _choices(schema: Schema) -> str:
    listed = ", ".join(map(plain, schema["enum"]))
    return f"{'such as' if schema.get('open') else 'one of'} {listed}"


def _range(schema: Schema) -> Iterator[str]:
    low, high = schema.get("minimum"), schema.get("maximum")
    unit = f" {schema['unit']}" if "unit" in schema else ""
    if low is not None or high is not None:
        yield _between(low, high) + unit
    elif unit:
        yield f"in{unit}"
    if "exclusiveMinimum" in schema:
        yield f"above {schema['exclusiveMinimum']}"
    if "exclusiveMaximum" in schema:
        yield f"below {schema['exclusiveMaximum']}"
    if "multipleOf" in schema:
        yield f"a multiple of {schema['multipleOf']}"


def _length(schema: Schema) -> Iterator[str]:
    for low, high, what in (("minLength", "maxLength", "characters"), ("minItems", "maxItems", "entries")):
        if high in schema or schema.get(low, 0) > 1:
            yield f"{_between(schema.get(low) or None, schema.get(high))} {what}"


def _pattern(schema: Schema) -> Iterator[str]:
    if "pattern" in schema and schema.get("format") != "binary":
        yield f"like {schema['pattern']}"


def _file(schema: Schema) -> Iterator[str]:
    rules: Schema = schema.get("file", {})
    if "formats" in rules:
        yield _either([_FORMATS.get(name, name.upper()) for name in rules["formats"]])
    for low, high, phrase in _FILE_RANGES:
        if low in rules or high in rules:
            yield phrase.format(_between(rules.get(low), rules.get(high)))
    if "dimensions" in rules:
        yield f"exactly {_either(rules['dimensions'])}"
    if "max_bytes" in rules:
        yield f"up to {amounts.size(rules['max_bytes'])}"


_FORMATS = {"webp": "WebP", "text": "text"}
_FILE_RANGES = (
    ("min_side", "max_side", "each side {} pixels"),
    ("min_width", "max_width", "{} pixels wide"),
    ("min_height", "max_height", "{} pixels high"),
    ("min_pixels", "max_pixels", "{} pixels in all"),
    ("min_aspect", "max_aspect", "width/height {}"),
    ("min_seconds", "max_seconds", "{} seconds long"),
)
_RULES = (_range, _length, _file)


def _between(low: Any, high: Any) -> str:
    if low == high:
        return _number(low)
    if low is None:
        return f"up to {_number(high)}"
    return f"from {_number(low)}" if high is None else f"{_number(low)} to {_number(high)}"


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and value >= 10_000 else f"{value}"


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
