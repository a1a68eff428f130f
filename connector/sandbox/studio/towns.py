"""Places that people made: a city by the water, and a room with a window."""

from __future__ import annotations

import random

from PIL import Image

from connector.sandbox.studio import land
from connector.sandbox.studio.brush import Canvas
from connector.sandbox.studio.colour import Colour, colour, from_hsv, lighter, mix
from connector.sandbox.studio.stage import Scene, Stage, open_sky
from connector.sandbox.studio.wilds import hills, sea


def city(scene: Scene) -> Stage:
    open_sky(scene, 0.72, 3)
    for i, far in enumerate((0.66, 0.4, 0.1)):
        _blocks(scene, far, 0.56 - 0.1 * i, 0.79 + 0.02 * i)
    canvas, light = scene.canvas, scene.light
    skyline = canvas.image.crop(
        (0, int(canvas.height * 0.55), canvas.width, int(canvas.height * 0.83))
    ).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    land.water(canvas, light, 0.83, colour("#2a4f74"), scene.sun_x, scene.dice)
    canvas.image.paste(
        skyline.resize((canvas.width, canvas.height - int(canvas.height * 0.83))),
        (0, int(canvas.height * 0.83)),
        skyline.convert("L")
        .point([90] * 256)
        .resize((canvas.width, canvas.height - int(canvas.height * 0.83))),
    )
    land.ground(canvas, lambda x: 0.945, light.on(colour("#4f566a")), light.on(colour("#2c3144")))
    canvas.gradient([light.on(colour("#8a90a0"))] * 2, canvas.height * 0.945, canvas.height * 0.95)
    return Stage(near=0.965, far=0.83, water=0.91, air=0.55)


def _blocks(scene: Scene, far: float, tallest: float, foot: float) -> None:
    canvas, dice = scene.canvas, scene.dice
    x = -0.02
    while x < 1.0:
        wide = dice.uniform(0.045, 0.1) * min(1.0, canvas.height / canvas.width + 0.15)
        high = tallest * dice.uniform(0.3, 1.0) ** 1.4 + 0.06
        tone = dice.choice((colour("#5f7390"), colour("#7a6f8c"), colour("#8c7f86"), colour("#4f6478")))
        _block(scene, (x, foot - high, x + wide, foot), tone, far)
        x += wide * dice.uniform(0.82, 1.12)


def _block(scene: Scene, box: tuple[float, float, float, float], tone: Colour, far: float) -> None:
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    left, top, right, foot = (
        box[0] * canvas.width,
        box[1] * canvas.height,
        box[2] * canvas.width,
        box[3] * canvas.height,
    )
    body = light.far(tone, far)
    canvas.area(
        [(left, top), (right, top), (right, foot + 6), (left, foot + 6)],
        body,
        light.far(lighter(tone, -0.2), min(1.0, far + 0.1)),
    )
    canvas.area(
        [
            (right - (right - left) * 0.24, top),
            (right, top),
            (right, foot),
            (right - (right - left) * 0.24, foot),
        ],
        (16, 18, 40),
        alpha=0.16,
    )
    _roof(canvas, dice, (left, top, right), body)
    if far < 0.6:
        _panes(scene, (left, top, right, foot), far)


def _roof(canvas: Canvas, dice: random.Random, edge: tuple[float, float, float], body: Colour) -> None:
    left, top, right = edge
    middle, wide = (left + right) / 2, right - left
    kind = dice.randrange(4)
    if kind == 1:
        canvas.area([(left, top + 1), (right, top + 1), (middle, top - wide * 0.5)], body)
    elif kind == 2:
        canvas.area(
            [
                (left + wide * 0.2, top - wide * 0.25),
                (right - wide * 0.2, top - wide * 0.25),
                (right - wide * 0.2, top + 1),
                (left + wide * 0.2, top + 1),
            ],
            body,
        )
        canvas.stroke([(middle, top), (middle, top - wide * 0.8)], wide * 0.05, body)


def _panes(scene: Scene, box: tuple[float, float, float, float], far: float) -> None:
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    left, top, right, foot = box
    step = min(canvas.width, canvas.height) * 0.015
    lit = light.dark or light.name in ("storm", "sunset")
    for row in range(int((foot - top) / step) - 1):
        for column in range(int((right - left) / step)):
            if dice.random() < (0.5 if lit else 0.7):
                x, y = left + step * (column + 0.3), top + step * (row + 0.5)
                tone = (
                    mix(colour("#ffd98a"), colour("#ffb45a"), dice.random())
                    if lit
                    else lighter(light.haze, 0.2)
                )
                canvas.draw.rectangle(
                    (x, y, x + step * 0.48, y + step * 0.52),
                    fill=(*mix(tone, light.haze, far * 0.5), 220 if lit else 110),
                )


def room(scene: Scene) -> Stage:
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    tone = from_hsv(dice.choice((0.08, 0.1, 0.45, 0.56, 0.95)), dice.uniform(0.18, 0.34), 0.86)
    canvas.gradient([light.on(lighter(tone, -0.12)), light.on(lighter(tone, 0.16))], 0, canvas.height * 0.78)
    _window(scene)
    wood = dice.choice((colour("#a8734a"), colour("#8a5a40"), colour("#c49a6c")))
    canvas.gradient(
        [light.on(lighter(wood, 0.22)), light.on(lighter(wood, -0.28))], canvas.height * 0.76, canvas.height
    )
    canvas.gradient([light.on(lighter(wood, 0.45))] * 2, canvas.height * 0.76, canvas.height * 0.766)
    for _ in range(34):
        y, x = canvas.height * dice.uniform(0.78, 1), canvas.width * dice.random()
        canvas.oval(
            (x, y),
            canvas.width * dice.uniform(0.05, 0.16),
            canvas.height * 0.0012,
            light.on(lighter(wood, -0.4)),
            0.3,
        )
    canvas.glow((canvas.width * scene.sun_x, canvas.height * 0.86), canvas.width * 0.5, light.sun, 0.4, 0.22)
    return Stage(near=0.9, far=0.82, air=0.7, scale=1.08)


def _window(scene: Scene) -> None:
    """A window with a view; it is the room's light."""
    canvas, light = scene.canvas, scene.light
    unit = min(canvas.width, canvas.height)
    left, top = canvas.width * scene.sun_x - unit * 0.19, canvas.height * 0.1
    wide, high = int(unit * 0.38), int(unit * 0.48)
    view = Canvas.blank((wide // 2, high // 2))
    small = Scene(view, light, scene.dice, frozenset(), 1 - scene.sun_x)
    (hills if scene.dice.random() < 0.6 else sea)(small)
    canvas.glow((left + wide / 2, top + high / 2), unit * 0.7, light.sun, 0.3)
    canvas.image.paste(view.image, (int(left), int(top)))
    frame = light.on(colour("#f4eee2"))
    for x in (left, left + wide / 2, left + wide):
        canvas.stroke([(x, top), (x, top + high)], unit * 0.016, frame)
    for y in (top, top + high * 0.42, top + high):
        canvas.stroke([(left, y), (left + wide, y)], unit * 0.016, frame)
    canvas.stroke(
        [
            (left - unit * 0.03, top + high + unit * 0.012),
            (left + wide + unit * 0.03, top + high + unit * 0.012),
        ],
        unit * 0.03,
        frame,
    )
