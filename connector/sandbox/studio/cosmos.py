"""The place without a ground: nebulae, stars and planets."""

from __future__ import annotations

import random
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from connector.sandbox.studio.brush import Canvas, column
from connector.sandbox.studio.colour import Colour, along, from_hsv, lighter, to_hsv
from connector.sandbox.studio.land import stars


def cosmos(canvas: Canvas, tints: Sequence[Colour], dice: random.Random, side: float) -> None:
    hue = to_hsv(tints[0])[0] - 0.06 if tints else dice.choice((0.55, 0.66, 0.74, 0.82, 0.92))
    canvas.gradient(
        [from_hsv(hue, 0.75, 0.12), from_hsv(hue + 0.08, 0.7, 0.2), from_hsv(hue + 0.16, 0.7, 0.11)],
        0,
        canvas.height,
    )
    for shift in (0.05, 0.16, -0.12):
        canvas.image.paste(from_hsv(hue + shift, 0.55, 0.85), (0, 0), _nebula(canvas, dice))
    stars(canvas, dice, 1.0, 420)
    unit = min(canvas.width, canvas.height)
    _planet(
        canvas,
        dice,
        (canvas.width * side, canvas.height * dice.uniform(0.2, 0.34)),
        unit * dice.uniform(0.12, 0.17),
        True,
    )
    _planet(canvas, dice, (canvas.width * (1 - side) + unit * 0.2, canvas.height * 1.18), unit * 0.52, False)


def _nebula(canvas: Canvas, dice: random.Random) -> Image.Image:
    """Cloudy noise: the same few random grey values at several sizes, added up."""
    size = (96, 96)
    total = Image.new("L", size, 0)
    for cells in (3, 6, 12, 24):
        noise = Image.frombytes("L", (cells, cells), dice.randbytes(cells * cells)).resize(
            size, Image.Resampling.BICUBIC
        )
        total = ImageChops.add(total, noise.point([round(v * 1.5 / cells) for v in range(256)]))
    shaped = total.point([round(max(0, v - 92) * 1.25) for v in range(256)]).filter(
        ImageFilter.GaussianBlur(2)
    )
    return shaped.resize((canvas.width, canvas.height), Image.Resampling.BICUBIC)


def _planet(
    canvas: Canvas, dice: random.Random, place: tuple[float, float], radius: float, ringed: bool
) -> None:
    hue, side = dice.random(), int(radius * 2)
    tones = [
        from_hsv(hue + dice.uniform(-0.05, 0.05), dice.uniform(0.35, 0.6), dice.uniform(0.65, 0.95))
        for _ in range(7)
    ]
    canvas.glow(place, radius * 1.7, tones[0], 0.4)
    ball = column([along(tones, i / 20) for i in range(21)], side, side).rotate(
        18, Image.Resampling.BICUBIC, fillcolor=tones[3]
    )
    shade = (
        Image.radial_gradient("L")
        .resize((side * 2, side * 2))
        .crop((side // 2, side // 2, side * 3 // 2, side * 3 // 2))
    )
    moved = ImageChops.offset(shade, -side // 5, -side // 5).point(
        [min(225, round(v * 1.7)) for v in range(256)]
    )
    ball.paste(from_hsv(hue + 0.5, 0.6, 0.06), (0, 0), moved)
    mask = Image.new("L", (side, side))
    ImageDraw.Draw(mask).ellipse((0, 0, side - 1, side - 1), fill=255)
    if ringed:
        _ring(canvas, place, radius, tones[2], 180, 360)
    canvas.image.paste(ball, (int(place[0] - radius), int(place[1] - radius)), mask)
    if ringed:
        _ring(canvas, place, radius, tones[2], 0, 180)


def _ring(
    canvas: Canvas, place: tuple[float, float], radius: float, tone: Colour, start: int, end: int
) -> None:
    x, y = place
    for i in range(5):
        wide = radius * (1.45 + 0.1 * i)
        box = (x - wide, y - wide * 0.26, x + wide, y + wide * 0.26)
        canvas.draw.arc(
            box, start, end, fill=(*lighter(tone, 0.3 - 0.08 * i), 210), width=max(2, int(radius * 0.045))
        )
