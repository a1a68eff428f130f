"""File rules: what an action asks of a file, and a sentence for each rule that the file breaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from connector.media.file import Media
from connector.media.headers import READABLE_PICTURES
from connector.media.kinds import title_of, type_of

_MIB = 1024 * 1024


def problems(media: Media, rules: Mapping[str, Any]) -> list[str]:
    """A sentence for each broken rule: what was seen, and what must be. Empty where all is well."""
    found = [_format(media, rules) or _other(media, rules), _bytes(media, rules)]
    found += [_limit(media, name, rules[name]) for name in _LIMITS if rules.get(name) is not None]
    return [sentence for sentence in found if sentence]


def remark(media: Media, rules: Mapping[str, Any]) -> str | None:
    """What of a file that breaks no rule could not be seen, and so is left to whoever receives it."""
    fact = _unseen(media, rules)
    return f"is sent as it is: {fact.title} cannot be read from the file" if fact else None


def _format(media: Media, rules: Mapping[str, Any]) -> str | None:
    types = [type_of(name) for name in rules.get("formats") or ()]
    if not types or media.type in types:
        return None
    return f"is {title_of(media.type)}; it must be {_either([title_of(type) for type in types])}"


def _bytes(media: Media, rules: Mapping[str, Any]) -> str | None:
    limit = rules.get("max_bytes")
    if media.size == 0:
        return "is empty; give a file with content"
    if limit is None or media.size <= limit:
        return None
    seen, most = (f"{seen:,} bytes" for seen in (media.size, limit))
    if limit % _MIB == 0:
        seen, most = f"{beside(media.size / _MIB, limit // _MIB)} MiB", f"{shown(limit // _MIB)} MiB"
    return f"is {seen}; at most {most} are accepted"


def _other(media: Media, rules: Mapping[str, Any]) -> str | None:
    """What can be said where a rule asks for what such a file has not, or should tell and does not."""
    fact = _unseen(media, rules)
    if fact is None or not media.size:
        return None
    if not media.type.startswith(fact.types):
        return f"is {title_of(media.type)}; it must be {fact.owner}"
    if media.type not in READABLE_PICTURES:
        return None
    return f"is a {title_of(media.type)} file whose header cannot be read; save it again, or take another"


def _unseen(media: Media, rules: Mapping[str, Any]) -> _Fact | None:
    return next(
        (fact for fact in _FACTS if getattr(media, fact.name) is None and fact.rules & set(rules)), None
    )


def _limit(media: Media, name: str, limit: Any) -> str | None:
    fact = _FACTS[name in _OF_SECONDS]
    if getattr(media, fact.name) is None:
        return None
    measure, sentence = _LIMITS[name]
    value = measure(media)
    if name == "dimensions":
        is_kept, told = value in limit, _either([size.replace("x", " x ") for size in limit])
    else:
        is_kept, told = value >= limit if name.startswith("min") else value <= limit, shown(limit)
    if is_kept:
        return None
    start = "lasts" if fact.name == "seconds" else f"is {media.width} x {media.height} pixels"
    shown_value = value if isinstance(value, str) else beside(value, limit)
    return start + sentence.format(value=shown_value, limit=told)


_WIDE = ", {value} times as wide as high; it must be at %s {limit} times as wide as high"
# What each looks at, and what is said of it. A rule that begins with `min` is kept from its limit on.
_LIMITS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "min_side": (lambda m: min(m.width, m.height), "; each side must be at least {limit}"),
    "max_side": (lambda m: max(m.width, m.height), "; each side must be at most {limit}"),
    "min_width": (lambda m: m.width, "; it must be at least {limit} wide"),
    "max_width": (lambda m: m.width, "; it must be at most {limit} wide"),
    "min_height": (lambda m: m.height, "; it must be at least {limit} high"),
    "max_height": (lambda m: m.height, "; it must be at most {limit} high"),
    "min_pixels": (lambda m: m.width * m.height, ", {value} in all; it must have at least {limit}"),
    "max_pixels": (lambda m: m.width * m.height, ", {value} in all; it may have at most {limit}"),
    "min_aspect": (lambda m: m.width / m.height, _WIDE % "least"),
    "max_aspect": (lambda m: m.width / m.height, _WIDE % "most"),
    "dimensions": (lambda m: f"{m.width}x{m.height}", "; it must be {limit}"),
    "min_seconds": (lambda m: m.seconds, " {value} s; it must last at least {limit} s"),
    "max_seconds": (lambda m: m.seconds, " {value} s; it may last at most {limit} s"),
}
_OF_SECONDS = frozenset({"min_seconds", "max_seconds"})
_OF_SIDES = frozenset(_LIMITS) - _OF_SECONDS


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


def beside(value: float, limit: float) -> str:
    """A figure as it is written beside a limit that it breaks: rounded, but never to the limit or past it."""
    figures = [value] if isinstance(value, int) else (float(f"{value:.{count}g}") for count in range(4, 18))
    return shown(next(one for one in figures if one != limit and (one < limit) == (value < limit)))


def shown(figure: float) -> str:
    """A figure in full, in groups of thousands where it is whole."""
    return f"{int(figure):,}" if figure == int(figure) else repr(figure)


def _either(words: Sequence[str]) -> str:
    *others, last = dict.fromkeys(words)
    return f"{', '.join(others)} or {last}" if others else last
