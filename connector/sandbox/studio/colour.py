"""Colours as plain triples, and the few sums one does with them."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from types import MappingProxyType

Colour = tuple[int, int, int]


def colour(text: str) -> Colour:
    """The colour that ``#rrggbb`` names."""
    number = int(text.lstrip("#"), 16)
    return (number >> 16, number >> 8 & 255, number & 255)


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """A colour between two: 0 is the first, 1 the second."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return (red, green, blue)


def lighter(base: Colour, amount: float) -> Colour:
    """Towards white for a positive amount, towards a deep blue-black for a negative one."""
    return mix(base, (255, 252, 244), amount) if amount >= 0 else mix(base, (18, 16, 40), -amount)


def multiply(a: Colour, b: Colour) -> Colour:
    red, green, blue = (round(x * y / 255) for x, y in zip(a, b, strict=True))
    return (red, green, blue)


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


NAMED = MappingProxyType(
    {
        name: colour(text)
        for name, text in {
            "red": "#d8383a", "crimson": "#b0203c", "scarlet": "#e2352b", "orange": "#f08a2c",
            "amber": "#f3ab31", "yellow": "#f4cc3d", "gold": "#e0b040", "golden": "#e0b040",
            "green": "#3f9a54", "emerald": "#1f9d68", "lime": "#9bcf3f", "olive": "#8a8f3c",
            "teal": "#1f8f94", "turquoise": "#37b9b4", "cyan": "#37c3dd", "blue": "#2f6fcb",
            "navy": "#233a78", "azure": "#3d97e6", "indigo": "#4a3fa0", "purple": "#7c45b5",
            "violet": "#8a56d0", "lavender": "#b49ce0", "magenta": "#d03c9c", "pink": "#f08bb2",
            "rose": "#e46a88", "brown": "#8a5a36", "tan": "#cfa878", "beige": "#e6d6b4",
            "white": "#f5f3ee", "ivory": "#f4eeda", "silver": "#bfc6ce", "gray": "#8c929a",
            "grey": "#8c929a", "black": "#26262e", "copper": "#bf7440", "bronze": "#a5793f",
        }.items()
    }
)  # fmt: skip
