"""What the hour and the weather do to colours: a sky, and the light that falls on things."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from connector.sandbox.studio.colour import Colour, colour, lighter, mix, multiply


@dataclass(frozen=True)
class Light:
    """One hour of the day; ``sky`` runs from the zenith to the horizon."""

    name: str
    sky: tuple[Colour, ...]
    sun: Colour
    ambient: Colour  # multiplied into every colour that is lit
    fill: float = 0.0  # how much of the ambient colour is laid over it besides
    dark: bool = False  # windows and lamps are on, stars are out
    sun_height: float = 0.5  # 0 is the horizon, 1 the zenith

    @property
    def haze(self) -> Colour:
        return self.sky[-1]

    def on(self, base: Colour) -> Colour:
        """The colour of a thing of this colour in this light."""
        return mix(multiply(base, self.ambient), self.ambient, self.fill)

    def far(self, base: Colour, distance: float) -> Colour:
        """The same, seen through air: 0 is near, 1 has gone into the haze."""
        return mix(self.on(base), self.haze, distance)

    def tinted(self, tints: Sequence[Colour]) -> Light:
        """The same hour under the colours that a prompt names."""
        if not tints:
            return self
        sky = tuple(
            mix(stop, lighter(tints[i % len(tints)], 0.25 * i / len(self.sky)), 0.42)
            for i, stop in enumerate(self.sky)
        )
        return replace(self, sky=sky, ambient=mix(self.ambient, lighter(tints[0], 0.5), 0.25))


def _light(name: str, sky: str, sun: str, ambient: str, fill: float, dark: bool, height: float) -> Light:
    stops = tuple(colour(stop) for stop in sky.split())
    return Light(name, stops, colour(sun), colour(ambient), fill, dark, height)


HOURS: dict[str, tuple[Light, ...]] = {
    "day": (
        _light("day", "#2f86d6 #7fc0ee #dff1f6", "#fff7d6", "#ffffff", 0.02, False, 0.78),
        _light("day", "#3f9fc6 #9ed8e2 #f7f1dc", "#fff3c4", "#fff9ee", 0.03, False, 0.7),
        _light("day", "#5a8fd8 #a9cdf2 #fbe9dc", "#fff7e0", "#fff6f0", 0.03, False, 0.74),
    ),
    "dawn": (
        _light("dawn", "#5d73b0 #b79bc4 #f5bfb0 #fde6c2", "#fff1cf", "#ffe9dc", 0.06, False, 0.26),
        _light("dawn", "#4f86a8 #9fc3c4 #f3d9b8 #fbeed6", "#fff8e0", "#fff0de", 0.06, False, 0.3),
    ),
    "sunset": (
        _light("sunset", "#2c2a62 #82407f #e0625f #f8a964 #fde09c", "#fff0b8", "#ffc9a0", 0.07, False, 0.13),
        _light("sunset", "#3b3f7c #a8538a #f0776a #fbb878 #ffe8b0", "#fff3c6", "#ffd0ae", 0.07, False, 0.16),
        _light("sunset", "#23476e #6f7f92 #e5a069 #f9c46d #fff0b5", "#fff6cc", "#ffdcae", 0.06, False, 0.15),
    ),
    "dusk": (
        _light("dusk", "#141a44 #343878 #7c5796 #dd8f92 #f6c3a0", "#ffe2c0", "#a48fb8", 0.06, True, 0.3),
        _light("dusk", "#10284a #2c5078 #6b86a0 #d8a79a #f4cdae", "#ffe6c8", "#9298b8", 0.06, True, 0.34),
    ),
    "night": (
        _light("night", "#050a20 #0d1b45 #1f3a72 #42669c", "#f4efd8", "#7c8dc4", 0.08, True, 0.74),
        _light("night", "#0a0822 #1c1648 #3a2c72 #6a529c", "#f6ecdc", "#8a84c8", 0.08, True, 0.7),
        _light("night", "#04131c #0b3040 #1c5560 #4a8a8a", "#f2f5e0", "#74a4b4", 0.08, True, 0.74),
    ),
    "storm": (
        _light("storm", "#242c38 #46525f #74828c #a9b4b4", "#e8eeee", "#9aa6b4", 0.06, False, 0.8),
        _light("storm", "#2a2836 #4d4a5c #7d7c88 #b4b0ae", "#eeeaea", "#a09cac", 0.06, False, 0.8),
    ),
    "fog": (
        _light("fog", "#aebcc4 #c6d0d4 #dfe4e2", "#fffdf4", "#dfe6e8", 0.14, False, 0.5),
        _light("fog", "#b8b4c0 #d0ccd2 #e8e2de", "#fffaf0", "#e6e2e6", 0.14, False, 0.5),
    ),
}  # fmt: skip

# Where the prompt names no hour: the kinder ones more often.
_UNSAID = ("day", "day", "dawn", "sunset", "sunset", "dusk")


def light_for(hour: str | None, tints: Sequence[Colour], dice: random.Random) -> Light:
    """The light of a picture: the hour that is asked for, or one that the seed picks."""
    unsaid = dice.choice(_UNSAID)
    return dice.choice(HOURS[hour or unsaid]).tinted(tints)
