"""Colours as plain triples, and the few sums one does with them."""

from __future__ import annotations

import colorsys
import random
from collections.abc import Sequence

Colour = tuple[int, int, int]


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


def palette(dice: random.Random, named: Sequence[Colour]) -> list[Colour]:
    """Five colours that go together, beginning with those that the prompt names."""
    base, step = dice.random(), dice.choice((0.07, 0.12, 0.33, 0.45))
    made = [from_hsv(base + step * i, dice.uniform(0.45, 0.78), dice.uniform(0.7, 0.95)) for i in range(5)]
    return [*(lighter(tone, step) for tone in named for step in (0.0, 0.35, -0.3)), *made][:5]
