"""What every place shares: the stage it sets, and the skies, ridges, rows and grass it is made of."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from connector.sandbox.studio import land
from connector.sandbox.studio.brush import Canvas
from connector.sandbox.studio.colour import Colour, colour, lighter
from connector.sandbox.studio.light import Light
from connector.sandbox.studio.motifs import MOTIFS, Coat, Place, put


@dataclass(frozen=True)
class Stage:
    """Where things go, as shares of the picture's height: the foot of near ones, far ones, and the water."""

    near: float = 0.9
    far: float = 0.74
    water: float = 0.86
    air: float = 0.62  # the foot of what flies or swims
    scale: float = 1.0


@dataclass(frozen=True)
class Scene:
    """What a place needs to know to paint itself."""

    canvas: Canvas
    light: Light
    dice: random.Random
    weather: frozenset[str]
    hero_x: float
    tints: tuple[Colour, ...] = ()

    @property
    def sun_x(self) -> float:
        """The light comes from the side that the main thing leaves free."""
        return 0.26 if self.hero_x > 0.5 else 0.74


def open_sky(scene: Scene, horizon: float, clouds: int = 5) -> None:
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    land.sky(canvas, light, horizon)
    if light.dark:
        land.stars(canvas, dice, horizon * 0.9, 190 if light.name == "night" else 60)
    land.sun(canvas, light, scene.sun_x, horizon, "moon" in scene.weather)
    land.clouds(canvas, light, dice, horizon, clouds + 4 * ("clouds" in scene.weather))


def standing(scene: Scene, name: str, x: float, y: float, height: float, distance: float) -> None:
    """A background copy of a motif."""
    motif, canvas = MOTIFS[name], scene.canvas
    tone = colour(scene.dice.choice(motif.mains))
    coat = Coat(tone, colour(motif.accent), scene.light, distance)
    put(
        canvas,
        motif,
        Place(x * canvas.width, y * canvas.height, height * canvas.height, scene.dice.random() < 0.5),
        coat,
    )


def row(scene: Scene, name: str, line: land.Line, count: int, height: float, distance: float) -> None:
    """Copies along a line, leaving room around the main thing."""
    for _ in range(count):
        x = scene.dice.random()
        if abs(x - scene.hero_x) > 0.13:
            standing(scene, name, x, line(x) + 0.012, height * scene.dice.uniform(0.7, 1.25), distance)


def ridges(scene: Scene, tone: Colour, snow: bool = True) -> None:
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    for i, (base, swing, far) in enumerate(((0.56, 0.32, 0.62), (0.6, 0.2, 0.36))):
        ridge = land.jagged(dice, base, swing, 3 + i * 2)
        land.ground(canvas, ridge, light.far(lighter(tone, 0.1), far), light.far(tone, min(1.0, far + 0.26)))
        if snow and i == 0:
            land.snowcaps(canvas, ridge, light.far((250, 250, 252), far * 0.55), 0.4, dice)
        land.facets(canvas, ridge, light.far(colour("#26304c"), far * 0.7), dice)


def tufts(scene: Scene, top: float, tone: Colour, blooms: tuple[Colour, ...], count: int = 90) -> None:
    """Grass, and flowers in it, larger towards the viewer."""
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    for share in sorted(dice.random() for _ in range(count)):
        x, y = canvas.width * dice.random(), canvas.height * (top + (1.02 - top) * share)
        size = min(canvas.width, canvas.height) * (0.006 + 0.016 * share)
        for lean in (-0.5, 0.0, 0.5):
            canvas.stroke([(x, y), (x + lean * size, y - size)], size * 0.13, light.on(tone), 0.8)
        if blooms:
            _bloom(canvas, light, (x, y - size * 1.5), size * 0.45, dice.choice(blooms))


def _bloom(canvas: Canvas, light: Light, place: tuple[float, float], size: float, tone: Colour) -> None:
    for i in range(5):
        angle = math.tau * i / 5
        canvas.oval(
            (place[0] + math.cos(angle) * size * 0.7, place[1] + math.sin(angle) * size * 0.7),
            size * 0.6,
            size * 0.6,
            light.on(tone),
        )
    canvas.oval(place, size * 0.45, size * 0.45, light.on(colour("#f0c040")))


def shafts(scene: Scene) -> None:
    canvas, dice = scene.canvas, scene.dice
    for _ in range(4):
        x, wide = (
            canvas.width * (scene.sun_x + dice.uniform(-0.2, 0.2)),
            canvas.width * dice.uniform(0.02, 0.06),
        )
        lean = canvas.width * dice.uniform(0.05, 0.18) * (1 if scene.sun_x < 0.5 else -1)
        canvas.area(
            [(x, 0), (x + wide, 0), (x + lean + wide * 2.4, canvas.height), (x + lean, canvas.height)],
            scene.light.sun,
            alpha=0.1,
        )
