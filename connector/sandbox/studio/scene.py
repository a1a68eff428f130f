"""A scene is painted layer by layer, from back to front, as its setting in ``scenery.yaml`` says.

A layer is a mapping whose first key says what it is (see ``_KINDS``) and what it is filled with. A number
may be a pair, between which the dice pick; a text may be a list, of which they pick one. Heights are shares
of the picture, of the sky (``in: sky``: 0 is the zenith, 1 the horizon) or of the land (1 is the foot).
``when`` and ``unless`` name hours and weathers.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageFilter, ImageOps

from connector.sandbox.studio.canvas import Canvas, Point
from connector.sandbox.studio.colour import Colour, along, colour
from connector.sandbox.studio.motif import MOTIFS, Coat, Place, put
from connector.sandbox.studio.scenery import SETTINGS, Layers, Light, Setting

Line = Callable[[float], float]  # height of an outline (share of the picture) at x in 0..1


@dataclass
class Scene:
    """A canvas being painted, and what its layers need to know."""

    canvas: Canvas
    setting: Setting
    light: Light
    dice: random.Random
    weather: frozenset[str]
    hero_x: float  # where the main thing stands, which the layers leave free
    palette: Sequence[Colour] = ()
    roles: dict[str, Sequence[Colour]] = field(default_factory=dict)
    line: Line = lambda x: 1.0  # the last ground's outline, on which things can stand

    def __post_init__(self) -> None:
        picked = {name: [colour(self.dice.choice(tones))] for name, tones in self.setting.roles.items()}
        own = {f"tone{index}": [tone] for index, tone in enumerate(self.palette)}
        self.roles = {**self.light.roles, **own, **picked}

    @property
    def unit(self) -> float:
        """What sizes are shares of: the height, unless the picture is a narrow one."""
        return min(self.canvas.height, self.canvas.width * 1.3)

    def paint(self, layers: Layers) -> None:
        """Layer by layer, and group by group."""
        conditions = {self.light.name, *self.weather}
        for told in layers:
            if not isinstance(told, dict):
                self.paint(told)
            elif Layer(self, told).wanted(conditions):
                _KINDS[next(iter(told))](Layer(self, told))

    def points(self, steps: int = 160) -> list[Point]:
        """The last ground's outline on the canvas."""
        shares = [step / steps for step in range(steps + 1)]
        return [(self.canvas.width * share, self.canvas.height * self.line(share)) for share in shares]


@dataclass(frozen=True)
class Layer:
    """One layer of a scene, as the file says it."""

    scene: Scene
    told: Mapping[str, Any]

    def wanted(self, conditions: set[str]) -> bool:
        when, unless = (set(self.told.get(key, "").split()) for key in ("when", "unless"))
        return not conditions & unless and (not when or bool(conditions & when))

    def number(self, key: str, default: Any = 0.0) -> float:
        value, hero_x = self.told.get(key, default), self.scene.hero_x
        if isinstance(value, str):  # the light comes from the side that the main thing leaves free
            sun = 0.26 if hero_x > 0.5 else 0.74
            return {"sun": sun, "hero": hero_x, "hour": 1 - self.scene.light.height}[value]
        return self.scene.dice.uniform(*value) if isinstance(value, list) else float(value)

    def text(self, key: str, default: Any = "") -> str:
        value = self.told.get(key, default)
        return self.scene.dice.choice(value) if isinstance(value, (list, tuple)) else str(value)

    def kind(self) -> str:
        """What the layer's first key says."""
        return self.text(next(iter(self.told)))

    def y(self, share: float) -> float:
        """A height on the canvas; ``in`` says which part of the picture the layer's own are shares of."""
        horizon = self.scene.setting.horizon
        parts = {"sky": (0.0, horizon), "land": (horizon, 1.0)}
        top, low = parts.get(self.told.get("in", ""), (0.0, 1.0))
        return (top + (low - top) * share) * self.scene.canvas.height

    def coat(self, main: str | Colour = "#ffffff", accent: str = "#ffffff") -> Coat:
        distance, alpha = self.number("distance"), self.number("alpha", 1)
        return Coat(self.scene.light, main, accent, self.scene.roles, distance, alpha)

    def stops(self, fill: str | None = None, tone: Colour | str = "#ffffff") -> tuple[list[Colour], float]:
        return self.coat(tone).stops(fill or self.kind())


def _band(layer: Layer) -> None:
    """A gradient across the picture."""
    canvas, width = layer.scene.canvas, layer.scene.canvas.width
    top, low = layer.y(layer.number("from")), layer.y(layer.number("to", 1))
    canvas.area([(0, top), (width, top), (width, low), (0, low)], *layer.stops())


def _ground(layer: Layer) -> None:
    """All below an outline, in ``copies`` that follow one another in the palette's colours or only once.

    ``base: line`` takes the last outline again, and so covers the feet of what stands on it.
    """
    scene, copies = layer.scene, round(layer.number("copies", 1))
    lines = [scene.line] if layer.told["base"] == "line" else _outlines(layer, copies)
    for index, scene.line in enumerate(lines):
        tone = along(scene.palette, index / copies) if copies > 1 else "#ffffff"
        foot = [(scene.canvas.width, scene.canvas.height + 2.0), (0.0, scene.canvas.height + 2.0)]
        scene.canvas.area([*scene.points(), *foot], *layer.stops(tone=tone))
    if "shade" in layer.told:
        _shade(layer)


def _outlines(layer: Layer, copies: int) -> list[Line]:
    """One outline, or several that sink and drift step by step."""
    line, base, step, drift = _outline(layer), *map(layer.number, ("base", "step", "drift"))
    return [lambda x, i=i: base + i * step + line(x + drift * i) for i in range(copies)]  # type: ignore[misc]


