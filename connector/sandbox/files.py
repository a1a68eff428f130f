"""File rules of the document; a file's content decides, not its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Info(Protocol):
    """What a file turns out to be: its format, and its sides or its length."""

    @property
    def format(self) -> str: ...
    @property
    def width(self) -> int | None: ...
    @property
    def height(self) -> int | None: ...
    @property
    def seconds(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class _Rule:
    """A measure of a file, the side on which the limit lies, and the sentence for a file beyond it."""

    measure: Callable[[Info], float | None]
    too_small: bool
    sentence: str


def _side(info: Info, choose: Callable[..., int]) -> int | None:
    return None if info.width is None or info.height is None else choose(info.width, info.height)


def _pixels(info: Info) -> int | None:
    return None if info.width is None or info.height is None else info.width * info.height


def _aspect(info: Info) -> float | None:
    return None if info.width is None or not info.height else info.width / info.height


_RULES: Mapping[str, _Rule] = {
    "min_side": _Rule(lambda i: _side(i, min), True, "each side must have at least {limit} pixels"),
    "max_side": _Rule(lambda i: _side(i, max), False, "each side must have at most {limit} pixels"),
    "min_width": _Rule(lambda i: i.width, True, "width must be at least {limit} pixels"),
    "max_width": _Rule(lambda i: i.width, False, "width must be at most {limit} pixels"),
    "min_height": _Rule(lambda i: i.height, True, "height must be at least {limit} pixels"),
    "max_height": _Rule(lambda i: i.height, False, "height must be at most {limit} pixels"),
    "min_pixels": _Rule(_pixels, True, "must have at least {limit} pixels in all"),
    "max_pixels": _Rule(_pixels, False, "must have at most {limit} pixels in all"),
    "min_aspect": _Rule(_aspect, True, "width divided by height must be at least {limit}"),
    "max_aspect": _Rule(_aspect, False, "width divided by height must be at most {limit}"),
    "min_seconds": _Rule(lambda i: i.seconds, True, "must last at least {limit} seconds"),
    "max_seconds": _Rule(lambda i: i.seconds, False, "must last at most {limit} seconds"),
}


def file_problems(info: Info | None, rules: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each rule that the file breaks; None is a file that nobody can read."""
    formats = rules.get("formats")
    if info is None or (formats and info.format not in formats):
        yield f"must be a readable file of the format {', '.join(formats or ['jpeg', 'png', 'webp'])}"
        return
    dimensions = rules.get("dimensions")
    if dimensions and f"{info.width}x{info.height}" not in dimensions:
        yield f"dimensions must be one of {', '.join(dimensions)}"
    for name, rule in _RULES.items():
        if name in rules and _beyond(rule, info, rules[name]):
            yield f"{rule.sentence.format(limit=rules[name])}, it has {_shown(rule.measure(info))}"


def _beyond(rule: _Rule, info: Info, limit: float) -> bool:
    size = rule.measure(info)
    return size is not None and (size < limit if rule.too_small else size > limit)


def _shown(size: float | None) -> str:
    return f"{size:.4g}" if isinstance(size, float) else str(size)
