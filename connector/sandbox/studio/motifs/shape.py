"""A motif as data: named shapes in a frame one unit high that stands on y = 0.

A fill says a colour in a few letters: a role (``main``, ``accent``, ``light``, ``dark``, ``window``) or
``#rrggbb``; ``+`` or ``-`` after it for lighter or darker, each sign a step; ``a>b`` for a gradient
from top to bottom; ``!`` in front for what shines by itself; ``@0.5`` at the end for how dense it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["poly", "blob", "oval", "line", "curve", "glow"]
Stand = Literal["ground", "water", "sky", "deep"]


@dataclass(frozen=True)
class Shape:
    kind: Kind
    fill: str
    points: tuple[tuple[float, float], ...]
    width: float = 0.0


@dataclass(frozen=True)
class Motif:
    """Something a prompt can name. ``mains`` are the colours it comes in; ``home`` is where it lives."""

    name: str
    words: str
    shapes: tuple[Shape, ...]
    mains: str
    accent: str = "#e2574c"
    home: str = "hills"
    stand: Stand = "ground"
    size: float = 0.5  # its height as a share of the picture's


def _pairs(numbers: tuple[float, ...]) -> tuple[tuple[float, float], ...]:
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def poly(fill: str, *numbers: float) -> Shape:
    return Shape("poly", fill, _pairs(numbers))


def blob(fill: str, *numbers: float) -> Shape:
    """A closed smooth outline through the points."""
    return Shape("blob", fill, _pairs(numbers))


def oval(fill: str, x: float, y: float, across: float, down: float) -> Shape:
    return Shape("oval", fill, ((x, y), (across, down)))


def box(fill: str, left: float, low: float, right: float, high: float) -> Shape:
    return poly(fill, left, low, right, low, right, high, left, high)


def line(fill: str, width: float, *numbers: float) -> Shape:
    return Shape("line", fill, _pairs(numbers), width)


def curve(fill: str, width: float, *numbers: float) -> Shape:
    return Shape("curve", fill, _pairs(numbers), width)


def glow(fill: str, x: float, y: float, radius: float) -> Shape:
    return Shape("glow", fill, ((x, y), (radius, radius)))


def both(shape: Shape) -> tuple[Shape, Shape]:
    """The shape and its mirror image across x = 0."""
    first, *others = shape.points
    sized = shape.kind in ("oval", "glow")
    rest = others if sized else [(-x, y) for x, y in others]
    return shape, replace(shape, points=((-first[0], first[1]), *rest))
