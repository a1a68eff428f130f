"""A motif is a drawing as data: shapes in a frame one unit high that stands on y = 0.

The drawings are the text files in ``motifs/``. A section is a motif; its first lines say what it is, the
others are its shapes from back to front:

    poly|blob FILL X,Y X,Y ...           a straight or a smooth outline
    line|curve FILL WIDTH X,Y X,Y ...    a straight or a smooth stroke
    ring FILL WIDTH X,Y RX,RY            the outline of an oval
    oval|glow FILL X,Y RX,RY             a centre and half axes
    panes FILL X,Y X,Y COLUMNS,ROWS      windows between two corners, some of them dark

``both`` in front adds the mirror image across x = 0, ``turn N X,Y`` makes N copies around a place.
A fill is a role (``main``, ``accent``, ``light``, ``window``, ``haze``, ``sun`` ...) or ``#rrggbb``; each
``+`` or ``-`` after it is a step lighter or darker; ``~0.5`` is how far away it is; ``a>b`` runs from top
to bottom; ``!`` in front is for what shines by itself; ``@0.5`` at the end says how dense it is.
"""

from __future__ import annotations

import cmath
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from importlib.resources import files
from typing import Any

from connector.sandbox.studio.canvas import Canvas, Point, spline
from connector.sandbox.studio.colour import Colour, colour, lighter, mix
from connector.sandbox.studio.scenery import Light

_STEP = 0.26  # what one + or - does
_GLASS, _LIT, _INK = colour("#7fa3b8"), colour("#ffd98a"), colour("#2b2a33")
_PAPER = colour("#f6efe2")
_ROUND = [(math.cos(math.tau * i / 40), math.sin(math.tau * i / 40)) for i in range(40)]
_OUTLINES = ("poly", "blob", "line", "curve")  # the others are told by a centre and half axes


@dataclass(frozen=True)
class Shape:
    kind: str
    fill: str
    points: tuple[Point, ...]
    width: float = 0.0

    @cached_property
    def outline(self) -> list[Point]:
        """The corners of what it covers, or the places that it runs through."""
        (x, y), (across, down) = self.points[:2]
        if self.kind == "oval":
            return [(x + across * c, y + down * s) for c, s in _ROUND]
        if self.kind in ("blob", "curve"):
            return spline(self.points, closed=self.kind == "blob")
        corners = len(self.points) if self.kind in _OUTLINES else 2 if self.kind == "panes" else 1
        return list(self.points[:corners])


@dataclass(frozen=True)
class Motif:
    """Something that can be drawn, and that a prompt can name if it has words."""

    name: str
    words: tuple[str, ...] = ()
    mains: tuple[str, ...] = ("#ffffff",)  # the colours it comes in
    accent: str = "#ffffff"
    home: str = ""  # the place it is at where the prompt says none
    stand: str = "ground"  # or water, sky, deep
    size: float = 0.5  # its height as a share of the picture's
    shapes: tuple[Shape, ...] = ()

    @cached_property
    def box(self) -> tuple[float, float, float, float]:
        """The rectangle that the shapes fill: left, low, right, top."""
        xs, ys = zip(*(point for shape in self.shapes for point in shape.outline), strict=True)
        return (min(xs), min(ys), max(xs), max(ys))


def _motif(name: str, lines: list[list[str]]) -> Motif:
    facts = {key: values for key, *values in lines if key in Motif.__dataclass_fields__}
    shapes = [shape for line in lines if line[0] not in facts for shape in _shapes(line)]
    told: dict[str, Any] = {key: tuple(values) for key, values in facts.items() if key in ("words", "mains")}
    told |= {key: values[0] for key, values in facts.items() if key not in told}
    return Motif(**{**told, "name": name, "size": float(told.get("size", 1)), "shapes": tuple(shapes)})


def _shapes(line: list[str]) -> list[Shape]:
    if line[0] == "both":
        pairs = ((shape, _moved(shape, lambda p: (-p[0], p[1]))) for shape in _shapes(line[1:]))
        return [shape for pair in pairs for shape in pair]
    if line[0] == "turn":
        count, centre, (shape,) = int(line[1]), complex(*_point(line[2])), _shapes(line[3:])
        return [_moved(shape, partial(_turned, centre, math.tau * i / count)) for i in range(count)]
    kind, fill, *rest = line
    width = float(rest.pop(0)) if kind in ("line", "curve", "ring") else 0.0
    return [Shape(kind, fill, tuple(map(_point, rest)), width)]


def _point(pair: str) -> Point:
    x, y = pair.split(",")
    return (float(x), float(y))


def _moved(shape: Shape, move: Callable[[Point], Point]) -> Shape:
    count = len(shape.points) if shape.kind in _OUTLINES else 1
    return replace(shape, points=(*map(move, shape.points[:count]), *shape.points[count:]))


