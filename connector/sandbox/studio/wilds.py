"""Places without people: water, mountains, woods, deserts, snow, and the deep."""

from __future__ import annotations

import math
import random

from PIL import Image

from connector.sandbox.studio import land
from connector.sandbox.studio.brush import Canvas
from connector.sandbox.studio.colour import Colour, colour, from_hsv, lighter, mix
from connector.sandbox.studio.stage import Scene, Stage, open_sky, ridges, row, shafts, tufts


def sea(scene: Scene) -> Stage:
    horizon = scene.dice.uniform(0.54, 0.6)
    open_sky(scene, horizon)
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    for far in (0.7, 0.5):
        land.ground(canvas, _shore(dice, horizon), light.far(colour("#4a6276"), far))
    land.water(
        canvas,
        light,
        horizon,
        dice.choice((colour("#1f6f9c"), colour("#1f8488"), colour("#2a5a94"))),
        scene.sun_x,
        dice,
    )
    land.flock(canvas, light, dice)
    return Stage(near=0.83, far=horizon + 0.05, water=0.78, air=0.52)


def _shore(dice: random.Random, horizon: float) -> land.Line:
    """Land that rises out of the water towards one side."""
    side, lift = dice.choice((-1, 1)), dice.uniform(0.05, 0.11)
    line = land.rolling(dice, horizon + 0.046, 0.012)
    return lambda x: min(horizon + 0.02, line(x) - lift * max(0.0, side * (x - 0.5)))


def lake(scene: Scene) -> Stage:
    stage_top = 0.6
    open_sky(scene, stage_top, 4)
    ridges(scene, colour("#5a6d8c"))
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    shore = land.rolling(dice, stage_top - 0.01, 0.012)
    land.ground(canvas, shore, light.far(colour("#3f6a52"), 0.3))
    row(scene, "pine", shore, 40, 0.1, 0.3)
    mirrored = canvas.image.crop((0, 0, canvas.width, int(canvas.height * (stage_top + 0.02)))).transpose(
        Image.Transpose.FLIP_TOP_BOTTOM
    )
    land.water(canvas, light, stage_top + 0.02, colour("#2a6a8c"), scene.sun_x, dice)
    fade = mirrored.convert("L").point([120] * 256)
    canvas.image.paste(mirrored, (0, int(canvas.height * (stage_top + 0.02))), fade)
    return Stage(near=0.95, far=stage_top + 0.02, water=0.82, air=0.5)


def mountains(scene: Scene) -> Stage:
    open_sky(scene, 0.66)
    ridges(scene, scene.dice.choice((colour("#5f7396"), colour("#6f6a8c"), colour("#4f7080"))))
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    middle = land.rolling(dice, 0.7, 0.03, 1.2)
    land.ground(canvas, middle, light.far(colour("#5f8a5c"), 0.32), light.far(colour("#3f6a50"), 0.1))
    row(scene, "pine", middle, 34, 0.1, 0.3)
    front = land.rolling(dice, 0.83, 0.025, 0.9)
    land.ground(canvas, front, light.on(colour("#5a9058")), light.on(colour("#2f5f48")))
    row(scene, "pine", front, 7, 0.2, 0.04)
    tufts(scene, 0.86, colour("#77aa5e"), ())
    return Stage(near=0.92, far=0.76, air=0.6)


def hills(scene: Scene) -> Stage:
    open_sky(scene, 0.64)
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    hue = dice.uniform(0.2, 0.34)
    for i, base in enumerate((0.54, 0.61, 0.7)):
        line = land.rolling(dice, base, 0.035, 0.9 + 0.2 * i)
        tone, far = from_hsv(hue - 0.02 * i, 0.45 + 0.06 * i, 0.74 - 0.06 * i), 0.58 - 0.22 * i
        land.ground(canvas, line, light.far(lighter(tone, 0.12), far), light.far(lighter(tone, -0.16), far))
        row(scene, "tree", line, 9 - 2 * i, 0.05 + 0.035 * i, far)
    front = land.rolling(dice, 0.8, 0.025, 0.7)
    land.ground(
        canvas, front, light.on(from_hsv(hue - 0.05, 0.56, 0.72)), light.on(from_hsv(hue, 0.62, 0.42))
    )
    tufts(scene, 0.84, from_hsv(hue - 0.05, 0.5, 0.8), ())
    return Stage(near=0.9, far=0.78, air=0.6)


_BLOOMS = tuple(colour(c) for c in ("#f2f0ea", "#f0708a", "#f2b53a", "#b07fe0", "#e8503f"))


def meadow(scene: Scene) -> Stage:
    hills(scene)
    chosen = tuple(scene.dice.sample(_BLOOMS, 3))
    tufts(scene, 0.8, colour("#6fa850"), chosen, 260)
    return Stage(near=0.95, far=0.82, air=0.68)


def forest(scene: Scene) -> Stage:
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    land.sky(canvas, light, 0.9)
    land.sun(canvas, light, scene.sun_x, 0.7)
    tone = dice.choice((colour("#2f6a4c"), colour("#3a6f58"), colour("#4a6f3f")))
    for i, far in enumerate((0.78, 0.56, 0.34)):
        line = land.rolling(dice, 0.66 + 0.07 * i, 0.015)
        for k in range(20 - 4 * i):
            _conifer(
                canvas,
                dice,
                (k + dice.uniform(0.1, 0.9)) / (20 - 4 * i),
                line,
                0.3 + 0.14 * i,
                light.far(tone, far),
            )
        land.ground(canvas, line, light.far(tone, far), light.far(tone, min(1.0, far + 0.18)))
        canvas.glow(
            (canvas.width * dice.random(), canvas.height * (0.7 + 0.07 * i)),
            canvas.width * 0.7,
            light.haze,
            0.32,
            0.16,
        )
    shafts(scene)
    front = land.rolling(dice, 0.85, 0.02)
    land.ground(canvas, front, light.on(colour("#4a7a48")), light.on(colour("#22452f")))
    row(scene, "pine", front, 5, 0.5, 0.03)
    tufts(scene, 0.88, colour("#6a9a4f"), ())
    return Stage(near=0.93, far=0.82, air=0.66)


