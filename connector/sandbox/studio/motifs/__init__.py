"""The things that a prompt can name, and how they are put on a canvas."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files

from connector.sandbox.studio.brush import Canvas, Point, spline
from connector.sandbox.studio.colour import Colour, colour, lighter, luminance
from connector.sandbox.studio.light import Light
from connector.sandbox.studio.motifs.shape import Kind, Motif, Shape, motifs

__all__ = ["BY_WORD", "MOTIFS", "Coat", "Motif", "Place", "put"]

_FILES = ("creatures", "buildings", "nature", "things")


def _drawn(file: str) -> list[Motif]:
    return list(motifs(files(__package__).joinpath(f"{file}.txt").read_text("utf-8")))


MOTIFS = {motif.name: motif for file in _FILES for motif in _drawn(file)}
BY_WORD = {word: motif for motif in MOTIFS.values() for word in motif.words}

_STEP = 0.26  # what one + or - does
_GLASS, _LIT = colour("#7fa3b8"), colour("#ffd98a")


@dataclass(frozen=True)
class Place:
    """Where a motif goes: the middle of its foot on the canvas, its height, and whether it is mirrored."""

    x: float
    y: float
    height: float
    flipped: bool = False

    def at(self, point: Point) -> Point:
        side = -1 if self.flipped else 1
        return (self.x + side * point[0] * self.height, self.y - point[1] * self.height)

    def box(self, motif: Motif) -> tuple[float, float, float, float]:
        """The rectangle that the motif's shapes fill."""
        corners = [self.at(p) for shape in motif.shapes for p in _extent(shape)]
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        return (min(xs), min(ys), max(xs), max(ys))


def _extent(shape: Shape) -> Sequence[Point]:
    if shape.kind == "glow":
        return [shape.points[0]]
    if shape.kind != "oval":
        return shape.points
    (x, y), (across, down) = shape.points
    return [(x - across, y - down), (x + across, y + down)]


@dataclass(frozen=True)
class Coat:
    """The colours that the roles in a motif's fills stand for."""

    main: Colour
    accent: Colour
    light: Light
    distance: float = 0.0

    def stops(self, fill: str) -> tuple[list[Colour], float]:
        """The colours of a fill, top to bottom, and its density."""
        body, _, alpha = fill.partition("@")
        return [self._one(part) for part in body.split(">")], float(alpha or 1)

    def _one(self, text: str) -> Colour:
        shines = text.startswith("!")
        name = text.lstrip("!").rstrip("+-")
        step = _STEP * (text.count("+") - text.count("-"))
        base = lighter(self._base(name), step)
        if shines or (name == "window" and self.light.dark):
            return base
        return self.light.far(base, self.distance)

    def _base(self, name: str) -> Colour:
        if name.startswith("#"):
            return colour(name)
        pale = colour("#f6efe2") if luminance(self.main) < 0.86 else colour("#d9d2c6")
        roles = {"main": self.main, "accent": self.accent, "light": pale, "dark": colour("#2b2a33")}
        return roles.get(name, _LIT if self.light.dark else _GLASS)


def put(canvas: Canvas, motif: Motif, place: Place, coat: Coat) -> None:
    """Draw a motif."""
    for shape in motif.shapes:
        _DRAW[shape.kind](canvas, shape, place, coat)


def _outline(canvas: Canvas, shape: Shape, place: Place, coat: Coat, smooth: bool) -> None:
    stops, alpha = coat.stops(shape.fill)
    points = spline(shape.points, closed=True) if smooth else shape.points
    canvas.area([place.at(p) for p in points], *stops, alpha=alpha)


def _stroke(canvas: Canvas, shape: Shape, place: Place, coat: Coat, smooth: bool) -> None:
    stops, alpha = coat.stops(shape.fill)
    points = spline(shape.points, closed=False) if smooth else shape.points
    canvas.stroke([place.at(p) for p in points], shape.width * place.height, stops[0], alpha)


_ROUND = 40  # corners of an oval that is filled with a gradient


def _oval(canvas: Canvas, shape: Shape, place: Place, coat: Coat) -> None:
    stops, alpha = coat.stops(shape.fill)
    (x, y), (across, down) = shape.points
    if len(stops) == 1:
        canvas.oval(place.at((x, y)), across * place.height, down * place.height, stops[0], alpha)
        return
    ring = [(x + across * c, y + down * s) for c, s in _circle()]
    canvas.area([place.at(p) for p in ring], *stops, alpha=alpha)


def _circle() -> list[Point]:
    return [(math.cos(2 * math.pi * i / _ROUND), math.sin(2 * math.pi * i / _ROUND)) for i in range(_ROUND)]


def _glow(canvas: Canvas, shape: Shape, place: Place, coat: Coat) -> None:
    stops, alpha = coat.stops(shape.fill)
    strength = alpha if coat.light.dark else alpha * 0.6
    canvas.glow(place.at(shape.points[0]), shape.points[1][0] * place.height, stops[0], strength)


_DRAW: dict[Kind, Callable[[Canvas, Shape, Place, Coat], None]] = {
    "poly": partial(_outline, smooth=False),
    "blob": partial(_outline, smooth=True),
    "line": partial(_stroke, smooth=False),
    "curve": partial(_stroke, smooth=True),
    "oval": _oval,
    "glow": _glow,
}
