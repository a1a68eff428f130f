"""What falls from the sky or shines in it, over a scene that is otherwise painted."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from PIL import Image, ImageFilter

from connector.sandbox.studio.brush import Canvas
from connector.sandbox.studio.colour import Colour, from_hsv
from connector.sandbox.studio.land import flock
from connector.sandbox.studio.light import Light


def _rain(canvas: Canvas, light: Light, dice: random.Random) -> None:
    unit = min(canvas.width, canvas.height)
    for _ in range(420):
        x, y = dice.uniform(-0.1, 1.1) * canvas.width, dice.uniform(-0.1, 1) * canvas.height
        long = unit * dice.uniform(0.02, 0.055)
        canvas.stroke(
            [(x, y), (x - long * 0.22, y + long)], unit * 0.0016, (225, 236, 246), dice.uniform(0.2, 0.5)
        )


def _snow(canvas: Canvas, light: Light, dice: random.Random) -> None:
    unit = min(canvas.width, canvas.height)
    for _ in range(300):
        size = unit * dice.choice((0.002, 0.003, 0.003, 0.005, 0.008))
        canvas.oval(
            (dice.uniform(0, canvas.width), dice.uniform(0, canvas.height)),
            size,
            size,
            (255, 255, 255),
            dice.uniform(0.5, 0.95),
        )


def _fog(canvas: Canvas, light: Light, dice: random.Random) -> None:
    for _ in range(7):
        place = (dice.uniform(0, canvas.width), canvas.height * dice.uniform(0.45, 0.95))
        canvas.glow(place, canvas.width * dice.uniform(0.3, 0.6), light.haze, 0.5, 0.22)


def _lightning(canvas: Canvas, light: Light, dice: random.Random) -> None:
    x, y, unit = canvas.width * dice.uniform(0.25, 0.75), 0.0, canvas.height
    points = [(x, y)]
    while y < unit * 0.5:
        x, y = x + dice.uniform(-0.045, 0.045) * unit, y + dice.uniform(0.02, 0.06) * unit
        points.append((x, y))
    canvas.glow(points[len(points) // 2], unit * 0.5, (220, 226, 255), 0.45)
    canvas.stroke(points, unit * 0.009, (190, 205, 255), 0.5)
    canvas.stroke(points, unit * 0.004, (255, 255, 255))


def _rainbow(canvas: Canvas, light: Light, dice: random.Random) -> None:
    unit, x = min(canvas.width, canvas.height), canvas.width * dice.uniform(0.3, 0.7)
    for i in range(7):
        ring = unit * (0.74 - i * 0.016)
        box = (x - ring, canvas.height * 0.72 - ring, x + ring, canvas.height * 0.72 + ring)
        canvas.draw.arc(box, 180, 360, fill=(*from_hsv(i / 8.5, 0.65, 1.0), 105), width=int(unit * 0.018))


def _aurora(canvas: Canvas, light: Light, dice: random.Random) -> None:
    """Curtains of light: thin upright strokes along a wave, blurred at a small size."""
    for hue in (0.42, 0.36, 0.78):
        veil = Image.new("L", (160, 90))
        phase, swing, base = dice.uniform(0, 6), dice.uniform(5, 10), dice.uniform(28, 46)
        for x in range(160):
            foot = base + swing * math.sin(x / 24 + phase) + swing * 0.5 * math.sin(x / 9 + phase)
            for step in range(26):
                veil.putpixel(
                    (x, max(0, min(89, int(foot - step)))),
                    int(190 * (1 - step / 26) * (0.65 + 0.35 * math.sin(x / 3 + phase))),
                )
        mask = veil.filter(ImageFilter.GaussianBlur(1.6)).resize(
            (canvas.width, int(canvas.height * 0.8)), Image.Resampling.BICUBIC
        )
        canvas.image.paste(from_hsv(hue, 0.6, 1.0), (0, 0), mask)


def _fireworks(canvas: Canvas, light: Light, dice: random.Random) -> None:
    unit = min(canvas.width, canvas.height)
    for _ in range(5):
        x, y, size = (
            canvas.width * dice.uniform(0.12, 0.88),
            canvas.height * dice.uniform(0.1, 0.36),
            unit * dice.uniform(0.07, 0.15),
        )
        _burst(canvas, (x, y), size, from_hsv(dice.random(), 0.6, 1.0))


def _burst(canvas: Canvas, place: tuple[float, float], size: float, fill: Colour) -> None:
    canvas.glow(place, size * 1.5, fill, 0.4)
    for i in range(26):
        angle = math.tau * i / 26
        dx, dy = math.cos(angle) * size, math.sin(angle) * size
        canvas.stroke(
            [(place[0] + dx * 0.25, place[1] + dy * 0.25), (place[0] + dx, place[1] + dy)],
            size * 0.02,
            fill,
            0.8,
        )
        canvas.oval((place[0] + dx, place[1] + dy), size * 0.028, size * 0.028, (255, 250, 230))


# What goes behind the things of a scene, and what in front of them.
BEHIND: dict[str, Callable[[Canvas, Light, random.Random], None]] = {
    "aurora": _aurora,
    "rainbow": _rainbow,
    "lightning": _lightning,
    "fireworks": _fireworks,
    "birds": flock,
}
IN_FRONT: dict[str, Callable[[Canvas, Light, random.Random], None]] = {
    "fog": _fog,
    "rain": _rain,
    "snow": _snow,
}