def _conifer(
    canvas: Canvas, dice: random.Random, x: float, line: land.Line, height: float, fill: Colour
) -> None:
    """A far tree is one jagged outline."""
    foot, high = canvas.height * (line(x) + 0.03), canvas.height * height * dice.uniform(0.65, 1.1)
    wide, middle = high * dice.uniform(0.14, 0.2), canvas.width * x
    left = [
        (middle - wide * (1 - i / 6) * (1.0 if i % 2 == 0 else 0.62), foot - high * (0.06 + i / 6.4))
        for i in range(6)
    ]
    canvas.area(
        [
            (middle - wide, foot),
            *left,
            (middle, foot - high),
            *((2 * middle - px, py) for px, py in reversed(left)),
            (middle + wide, foot),
        ],
        fill,
    )


def desert(scene: Scene) -> Stage:
    open_sky(scene, 0.62, 2)
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    for _ in range(3):
        _mesa(scene, dice.random(), 0.62)
    for i, (base, far) in enumerate(((0.63, 0.42), (0.71, 0.2), (0.8, 0.0))):
        line = land.rolling(dice, base, 0.035, 0.8)
        land.ground(canvas, line, light.far(colour("#f0c587"), far), light.far(colour("#d08a54"), far))
        _dune_shade(scene, line, light.far(colour("#a85f44"), far), 0.05 + 0.03 * i)
    return Stage(near=0.93, far=0.82, air=0.6)


def _dune_shade(scene: Scene, line: land.Line, shade: Colour, depth: float) -> None:
    canvas = scene.canvas
    start = scene.dice.uniform(0.1, 0.7)
    xs = [start + 0.4 * i / 30 for i in range(31)]
    top = [(canvas.width * x, canvas.height * line(x)) for x in xs]
    low = [
        (px, py + canvas.height * depth * 2 * math.sin(math.pi * i / 30)) for i, (px, py) in enumerate(top)
    ]
    canvas.area([*top, *reversed(low)], shade, alpha=0.35)


def _mesa(scene: Scene, x: float, base: float) -> None:
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    wide, high = dice.uniform(0.05, 0.12), dice.uniform(0.06, 0.16)
    frame = ((-1.2, 0.03), (-0.8, -0.5), (-0.72, -1), (0.7, -1), (0.76, -0.5), (1.2, 0.03))
    points = [(canvas.width * (x + wide * px), canvas.height * (base + high * py)) for px, py in frame]
    canvas.area(points, light.far(colour("#c87850"), 0.35), light.far(colour("#a85a48"), 0.5))


def snowfield(scene: Scene) -> Stage:
    open_sky(scene, 0.64, 4)
    ridges(scene, colour("#7f93b4"))
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    for base, far, high in ((0.68, 0.3, 0.12), (0.82, 0.0, 0.3)):
        line = land.rolling(dice, base, 0.03, 0.8)
        land.ground(canvas, line, light.far(colour("#fbfcff"), far), light.far(colour("#c3d3e8"), far))
        row(scene, "pine", line, 9, high, far + 0.15)
    return Stage(near=0.93, far=0.78, air=0.6)


def underwater(scene: Scene) -> Stage:
    canvas, dice = scene.canvas, scene.dice
    hue = dice.uniform(0.5, 0.6)
    canvas.gradient(
        [from_hsv(hue - 0.05, 0.32, 0.95), from_hsv(hue, 0.66, 0.74), from_hsv(hue + 0.04, 0.82, 0.3)],
        0,
        canvas.height,
    )
    canvas.glow((canvas.width * scene.sun_x, -canvas.height * 0.05), canvas.width * 0.7, (255, 255, 240), 0.7)
    shafts(scene)
    for i, far in enumerate((0.6, 0.25)):
        bed = land.rolling(dice, 0.84 + 0.06 * i, 0.03)
        tone = from_hsv(hue + 0.04, 0.6, 0.42 - 0.18 * i)
        land.ground(canvas, bed, lighter(tone, 0.1), tone)
        for _ in range(9):
            _weed(scene, dice.random(), bed, mix(dice.choice(_REEF), tone, far))
    for _ in range(46):
        size = min(canvas.width, canvas.height) * dice.uniform(0.002, 0.008)
        canvas.oval(
            (canvas.width * dice.random(), canvas.height * dice.random()), size, size, (255, 255, 255), 0.3
        )
    return Stage(near=0.94, far=0.9, air=0.66)


_REEF = tuple(colour(c) for c in ("#e8647a", "#f08a4a", "#5fb07a", "#b06fc0", "#f0b84a", "#3f9a8a"))


def _weed(scene: Scene, x: float, bed: land.Line, fill: Colour) -> None:
    canvas, dice = scene.canvas, scene.dice
    foot, high = canvas.height * (bed(x) + 0.02), canvas.height * dice.uniform(0.06, 0.2)
    for k in range(-2, 3):
        sway, phase = high * 0.12, dice.uniform(0, 6)
        points = [
            (
                canvas.width * x + k * high * 0.09 * (1 + i / 6) + sway * math.sin(phase + i * 0.9) * i / 8,
                foot - high * (1 - abs(k) * 0.16) * i / 8,
            )
            for i in range(9)
        ]
        canvas.stroke(points, high * 0.055, lighter(fill, 0.08 * k))
