"""The shapes that landscapes are made of: ridges, slopes, water, clouds, stars."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFilter

from connector.sandbox.studio.brush import Canvas, Point
from connector.sandbox.studio.colour import Colour, lighter, mix
from connector.sandbox.studio.light import Light

Line = Callable[[float], float]  # height of an outline (share of the picture) at x in 0..1


def rolling(dice: random.Random, base: float, swing: float, waves: float = 1.6) -> Line:
    """Soft hills."""
    parts = [(swing / (i + 1) ** 1.4, waves * (1 + i * 0.9), dice.uniform(0, math.tau)) for i in range(4)]
    return lambda x: base + sum(a * math.sin(f * math.tau * x + p) for a, f, p in parts)


def jagged(dice: random.Random, base: float, swing: float, peaks: int = 5) -> Line:
    """Rocky peaks, each side broken by smaller ones."""
    heights = [(0.0 if i % 2 else -1.0) * dice.uniform(0.55, 1.0) for i in range(peaks * 2 + 3)]
    for depth in range(4):
        rough = 0.22 / 1.75**depth
        heights = [
            h for a, b in itertools.pairwise(heights) for h in (a, (a + b) / 2 + dice.uniform(-rough, rough))
        ]
    return lambda x: base + swing * _at(heights, x)


def _at(heights: list[float], x: float) -> float:
    place = min(max(x, 0.0), 1.0) * (len(heights) - 1.001)
    index = int(place)
    return heights[index] + (heights[index + 1] - heights[index]) * (place - index)


def outline(canvas: Canvas, shape: Line, steps: int = 160) -> list[Point]:
    return [(canvas.width * i / steps, canvas.height * shape(i / steps)) for i in range(steps + 1)]


def ground(canvas: Canvas, shape: Line, *stops: Colour) -> None:
    """All below a line."""
    line = outline(canvas, shape)
    canvas.area([*line, (canvas.width, canvas.height + 2), (0, canvas.height + 2)], *stops)


def snowcaps(canvas: Canvas, shape: Line, snow: Colour, line: float, dice: random.Random) -> None:
    """White on whatever part of a ridge stands above the snow line, with a torn lower edge."""
    edge = jagged(dice, line, 0.05, 16)
    top = outline(canvas, shape, 300)
    low = [(x, max(y, canvas.height * edge(x / canvas.width))) for x, y in top]
    canvas.area([*top, *reversed(low)], snow)


def facets(canvas: Canvas, shape: Line, shade: Colour, dice: random.Random) -> None:
    """The shaded sides of peaks: from each top down to the right."""
    top = outline(canvas, shape, 90)
    for before, here, after in zip(top, top[1:], top[2:], strict=False):
        if here[1] < before[1] and here[1] <= after[1]:
            drop = canvas.height * dice.uniform(0.08, 0.2)
            bend = drop * dice.uniform(-0.25, 0.1)
            canvas.area(
                [here, (here[0] + drop * 0.95, here[1] + drop), (here[0] + bend, here[1] + drop)],
                shade,
                alpha=0.3,
            )


def sky(canvas: Canvas, light: Light, bottom: float) -> None:
    canvas.gradient(light.sky, 0, canvas.height * bottom + 1)
    canvas.gradient([light.haze, light.haze], canvas.height * bottom, canvas.height)


def sun(canvas: Canvas, light: Light, x: float, horizon: float, moon: bool = False) -> Point:
    """The sun, or at night the moon, with its light around it."""
    unit = min(canvas.width, canvas.height)
    place = (canvas.width * x, canvas.height * (horizon * (1 - light.sun_height) + 0.02))
    size = unit * (0.052 if light.dark else 0.06)
    canvas.glow(place, unit * 0.75, light.sun, 0.28 if light.dark else 0.5)
    canvas.glow(place, unit * 0.24, light.sun, 0.5)
    if light.name in ("storm", "fog"):
        return place
    canvas.oval(place, size, size, light.sun)
    if light.dark or moon:
        _craters(canvas, place, size, lighter(light.sun, -0.12))
    return place


def _craters(canvas: Canvas, place: Point, size: float, fill: Colour) -> None:
    for dx, dy, part in ((-0.3, -0.2, 0.2), (0.35, 0.1, 0.26), (-0.1, 0.45, 0.16), (0.15, -0.5, 0.12)):
        canvas.oval((place[0] + dx * size, place[1] + dy * size), size * part, size * part, fill)


def stars(canvas: Canvas, dice: random.Random, bottom: float, count: int = 170) -> None:
    unit = min(canvas.width, canvas.height) / 1000
    for _ in range(count):
        place = (dice.uniform(0, canvas.width), canvas.height * bottom * dice.random() ** 1.3)
        size = unit * dice.choice((0.9, 1.2, 1.2, 1.7, 2.4))
        canvas.oval(place, size, size, (255, 252, 240), dice.uniform(0.35, 1))


def clouds(canvas: Canvas, light: Light, dice: random.Random, horizon: float, count: int) -> None:
    """Flat-bottomed heaps, smaller and paler towards the horizon."""
    for _ in range(count):
        near = dice.random()
        y = canvas.height * horizon * (0.8 - 0.66 * near)
        _cloud(
            canvas,
            light,
            dice,
            (canvas.width * dice.uniform(-0.05, 1.05), y),
            min(canvas.width, canvas.height) * (0.05 + 0.1 * near),
        )


def _cloud(canvas: Canvas, light: Light, dice: random.Random, place: Point, size: float) -> None:
    """Each cloud is a soft layer of its own, so that overlapping puffs do not show."""
    wide, high = int(size * 5), int(size * 2)
    mask = Image.new("L", (wide, high))
    pen = ImageDraw.Draw(mask)
    for i in range(7):
        radius = size * (0.28 + 0.5 * math.sin(math.pi * i / 6) * dice.uniform(0.7, 1.15))
        x, y = wide * (0.14 + 0.12 * i), high - size * 0.2
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    mask.paste(0, (0, int(high - size * 0.2), wide, high))
    fade = (
        Image.linear_gradient("L")
        .resize((wide, high))
        .point([max(40, round(225 - v * 0.7)) for v in range(256)])
    )
    body = Image.composite(fade, Image.new("L", (wide, high)), mask.filter(ImageFilter.BoxBlur(1.5)))
    tone = (
        mix(lighter(light.haze, 0.35), light.sun, 0.3)
        if not light.dark
        else mix(light.sky[1], light.haze, 0.6)
    )
    canvas.image.paste(tone, (int(place[0] - wide / 2), int(place[1] - high)), body)


def water(
    canvas: Canvas, light: Light, top: float, deep: Colour, gleam_x: float, dice: random.Random
) -> None:
    """Water down to the picture's foot: the sky mirrored, ripples, and the light's path on it."""
    near = mix(light.on(deep), light.sky[0], 0.35)
    canvas.gradient(
        [mix(light.haze, light.on(deep), 0.25), mix(light.on(deep), light.sky[-2], 0.35), near],
        canvas.height * top,
        canvas.height,
    )
    for _ in range(150):
        share = dice.random() ** 1.5
        _ripple(
            canvas,
            dice,
            (dice.uniform(0, canvas.width), share),
            top,
            mix(light.haze, (255, 255, 255), 0.2),
            0.2,
        )
    for _ in range(110):
        share = dice.random() ** 1.2
        x = canvas.width * gleam_x + dice.gauss(0, 1) * canvas.width * (0.012 + 0.05 * share)
        _ripple(canvas, dice, (x, share), top, light.sun, 0.6)


def _ripple(
    canvas: Canvas, dice: random.Random, place: Point, top: float, fill: Colour, alpha: float
) -> None:
    x, share = place
    y = canvas.height * (top + (1 - top) * share)
    wide = canvas.width * (0.006 + 0.045 * share) * dice.uniform(0.5, 1.4)
    thick = max(1.0, canvas.height * 0.0028 * (0.35 + share))
    canvas.oval((x, y), wide, thick, fill, alpha * dice.uniform(0.4, 1))


def flock(canvas: Canvas, light: Light, dice: random.Random) -> None:
    """A few birds, far off."""
    x, y = canvas.width * dice.uniform(0.2, 0.75), canvas.height * dice.uniform(0.14, 0.3)
    unit, ink = min(canvas.width, canvas.height) * 0.014, mix(light.sky[0], (30, 30, 44), 0.7)
    for i in range(dice.randint(3, 6)):
        px, py, s = (
            x + i * unit * 3 * dice.uniform(0.6, 1),
            y + dice.uniform(-2.4, 2.4) * unit,
            unit * dice.uniform(0.6, 1.1),
        )
        canvas.stroke(
            [
                (px - s, py - s * 0.45),
                (px - s * 0.4, py - s * 0.5),
                (px, py),
                (px + s * 0.4, py - s * 0.5),
                (px + s, py - s * 0.45),
            ],
            s * 0.16,
            ink,
        )
