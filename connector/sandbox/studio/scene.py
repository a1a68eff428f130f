"""A scene is drawn layer by layer, from back to front, as its setting in ``scenery.yaml`` says.

A layer is a mapping whose first key says what it is (see ``_KINDS``) and what it is filled with. A number
may be a pair, between which the dice pick; a text may be a list, of which they pick one. Heights are shares
of the picture, of the sky (``in: sky``: 0 is the zenith, 1 the horizon) or of the land (1 is the foot).
``when`` and ``unless`` name hours and weathers.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connector.sandbox.studio.colour import Colour, colour
from connector.sandbox.studio.scenery import SETTINGS, Layers, Light, Setting
from connector.sandbox.studio.svg import HIGH, MOTIFS, Coat, Drawing, Place, plain

Line = Callable[[float], float]  # height of an outline (share of the picture) at x in 0..1


@dataclass
class Scene:
    """A drawing in the making, and what its layers need to know."""

    drawing: Drawing
    wide: float  # where ``HIGH`` is the height
    setting: Setting
    light: Light
    dice: random.Random
    weather: frozenset[str]
    hero_x: float  # where the main thing stands, which the layers leave free
    palette: Sequence[Colour] = ()
    roles: dict[str, Sequence[Colour]] = field(default_factory=dict)
    line: Line = lambda x: 1.0  # the last ground's outline, on which things can stand

    def __post_init__(self) -> None:
        self.begin = len(self.drawing.parts)
        picked = {name: [colour(self.dice.choice(tones))] for name, tones in self.setting.roles.items()}
        own = {f"tone{index}": [tone] for index, tone in enumerate(self.palette)}
        self.roles = {**self.light.roles, **own, **picked}

    @property
    def unit(self) -> float:
        """What sizes are shares of: the height, unless the picture is a narrow one."""
        return min(HIGH, self.wide * 1.3)

    def draw(self, layers: Layers) -> None:
        """Layer by layer, and group by group."""
        conditions = {self.light.name, *self.weather}
        for told in layers:
            if not isinstance(told, dict):
                self.draw(told)
            elif Layer(self, told).wanted(conditions):
                _KINDS[next(iter(told))](Layer(self, told))


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
        """A height on the drawing; ``in`` says which part of the picture the layer's own are shares of."""
        horizon = self.scene.setting.horizon
        parts = {"sky": (0.0, horizon), "land": (horizon, 1.0)}
        top, low = parts.get(self.told.get("in", ""), (0.0, 1.0))
        return (top + (low - top) * share) * HIGH

    def coat(self, **roles: list[Colour]) -> Coat:
        distance, alpha = self.number("distance"), self.number("alpha", 1)
        return Coat(self.scene.light, {**self.scene.roles, **roles}, distance, alpha)


def _ground(layer: Layer) -> None:
    """A gradient from an outline of soft hills, or a level, down ``to`` another level.

    ``base: line`` takes the last outline again, and so covers the feet of what stands on it.
    """
    scene, wide = layer.scene, layer.scene.wide
    if layer.told.get("base") != "line":
        swing, waves, base = layer.number("swing"), layer.number("waves", 1), layer.y(layer.number("base"))
        turns = [scene.dice.uniform(0, math.tau) for _ in range(4)]
        parts = [(swing / i**1.4, waves * (0.1 + 0.9 * i), turn) for i, turn in enumerate(turns, 1)]
        scene.line = lambda x: base / HIGH + sum(a * math.sin(f * math.tau * x + p) for a, f, p in parts)
    points = " ".join(f"{wide * i / 80:.1f} {HIGH * scene.line(i / 80):.1f}" for i in range(81))
    low = layer.y(layer.number("to", 1))
    scene.drawing.add(f'<path fill="{layer.kind()}" d="M{points}V{low:.1f}H0Z"/>', layer.coat())


def _scatter(layer: Layer) -> None:
    """Copies of a motif, far ones first: about a place, in a row, or on the last outline (``y: line``)."""
    scene, count = layer.scene, round(layer.number("count", 1))
    on_line, in_row = layer.told.get("y") == "line", layer.told.get("x") == "row"
    depths = sorted(1.0 if on_line else layer.number("y", [0, 1]) for _ in range(count))
    for index, share in enumerate(depths):
        x = (index + scene.dice.random()) / count if in_row else layer.number("x", [0, 1])
        x += layer.number("spread") * scene.dice.gauss(0, 0.2 + share)
        if abs(x - scene.hero_x) >= layer.number("clear"):
            y = HIGH * (scene.line(x) + 0.012) if on_line else layer.y(share)
            _copy(layer, x * scene.wide, y, 1 + layer.number("grow") * share)


def _copy(layer: Layer, x: float, y: float, scale: float) -> None:
    scene, motif = layer.scene, MOTIFS[layer.kind()]
    flips = {"sun": scene.hero_x < 0.5, "no": False}
    flipped = flips.get(layer.told.get("flip", ""), scene.dice.random() < 0.5)
    height = scene.unit * layer.number("height", motif.size) * scale
    main = plain(layer.text("main", motif.mains), scene.roles)
    coat = layer.coat(main=main, accent=plain(layer.text("accent", motif.accent), scene.roles))
    scene.drawing.put(motif, Place(x, y, height, flipped, layer.number("wide", 1)), coat)


def _mirror(layer: Layer) -> None:
    """What is above the horizon, upside down below it: still water."""
    scene, line = layer.scene, layer.scene.setting.horizon * HIGH
    above = "".join(scene.drawing.parts[scene.begin :])
    window = f'<svg y="{line}" width="{scene.wide}" height="{HIGH - line}">'
    turned = f'{window}<g transform="translate(0 {line}) scale(1 -1)">{above}</g></svg>'
    scene.drawing.parts.append(f'<g opacity="{layer.number("mirror")}">{turned}</g>')


def _view(layer: Layer) -> None:
    """Another place, seen through a window."""
    scene, setting = layer.scene, SETTINGS[layer.kind()]
    wide, high = 0.38 * scene.unit, 0.48 * scene.unit
    x, y = layer.number("x") * scene.wide - wide / 2, layer.y(layer.number("y")) - high
    window = f'x="{x}" y="{y}" width="{wide}" height="{high}" viewBox="0 0 {HIGH * 0.79} {HIGH}"'
    scene.drawing.parts.append(f"<svg {window}>")
    seen = replace(scene, wide=HIGH * 0.79, setting=setting, hero_x=1 - scene.hero_x)
    seen.draw(setting.layers)
    scene.drawing.parts.append("</svg>")


_KINDS: dict[str, Callable[[Layer], None]] = {
    kind.__name__.lstrip("_"): kind for kind in (_ground, _scatter, _mirror, _view)
}
