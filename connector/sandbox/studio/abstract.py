"""A composition for prompts that name nothing we can draw: made of the prompt's own hash."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

from PIL import Image, ImageFilter

from connector.sandbox.studio.brush import Canvas, spline
from connector.sandbox.studio.colour import Colour, along, from_hsv, lighter

_SCHEMES = ((0.0, 0.06, 0.5), (0.0, 0.33, 0.66), (0.0, 0.08, 0.16), (0.0, 0.45, 0.55), (0.0, 0.12, 0.62))


def palette(dice: random.Random, tints: Sequence[Colour]) -> list[Colour]:
    """Five colours that go together, beginning with those that the prompt names."""
    base, scheme = dice.random(), dice.choice(_SCHEMES)
    made = [
        from_hsv(base + scheme[i % 3], dice.uniform(0.45, 0.78), dice.uniform(0.7, 0.95)) for i in range(5)
    ]
    given = [lighter(tint, amount) for tint in tints for amount in (0.0, 0.35, -0.3)]
    return [*given, *made][:5]


def abstract(canvas: Canvas, dice: random.Random, tints: Sequence[Colour]) -> list[Colour]:
    colours = palette(dice, tints)
    ground = lighter(colours[0], dice.choice((0.72, 0.66, -0.74)))
    canvas.gradient([ground, lighter(colours[1], 0.5 if sum(ground) > 380 else -0.6)], 0, canvas.height)
    dice.choice(_KINDS)(canvas, dice, colours)
    return colours


def _ribbons(canvas: Canvas, dice: random.Random, colours: list[Colour]) -> None:
    """Silky bands that flow across."""
    for i in range(16):
        share, phase = i / 15, dice.uniform(0, 0.5)
        base, thick = canvas.height * (0.1 + 0.75 * share), canvas.height * dice.uniform(0.1, 0.2)
        waves = [base + canvas.height * 0.16 * math.sin(k / 7 * 4.2 + share * 3.4 + phase) for k in range(9)]
        top = [(canvas.width * k / 8, y) for k, y in enumerate(waves)]
        low = [(x, y + thick * (0.5 + 0.5 * math.sin(k * 1.1 + share * 5))) for k, (x, y) in enumerate(top)]
        tone = along(colours, share)
        canvas.area(
            [*spline(top, False), *reversed(spline(low, False))],
            lighter(tone, 0.25),
            tone,
            lighter(tone, -0.3),
            alpha=0.86,
        )


def _orbs(canvas: Canvas, dice: random.Random, colours: list[Colour]) -> None:
    """Spheres of light in a depth of field."""
    unit = min(canvas.width, canvas.height)
    for i in range(15):
        x, y, size = (
            canvas.width * dice.uniform(0.05, 0.95),
            canvas.height * dice.uniform(0.05, 0.95),
            unit * dice.uniform(0.04, 0.2),
        )
        tone = dice.choice(colours)
        canvas.glow((x + size * 0.2, y + size * 0.9), size * 1.3, (12, 12, 30), 0.35, 0.5)
        ring = [
            (x + size * math.cos(a * math.tau / 60), y + size * math.sin(a * math.tau / 60))
            for a in range(60)
        ]
        canvas.area(ring, lighter(tone, 0.4), tone, lighter(tone, -0.45))
        canvas.glow((x - size * 0.32, y - size * 0.36), size * 0.5, (255, 255, 255), 0.75)
        if i == 6:
            canvas.image.paste(canvas.image.filter(ImageFilter.BoxBlur(unit * 0.006)))


def _arches(canvas: Canvas, dice: random.Random, colours: list[Colour]) -> None:
    """Cut-paper arches and a disc, as on a modernist poster."""
    unit = min(canvas.width, canvas.height)
    canvas.oval(
        (canvas.width * dice.uniform(0.25, 0.75), canvas.height * 0.3), unit * 0.17, unit * 0.17, colours[2]
    )
    for i in range(4):
        x, reach = canvas.width * (0.1 + 0.26 * i + dice.uniform(-0.06, 0.06)), unit * dice.uniform(0.2, 0.34)
        for k in range(5):
            size = reach * (1 - k * 0.19)
            arch = [
                (x - size, canvas.height),
                *(
                    (
                        x - size * math.cos(math.pi * a / 40),
                        canvas.height * 0.99 - reach * 0.6 - size * math.sin(math.pi * a / 40),
                    )
                    for a in range(41)
                ),
                (x + size, canvas.height),
            ]
            canvas.area(arch, lighter(colours[(i + k) % 5], 0.12), lighter(colours[(i + k) % 5], -0.18))


def _mosaic(canvas: Canvas, dice: random.Random, colours: list[Colour]) -> None:
    """Quarter circles and half circles on a grid."""
    cell = math.gcd(canvas.width, canvas.height)
    cell = next(
        c
        for c in (cell, max(canvas.width, canvas.height) // 7)
        if canvas.width // 9 <= c <= canvas.width // 4 or c != cell
    )
    for y in range(0, canvas.height, cell):
        for x in range(0, canvas.width, cell):
            back, front, dot = dice.sample(colours, 3)
            canvas.draw.rectangle((x, y, x + cell, y + cell), fill=lighter(back, 0.2))
            turn = dice.randrange(4)
            cx, cy = x + cell * (turn & 1), y + cell * (turn >> 1)
            canvas.draw.pieslice(
                (cx - cell, cy - cell, cx + cell, cy + cell),
                (0, 90, 270, 180)[turn],
                (90, 180, 360, 270)[turn],
                fill=front,
            )
            canvas.oval(
                (cx + cell * (0.25 - 0.5 * (turn & 1)), cy + cell * (0.25 - 0.5 * (turn >> 1))),
                cell * 0.13,
                cell * 0.13,
                dot,
            )


def _blur(canvas: Canvas, dice: random.Random, colours: list[Colour]) -> None:
    """A soft field of colour with fine contour lines over it."""
    small = Image.new("RGB", (4, 4))
    small.putdata([dice.choice(colours) for _ in range(16)])
    canvas.image.paste(small.resize(canvas.image.size, Image.Resampling.BICUBIC))
    x, y = canvas.width * dice.uniform(0.25, 0.75), canvas.height * dice.uniform(0.3, 0.7)
    phase = dice.uniform(0, 6)
    for i in range(1, 34):
        reach = min(canvas.width, canvas.height) * 0.026 * i
        ring = [
            (
                x + reach * (1 + 0.16 * math.sin(3 * a + phase + i * 0.09)) * math.cos(a),
                y + reach * (1 + 0.12 * math.sin(2 * a - phase + i * 0.06)) * math.sin(a),
            )
            for a in (math.tau * k / 120 for k in range(121))
        ]
        canvas.stroke(ring, min(canvas.width, canvas.height) * 0.0022, (255, 255, 255), 0.5)


_KINDS: tuple[Callable[[Canvas, random.Random, list[Colour]], None], ...] = (
    _ribbons,
    _orbs,
    _arches,
    _mosaic,
    _blur,
    _ribbons,
)