def _outline(layer: Layer) -> Line:
    """Soft hills, or rocky ``peaks``, each side of which is broken by smaller ones."""
    dice, swing, peaks = layer.scene.dice, layer.number("swing", 0.03), round(layer.number("peaks"))
    if not peaks:
        waves = layer.number("waves", 1)
        parts = [(swing / i**1.4, waves * (0.1 + 0.9 * i), dice.uniform(0, math.tau)) for i in range(1, 5)]
        return lambda x: sum(a * math.sin(f * math.tau * x + p) for a, f, p in parts)
    heights = [(0.0 if i % 2 else -1.0) * dice.uniform(0.55, 1.0) for i in range(peaks * 2 + 3)]
    for rough in (0.22, 0.126, 0.072, 0.041):
        middles = [(a + b) / 2 + dice.uniform(-rough, rough) for a, b in itertools.pairwise(heights)]
        heights = [*itertools.chain.from_iterable(zip(heights, middles, strict=False)), heights[-1]]
    places = np.linspace(0, 1, len(heights))
    return lambda x: swing * float(np.interp(x, places, heights))


def _shade(layer: Layer) -> None:
    """The shaded sides of peaks: from each top down to the right."""
    scene, stops = layer.scene, layer.stops(layer.told["shade"])
    for before, (x, y), after in zip(*(scene.points(90)[start:] for start in range(3)), strict=False):
        if before[1] > y <= after[1]:
            drop = scene.canvas.height * scene.dice.uniform(0.08, 0.2)
            bend = x + drop * scene.dice.uniform(-0.25, 0.1)
            scene.canvas.area([(x, y), (x + drop * 0.95, y + drop), (bend, y + drop)], *stops)


def _scatter(layer: Layer) -> None:
    """Copies of a motif, far ones first: about a place, in a row, or on the last outline (``y: line``)."""
    scene, count = layer.scene, round(layer.number("count", 1))
    on_line, in_row = layer.told.get("y") == "line", layer.told.get("x") == "row"
    depths = sorted(1.0 if on_line else layer.number("y", [0, 1]) for _ in range(count))
    for index, share in enumerate(depths):
        x = (index + scene.dice.random()) / count if in_row else layer.number("x", [0, 1])
        x += layer.number("spread") * scene.dice.gauss(0, 0.2 + share)
        if abs(x - scene.hero_x) >= layer.number("clear"):
            y = scene.canvas.height * (scene.line(x) + 0.012) if on_line else layer.y(share)
            _copy(layer, x * scene.canvas.width, y, 1 + layer.number("grow") * share)


def _copy(layer: Layer, x: float, y: float, scale: float) -> None:
    scene, motif = layer.scene, MOTIFS[layer.kind()]
    flips = {"sun": scene.hero_x < 0.5, "no": False}
    flipped = flips.get(layer.told.get("flip", ""), scene.dice.random() < 0.5)
    height = scene.unit * layer.number("height", motif.size) * scale
    coat = layer.coat(layer.text("main", motif.mains), layer.text("accent", motif.accent))
    put(scene.canvas, motif, Place(x, y, height, flipped, layer.number("wide", 1)), coat)


def _mirror(layer: Layer) -> None:
    """What is above the horizon, upside down below it: still water."""
    canvas = layer.scene.canvas
    horizon = int(canvas.height * layer.scene.setting.horizon)
    above = canvas.image.crop((0, max(0, 2 * horizon - canvas.height), canvas.width, horizon))
    flipped = ImageOps.flip(above).resize((canvas.width, canvas.height - horizon))
    faint = Image.new("L", flipped.size, round(255 * layer.number("mirror")))
    canvas.image.paste(flipped, (0, horizon), faint)


def _noise(layer: Layer) -> None:
    """A colour in clouds: random grey values at several sizes, added up, and cut off below."""
    scene, (stops, alpha) = layer.scene, layer.stops()
    total = Image.new("L", (96, 96))
    for octave in (1, 2, 4, 8):
        across, down = (round(cells) * octave for cells in layer.told.get("cells", (3, 3)))
        cells = Image.frombytes("L", (across, down), scene.dice.randbytes(across * down))
        soft = cells.resize(total.size, Image.Resampling.BICUBIC)
        total = ImageChops.add(total, soft.point([round(v * 0.5 / octave) for v in range(256)]))
    shaped = total.point([min(255, round(max(0, v - 92) * 1.25 * alpha)) for v in range(256)])
    if "fade" in layer.told:
        shaped = ImageChops.multiply(shaped, ImageOps.flip(Image.linear_gradient("L")).resize(shaped.size))
    top, low = (int(layer.y(share)) for share in (0, 1))
    size = (scene.canvas.width, low - top)
    mask = shaped.filter(ImageFilter.GaussianBlur(2)).resize(size, Image.Resampling.BICUBIC)
    scene.canvas.image.paste(stops[0], (0, top), mask)


def _view(layer: Layer) -> None:
    """Another place, seen through a window."""
    scene = layer.scene
    size = (int(scene.unit * 0.19), int(scene.unit * 0.24))
    x, y = layer.number("x") * scene.canvas.width, layer.y(layer.number("y"))
    setting = SETTINGS[layer.kind()]
    seen = Scene(Canvas.blank(size), setting, scene.light, scene.dice, scene.weather, 1 - scene.hero_x)
    seen.paint(setting.layers)
    scene.canvas.image.paste(seen.canvas.image, (int(x) - size[0], int(y) - 2 * size[1]))


_KINDS: dict[str, Callable[[Layer], None]] = {
    kind.__name__.lstrip("_"): kind for kind in (_band, _ground, _scatter, _mirror, _noise, _view)
}
