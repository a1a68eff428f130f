"""What an input must keep to, in the few words that stand under its field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from connector.spec import JsonSchema

_NAMES = {
    "jpeg": "JPEG",
    "png": "PNG",
    "webp": "WebP",
    "gif": "GIF",
    "mp3": "MP3",
    "wav": "WAV",
    "mp4": "MP4",
}
_FILE_RANGES = (
    ("min_side", "max_side", "each side {} px"),
    ("min_width", "max_width", "{} px wide"),
    ("min_height", "max_height", "{} px high"),
    ("min_pixels", "max_pixels", "{} pixels in all"),
    ("min_aspect", "max_aspect", "width to height {}"),
    ("min_seconds", "max_seconds", "{} seconds long"),
)


def phrase(schema: JsonSchema) -> str:
    """All limits of an input in one line."""
    return ", ".join(part for rule in _RULES for part in rule(schema))


def plain(value: Any) -> str:
    """A value as it is typed."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def size(count: float) -> str:
    """A number of bytes as people say it."""
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1024
    return f"{count:.3g} GiB"


def _range(schema: JsonSchema) -> Iterator[str]:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None or high is not None:
        yield f"{_between(low, high)} {schema.get('unit', '')}".rstrip()
    if "multipleOf" in schema:
        yield f"a multiple of {schema['multipleOf']}"


def _length(schema: JsonSchema) -> Iterator[str]:
    if "maxLength" in schema:
        yield f"up to {_number(schema['maxLength'])} characters"


def _file(schema: JsonSchema) -> Iterator[str]:
    rules = schema.get("file", {})
    if "formats" in rules:
        yield _either([_NAMES.get(name, name.upper()) for name in rules["formats"]])
    for low, high, words in _FILE_RANGES:
        if low in rules or high in rules:
            yield words.format(_between(rules.get(low), rules.get(high)))
    if "dimensions" in rules:
        yield f"exactly {_either(rules['dimensions'])}"
    if "max_bytes" in rules:
        yield f"up to {size(rules['max_bytes'])}"


_RULES = (_range, _length, _file)


def _between(low: Any, high: Any) -> str:
    if low is None:
        return f"up to {_number(high)}"
    return f"from {_number(low)}" if high is None else f"{_number(low)} to {_number(high)}"


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and value >= 10_000 else f"{value}"


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
