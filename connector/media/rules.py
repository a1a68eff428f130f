"""File rules: what an action asks of a file, and a sentence for each rule that the file breaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from connector.media.headers import READABLE_PICTURES
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
    found = [_format(media, rules) or _other(media, rules), _bytes(media, rules)]
    found += [check(media, rules[name]) for name, check in _CHECKS.items() if rules.get(name) is not None]
    return [sentence for sentence in found if sentence]


def remark(media: Measured, rules: Mapping[str, Any]) -> str | None:
    """What of a file that breaks no rule could not be seen, and so is left to whoever receives it."""
    fact = _unseen(media, rules)
    return f"is sent as it is: {fact.title} cannot be read from the file" if fact else None


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
    seen, most = (f"{seen:,} bytes" for seen in (media.size, limit))
    if limit % _MIB == 0:
        seen, most = f"{beside(media.size / _MIB, limit // _MIB)} MiB", f"{shown(limit // _MIB)} MiB"
    return f"is {seen}; at most {most} are accepted"


def _other(media: Measured, rules: Mapping[str, Any]) -> str | None:
    """What can be said where a rule asks for what such a file has not, or should tell and does not."""
    fact = _unseen(media, rules)
    if fact is None or not media.size:
        return None
    if not media.type.startswith(fact.types):
        return f"is {title_of(media.type)}; it must be {fact.owner}"
    if media.type not in READABLE_PICTURES:
        return None
    return f"is a {title_of(media.type)} file whose header cannot be read; save it again, or take another"


def _unseen(media: Measured, rules: Mapping[str, Any]) -> _Fact | None:
    return next(
        (fact for fact in _FACTS if getattr(media, fact.name) is None and fact.rules & set(rules)), None
    )


def _of_sides(
    broken: Callable[[int, int, Any], bool], sentence: str
) -> Callable[[Measured, Any], str | None]:
    def check(media: Measured, limit: Any) -> str | None:
        if media.width is None or media.height is None or not broken(media.width, media.height, limit):
            return None
        width, height = media.width, media.height
        figures = {"pixels": width * height, "limit": _shown(limit)}
        if "{aspect}" in sentence:
            figures["aspect"] = beside(width / height, limit, 3)
        return f"is {width} x {height} pixels" + sentence.format(**figures)

    return check


def _of_seconds(
    broken: Callable[[float, float], bool], sentence: str
) -> Callable[[Measured, Any], str | None]:
    def check(media: Measured, limit: Any) -> str | None:
        if media.seconds is None or not broken(media.seconds, limit):
            return None
        return f"lasts {beside(media.seconds, limit)} s; {sentence} {shown(limit)} s"

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
        lambda w, h, least: w / h < least,
        ", {aspect} times as wide as high; it must be at least {limit} times as wide as high",
    ),
    "max_aspect": _of_sides(
        lambda w, h, most: w / h > most,
        ", {aspect} times as wide as high; it must be at most {limit} times as wide as high",
    ),
    "dimensions": _of_sides(lambda w, h, ones: f"{w}x{h}" not in ones, "; it must be {limit}"),
    "min_seconds": _of_seconds(lambda seconds, least: seconds < least, "it must last at least"),
    "max_seconds": _of_seconds(lambda seconds, most: seconds > most, "it may last at most"),
}
_OF_SECONDS = frozenset({"min_seconds", "max_seconds"})
_OF_SIDES = frozenset(_CHECKS) - _OF_SECONDS


class _Fact(NamedTuple):
    """What rules look at, what has it, and the types of such files."""

    name: str
    title: str
    rules: frozenset[str]
    owner: str
    types: tuple[str, ...]


_FACTS = (
    _Fact("width", "its width and height", _OF_SIDES, "a picture", ("image/",)),
    _Fact("seconds", "its length", _OF_SECONDS, "a recording", ("audio/", "video/")),
)


def beside(value: float, limit: float, digits: int = 4) -> str:
    """A figure as it is written beside a limit that it breaks: rounded, but never to the limit or past it."""
    figures = (float(f"{value:.{count}g}") for count in range(digits, 18))
    return shown(
        next(figure for figure in figures if figure != limit and (figure < limit) == (value < limit))
    )


def shown(figure: float) -> str:
    """A figure in full, in groups of thousands where it is whole."""
    return f"{int(figure):,}" if figure == int(figure) else repr(figure)


def _shown(limit: Any) -> str:
    if isinstance(limit, Sequence):
        return _either([str(size).replace("x", " x ") for size in limit])
    return shown(limit)


def _either(words: Sequence[str]) -> str:
    *others, last = dict.fromkeys(words)
    return f"{', '.join(others)} or {last}" if others else last
