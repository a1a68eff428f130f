"""What scenes are made of, read from ``scenery.yaml``: hours and their light, weather, and places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.resources import files
from typing import Any

import yaml

from connector.sandbox.studio.colour import Colour, colour, lighter, mix

Layers = Sequence[Any]  # layers, each a mapping, and groups of layers

_FILE: dict[str, Any] = yaml.load(  # the loader of libyaml is a safe one too, and ten times as quick
    files(__package__).joinpath("scenery.yaml").read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
)


@dataclass(frozen=True)
class Light:
    """One hour of the day; ``sky`` runs from the zenith to the horizon."""

    name: str
    sky: tuple[Colour, ...]
    sun: Colour
    ambient: Colour  # multiplied into every colour that is lit
    fill: float = 0.0  # how much of the ambient colour is laid over it besides
    dark: bool = False  # windows and lamps are on, stars are out
    height: float = 0.5  # of the sun: 0 is the horizon, 1 the zenith

    @cached_property
    def roles(self) -> dict[str, Sequence[Colour]]:
        """The colours that a fill can take from the hour, and those that are always there."""
        window = "#ffd98a" if self.dark else "#7fa3b8"
        fixed = {"dark": "#2b2a33", "light": "#f6efe2", "main": "#ffffff", "window": window}
        hour = {"sky": self.sky, "zenith": self.sky[:1], "haze": self.sky[-1:], "sun": [self.sun]}
        return {**hour, **{name: [colour(text)] for name, text in fixed.items()}}

    def lit(self, base: Colour) -> Colour:
        """A colour in this light."""
        red, green, blue = (round(x * y / 255) for x, y in zip(base, self.ambient, strict=True))
        return mix((red, green, blue), self.ambient, self.fill)

    def tinted(self, tints: Sequence[Colour]) -> Light:
        """The same hour under the colours that a prompt names."""
        if not tints:
            return self
        step = 0.25 / len(self.sky)
        sky = (mix(stop, lighter(tints[i % len(tints)], step * i), 0.42) for i, stop in enumerate(self.sky))
        return replace(self, sky=tuple(sky), ambient=mix(self.ambient, lighter(tints[0], 0.5), 0.25))


@dataclass(frozen=True)
class Setting:
    """A place: the layers that paint it, and where things go in it as shares of the picture's height."""

    layers: Layers
    words: str = ""
    horizon: float = 0.6
    near: float = 0.9  # the foot of near things, far ones, floating ones, and of what flies or swims
    far: float = 0.78
    water: float = 0.86
    air: float = 0.6
    scale: float = 1.0
    wet: bool = False  # boats can be there
    sheltered: bool = False  # no rain falls there
    # Names for colours of which one is picked.
    roles: Mapping[str, Sequence[str]] = field(default_factory=dict)


def _index(section: str) -> dict[str, str]:
    """The words of a section's entries, each with the entry's name."""
    return {word: name for name, entry in _FILE[section].items() for word in entry["words"].split()}


HOURS = {
    name: [
        Light(name, tuple(map(colour, sky.split())), colour(sun), colour(ambient), fill, entry["dark"], high)
        for sky, sun, ambient, fill, high in entry["light"]
    ]
    for name, entry in _FILE["hours"].items()
}
ABSTRACT = [Setting(**entry) for entry in _FILE["abstract"]]
SETTINGS = {name: Setting(**entry) for name, entry in _FILE["places"].items() if "layers" in entry}
FALLING: Layers = _FILE["falling"]
HOUR_WORDS, WEATHER_WORDS, PLACE_WORDS = _index("hours"), _index("weather"), _index("places")
COUNTS: dict[str, int] = _FILE["counts"]
NAMED = {name: colour(text) for name, text in _FILE["colours"].items()}
# Where no hour is asked for, the kinder ones more often.
UNSAID = ("day", "day", "dawn", "sunset", "sunset", "dusk")
