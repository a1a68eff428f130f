"""Colours as plain triples, and the few sums one does with them."""

from __future__ import annotations

import colorsys
import random
from collections.abc import Sequence

Colour = tuple[int, int, int]

# How far apart on the colour wheel the hues of a palette lie.
_SCHEMES = ((0.0, 0.06, 0.5), (0.0, 0.33, 0.66), (0.0, 0.08, 0.16), (0.0, 0.45, 0.55), (0.0, 0.12, 0.62))


def colour(text: str) -> Colour:
    """The colour that ``#rrggbb`` names."""
    red, green, blue = bytes.fromhex(text.lstrip("#"))
    return (red, green, blue)


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """A colour between two: 0 is the first, 1 the second."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return (red, green, blue)


def lighter(base: Colour, amount: float) -> Colour:
    """Towards white for a positive amount, towards a deep blue-black for a negative one."""
    return mix(base, (255, 252, 244) if amount >= 0 else (18, 16, 40), min(1.0, abs(amount)))


def from_hsv(hue: float, saturation: float, value: float) -> Colour:
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue % 1, saturation, value))
    return (red, green, blue)


def to_hsv(base: Colour) -> tuple[float, float, float]:
    return colorsys.rgb_to_hsv(*(part / 255 for part in base))


def along(stops: Sequence[Colour], share: float) -> Colour:
    """The colour at a place (0..1) on a gradient with evenly spaced stops."""
    place = min(max(share, 0.0), 1.0) * (len(stops) - 1)
    index = min(int(place), len(stops) - 2)
    return mix(stops[index], stops[index + 1], place - index)


def luminance(base: Colour) -> float:
    return (0.299 * base[0] + 0.587 * base[1] + 0.114 * base[2]) / 255


def palette(dice: random.Random, named: Sequence[Colour]) -> list[Colour]:
    """Five colours that go together, beginning with those that the prompt names."""
    base, scheme = dice.random(), dice.choice(_SCHEMES)
    hues = [base + scheme[index % 3] for index in range(5)]
    made = [from_hsv(hue, dice.uniform(0.45, 0.78), dice.uniform(0.7, 0.95)) for hue in hues]
    return [*(lighter(tone, step) for tone in named for step in (0.0, 0.35, -0.3)), *made][:5]


def multiply(a: Colour, b: Colour) -> Colour:
    red, green, blue = (round(x * y / 255) for x, y in zip(a, b, strict=True))
    return (red, green, blue)