def _turned(centre: complex, angle: float, point: Point) -> Point:
    moved = centre + cmath.rect(1, angle) * (complex(*point) - centre)
    return (moved.real, moved.imag)


def _drawings() -> Iterator[Motif]:
    for file in sorted(files(__package__).joinpath("motifs").iterdir(), key=lambda file: file.name):
        lines = [line for line in file.read_text("utf-8").splitlines() if line and not line.startswith("#")]
        for section in "\n".join(lines).split("[")[1:]:
            name, _, body = section.partition("]\n")
            yield _motif(name, [line.split() for line in body.splitlines()])


MOTIFS = {motif.name: motif for motif in _drawings()}
BY_WORD = {word: motif for motif in MOTIFS.values() for word in motif.words}


@dataclass(frozen=True)
class Place:
    """Where a motif goes: the middle of its foot on the canvas, its height, and how it is turned."""

    x: float
    y: float
    height: float
    flipped: bool = False
    wide: float = 1.0

    def at(self, point: Point) -> Point:
        side = -self.wide if self.flipped else self.wide
        return (self.x + side * point[0] * self.height, self.y - point[1] * self.height)

    def box(self, motif: Motif) -> tuple[float, float, float, float]:
        """The rectangle that the motif fills on the canvas: left, top, right, foot."""
        left, low, right, top = motif.box
        xs, ys = zip(self.at((left, low)), self.at((right, top)), strict=True)
        return (min(xs), min(ys), max(xs), max(ys))


@dataclass(frozen=True)
class Coat:
    """The colours that the roles in a fill stand for, in some light and at some distance."""

    light: Light
    main: str | Colour = "#ffffff"
    accent: str | Colour = "#ffffff"
    roles: Mapping[str, Sequence[Colour]] = field(default_factory=dict)
    distance: float = 0.0
    alpha: float = 1.0

    def stops(self, fill: str) -> tuple[list[Colour], float]:
        """The colours of a fill, top to bottom, and its density."""
        body, _, alpha = fill.partition("@")
        tones = [tone for part in body.split(">") for tone in self._tones(part)]
        return tones, float(alpha or 1) * self.alpha

    def _tones(self, text: str) -> list[Colour]:
        """The colours of one part of a fill, in the light."""
        name, _, far = text.lstrip("!").partition("~")
        tones, distance = self._plain(name), max(self.distance, float(far or 0))
        if name.startswith("window") and self.light.dark:
            return [mix(tone, self.light.sky[-1], distance) for tone in tones]
        return tones if text.startswith("!") else [self.light.far(tone, distance) for tone in tones]

    def _plain(self, text: str | Colour) -> list[Colour]:
        """The colours of a role or a number, lighter and darker by its signs."""
        if not isinstance(text, str):
            return [text]
        name, step = text.rstrip("+-"), _STEP * (text.count("+") - text.count("-"))
        own = {"dark": _INK, "light": _PAPER, "window": _LIT if self.light.dark else _GLASS}
        if name in ("main", "accent"):
            tones: Sequence[Colour] = self._plain(self.main if name == "main" else self.accent)
        elif name in self.roles:
            tones = self.roles[name]
        else:
            tones = [own.get(name) or colour(name)]
        return [lighter(tone, step) for tone in tones]


def put(canvas: Canvas, motif: Motif, place: Place, coat: Coat) -> None:
    """Draw a motif."""
    height = abs(place.height)
    for shape in motif.shapes:
        stops, alpha = coat.stops(shape.fill)
        plain = shape.kind == "oval" and len(stops) == 1  # which needs no outline, and there are many
        points = [place.at(p) for p in (shape.points[:1] if plain else shape.outline)]
        width = shape.width * height
        across, down = (size * height for size in shape.points[1])
        if shape.kind == "panes":
            _panes(canvas, shape, place, stops, alpha)
        elif shape.kind == "glow":
            shine = alpha if coat.light.dark else alpha * 0.6
            canvas.glow(points[0], across * place.wide, down, stops[0], shine)
        elif shape.kind in ("line", "curve"):
            canvas.stroke(points, width, stops[0], alpha)
        elif shape.kind in ("poly", "blob") or len(stops) > 1:
            canvas.area(points, stops, alpha)
        else:
            canvas.oval(points[0], (across * place.wide, down), stops[0], alpha, width)


def _panes(canvas: Canvas, shape: Shape, place: Place, stops: Sequence[Colour], alpha: float) -> None:
    (left, low), (right, top), (columns, rows) = shape.points
    dice = random.Random(round(1000 * place.x / canvas.width))
    across, down = (right - left) / columns, (top - low) / rows
    for index in range(round(columns * rows)):
        if dice.random() < 0.6:
            x, y = left + index % columns * across, low + index // columns * down
            end, head = x + across * 0.55, y + down * 0.6
            corners = ((x, y), (end, y), (end, head), (x, head))
            canvas.area([place.at(p) for p in corners], [dice.choice(stops)], alpha)
