"""File rules: what an action asks of a file, and a sentence for each rule that the file breaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from connector.media.kinds import title_of, type_of

_MIB = 1024 * 1024


class Measured(Protocol):
    """What rules look at; a Media has it."""

    @property
    def type(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def width(self) -> int | None: ...
    @property
    def height(self) -> int | None: ...
    @property
    def seconds(self) -> float | None: ...


def problems(media: Measured, rules: Mapping[str, Any]) -> list[str]:
    """A sentence for each broken rule: what was seen, and what must be. Empty where all is well."""
    found = [_format(media, rules) or _unreadable(media, rules), _bytes(media, rules)]
    found += [check(media, rules[name]) for name, check in _CHECKS.items() if rules.get(name) is not None]
    return [sentence for sentence in found if sentence]


def _format(media: Measured, rules: Mapping[str, Any]) -> str | None:
    types = [type_of(name) for name in rules.get("formats") or ()]
    if not types or media.type in types:
        return None
    return f"is {title_of(media.type)}; it must be {_either([title_of(type) for type in types])}"


def _bytes(media: Measured, rules: Mapping[str, Any]) -> str | None:
    limit = rules.get("max_bytes")
    if media.size == 0:
        return "is empty; give a file with content"
    if limit is None or media.size <= limit:
        return None
    return f"is {_amount(media.size)}; at most {_amount(limit)} are accepted"


def _unreadable(media: Measured, rules: Mapping[str, Any]) -> str | None:
    """What can be said where sides or seconds are asked for and cannot be seen."""
    needs_sides = media.width is None and any(name in rules for name in _OF_SIDES)
    needs_seconds = media.seconds is None and any(name in rules for name in _OF_SECONDS)
    if not media.size or not (needs_sides or needs_seconds):
        return None
    if media.type.startswith("image/" if needs_sides else ("audio/", "video/")):
        return f"is a {title_of(media.type)} file whose header cannot be read; save it again, or take another"
    return f"is {title_of(media.type)}; it must be {'a picture' if needs_sides else 'a recording'}"


def _of_sides(
    broken: Callable[[int, int, Any], bool], sentence: str
) -> Callable[[Measured, Any], str | None]:
    def check(media: Measured, limit: Any) -> str | None:
        if media.width is None or media.height is None or not broken(media.width, media.height, limit):
            return None
        width, height = media.width, media.height
        facts = {"pixels": width * height, "aspect": width / height, "limit": _shown(limit)}
        return f"is {width} x {height} pixels" + sentence.format(**facts)

    return check


def _of_seconds(
    broken: Callable[[float, float], bool], sentence: str
) -> Callable[[Measured, Any], str | None]:
    def check(media: Measured, limit: Any) -> str | None:
        if media.seconds is None or not broken(media.seconds, limit):
            return None
        return f"lasts {media.seconds:.4g} s; {sentence} {limit:g} s"

    return check


_CHECKS: dict[str, Callable[[Measured, Any], str | None]] = {
    "min_side": _of_sides(lambda w, h, least: min(w, h) < least, "; each side must be at least {limit}"),
    "max_side": _of_sides(lambda w, h, most: max(w, h) > most, "; each side must be at most {limit}"),
    "min_width": _of_sides(lambda w, h, least: w < least, "; it must be at least {limit} wide"),
    "max_width": _of_sides(lambda w, h, most: w > most, "; it must be at most {limit} wide"),
    "min_height": _of_sides(lambda w, h, least: h < least, "; it must be at least {limit} high"),
    "max_height": _of_sides(lambda w, h, most: h > most, "; it must be at most {limit} high"),
    "min_pixels": _of_sides(
        lambda w, h, least: w * h < least, ", {pixels:,} in all; it must have at least {limit}"
    ),
    "max_pixels": _of_sides(
        lambda w, h, most: w * h > most, ", {pixels:,} in all; it may have at most {limit}"
    ),
    "min_aspect": _of_sides(
        lambda w, h, least: w < least * h,
        ", {aspect:.3g} times as wide as high; it must be at least {limit} times as wide as high",
    ),
    "max_aspect": _of_sides(
        lambda w, h, most: w > most * h,
        ", {aspect:.3g} times as wide as high; it must be at most {limit} times as wide as high",
    ),
    "dimensions": _of_sides(lambda w, h, ones: f"{w}x{h}" not in ones, "; it must be {limit}"),
    "min_seconds": _of_seconds(lambda seconds, least: seconds < least, "it must last at least"),
    "max_seconds": _of_seconds(lambda seconds, most: seconds > most, "it may last at most"),
}
_OF_SECONDS = frozenset({"min_seconds", "max_seconds"})
_OF_SIDES = frozenset(_CHECKS) - _OF_SECONDS


def _shown(limit: Any) -> str:
    if isinstance(limit, Sequence):
        return _either([str(size).replace("x", " x ") for size in limit])
    return f"{limit:,}" if isinstance(limit, int) else f"{limit:g}"


def _either(words: Sequence[str]) -> str:
    *others, last = dict.fromkeys(words)
    return f"{', '.join(others)} or {last}" if others else last


def _amount(count: int) -> str:
    if count < _MIB:
        return f"{count:,} bytes"
    exact = "" if count % _MIB == 0 else f" ({count:,} bytes)"
    return f"{count / _MIB:.4g} MiB{exact}"
