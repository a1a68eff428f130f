"""The places a scene can be in: each paints itself and says where things stand in it."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from connector.sandbox.studio import land
from connector.sandbox.studio.brush import Canvas
from connector.sandbox.studio.colour import Colour, colour, from_hsv, lighter, mix
from connector.sandbox.studio.light import Light
from connector.sandbox.studio.motifs import MOTIFS, Coat, Place, put


@dataclass(frozen=True)
class Stage:
    """Where things go, as shares of the picture's height: the foot of near ones, far ones, and the water."""

    near: float = 0.9
    far: float = 0.74
    water: float = 0.86
    air: float = 0.62  # the foot of what flies or swims
    scale: float = 1.0


@dataclass(frozen=True)
class Scene:
    """What a place needs to know to paint itself."""

    canvas: Canvas
    light: Light
    dice: random.Random
    weather: frozenset[str]
    hero_x: float

    @property
    def sun_x(self) -> float:
        """The light comes from the side that the main thing leaves free."""
        return 0.26 if self.hero_x > 0.5 else 0.74


def _open_sky(scene: Scene, horizon: float, clouds: int = 5) -> None:
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    land.sky(canvas, light, horizon)
    if light.dark:
        land.stars(canvas, dice, horizon * 0.9, 190 if light.name == "night" else 60)
    land.sun(canvas, light, scene.sun_x, horizon, "moon" in scene.weather)
    land.clouds(canvas, light, dice, horizon, clouds + 4 * ("clouds" in scene.weather))


def _standing(scene: Scene, name: str, x: float, y: float, height: float, distance: float) -> None:
    """A background copy of a motif."""
    motif, canvas = MOTIFS[name], scene.canvas
    tone = colour(scene.dice.choice(motif.mains.split()))
    coat = Coat(tone, colour(motif.accent), scene.light, distance)
    put(canvas, motif, Place(x * canvas.width, y * canvas.height, height * canvas.height, scene.dice.random() < 0.5), coat)


def _row(scene: Scene, name: str, line: land.Line, count: int, height: float, distance: float) -> None:
    """Copies along a line, leaving room around the main thing."""
    for _ in range(count):
        x = scene.dice.random()
        if abs(x - scene.hero_x) > 0.13:
            _standing(scene, name, x, line(x) + 0.012, height * scene.dice.uniform(0.7, 1.25), distance)


def _ridges(scene: Scene, tone: Colour, snow: bool = True) -> None:
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    for i, (base, swing, far) in enumerate(((0.56, 0.32, 0.62), (0.6, 0.2, 0.36))):
        ridge = land.jagged(dice, base, swing, 3 + i * 2)
        land.ground(canvas, ridge, light.far(lighter(tone, 0.1), far), light.far(tone, min(1.0, far + 0.26)))
        if snow and i == 0:
            land.snowcaps(canvas, ridge, light.far((250, 250, 252), far * 0.55), 0.4, dice)
        land.facets(canvas, ridge, light.far(colour("#26304c"), far * 0.7), dice)


def sea(scene: Scene) -> Stage:
    horizon = scene.dice.uniform(0.54, 0.6)
    _open_sky(scene, horizon)
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    for far in (0.7, 0.5):
        side, lift = dice.choice((-1, 1)), dice.uniform(0.03, 0.07)
        shore = land.rolling(dice, horizon - 0.004, 0.012)
        land.ground(canvas, lambda x, s=side, h=lift, line=shore: min(horizon + 0.02, line(x) + 0.05 - h * 1.6 * max(0.0, s * (x - 0.5))), light.far(colour("#4a6276"), far))  # type: ignore[misc]
    land.water(canvas, light, horizon, dice.choice((colour("#1f6f9c"), colour("#1f8488"), colour("#2a5a94"))), scene.sun_x, dice)
    land.flock(canvas, light, dice)
    return Stage(near=0.83, far=horizon + 0.05, water=0.78, air=0.52)


def lake(scene: Scene) -> Stage:
    stage_top = 0.6
    _open_sky(scene, stage_top, 4)
    _ridges(scene, colour("#5a6d8c"))
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    shore = land.rolling(dice, stage_top - 0.01, 0.012)
    land.ground(canvas, shore, light.far(colour("#3f6a52"), 0.3))
    _row(scene, "pine", shore, 40, 0.1, 0.3)
    mirrored = canvas.image.crop((0, 0, canvas.width, int(canvas.height * (stage_top + 0.02)))).transpose(1)
    land.water(canvas, light, stage_top + 0.02, colour("#2a6a8c"), scene.sun_x, dice)
    fade = mirrored.convert("L").point([120] * 256)
    canvas.image.paste(mirrored, (0, int(canvas.height * (stage_top + 0.02))), fade)
    return Stage(near=0.95, far=stage_top + 0.02, water=0.82, air=0.5)


def mountains(scene: Scene) -> Stage:
    _open_sky(scene, 0.66)
    _ridges(scene, scene.dice.choice((colour("#5f7396"), colour("#6f6a8c"), colour("#4f7080"))))
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    middle = land.rolling(dice, 0.7, 0.03, 1.2)
    land.ground(canvas, middle, light.far(colour("#5f8a5c"), 0.32), light.far(colour("#3f6a50"), 0.1))
    _row(scene, "pine", middle, 34, 0.1, 0.3)
    front = land.rolling(dice, 0.83, 0.025, 0.9)
    land.ground(canvas, front, light.on(colour("#5a9058")), light.on(colour("#2f5f48")))
    _row(scene, "pine", front, 7, 0.2, 0.04)
    _tufts(scene, 0.86, colour("#77aa5e"), ())
    return Stage(near=0.92, far=0.76, air=0.6)


def hills(scene: Scene) -> Stage:
    _open_sky(scene, 0.64)
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    hue = dice.uniform(0.2, 0.34)
    for i, base in enumerate((0.54, 0.61, 0.7)):
        line = land.rolling(dice, base, 0.035, 0.9 + 0.2 * i)
        tone, far = from_hsv(hue - 0.02 * i, 0.45 + 0.06 * i, 0.74 - 0.06 * i), 0.58 - 0.22 * i
        land.ground(canvas, line, light.far(lighter(tone, 0.12), far), light.far(lighter(tone, -0.16), far))
        _row(scene, "tree", line, 9 - 2 * i, 0.05 + 0.035 * i, far)
    front = land.rolling(dice, 0.8, 0.025, 0.7)
    land.ground(canvas, front, light.on(from_hsv(hue - 0.05, 0.56, 0.72)), light.on(from_hsv(hue, 0.62, 0.42)))
    _tufts(scene, 0.84, from_hsv(hue - 0.05, 0.5, 0.8), ())
    return Stage(near=0.9, far=0.78, air=0.6)


_BLOOMS = tuple(colour(c) for c in ("#f2f0ea", "#f0708a", "#f2b53a", "#b07fe0", "#e8503f"))


def meadow(scene: Scene) -> Stage:
    stage = hills(scene)
    chosen = tuple(scene.dice.sample(_BLOOMS, 3))
    _tufts(scene, 0.8, colour("#6fa850"), chosen, 260)
    return Stage(near=0.95, far=0.82, air=0.68)


def _tufts(scene: Scene, top: float, tone: Colour, blooms: tuple[Colour, ...], count: int = 90) -> None:
    """Grass, and flowers in it, larger towards the viewer."""
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    for share in sorted(dice.random() for _ in range(count)):
        x, y = canvas.width * dice.random(), canvas.height * (top + (1.02 - top) * share)
        size = min(canvas.width, canvas.height) * (0.006 + 0.016 * share)
        for lean in (-0.5, 0.0, 0.5):
            canvas.stroke([(x, y), (x + lean * size, y - size)], size * 0.13, light.on(tone), 0.8)
        if blooms:
            _bloom(canvas, light, (x, y - size * 1.5), size * 0.45, dice.choice(blooms))


def _bloom(canvas: Canvas, light: Light, place: tuple[float, float], size: float, tone: Colour) -> None:
    for i in range(5):
        angle = math.tau * i / 5
        canvas.oval((place[0] + math.cos(angle) * size * 0.7, place[1] + math.sin(angle) * size * 0.7), size * 0.6, size * 0.6, light.on(tone))
    canvas.oval(place, size * 0.45, size * 0.45, light.on(colour("#f0c040")))


def forest(scene: Scene) -> Stage:
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    land.sky(canvas, light, 0.9)
    land.sun(canvas, light, scene.sun_x, 0.7)
    tone = dice.choice((colour("#2f6a4c"), colour("#3a6f58"), colour("#4a6f3f")))
    for i, far in enumerate((0.78, 0.56, 0.34)):
        line = land.rolling(dice, 0.66 + 0.07 * i, 0.015)
        for k in range(20 - 4 * i):
            _conifer(canvas, dice, (k + dice.uniform(0.1, 0.9)) / (20 - 4 * i), line, 0.3 + 0.14 * i, light.far(tone, far))
        land.ground(canvas, line, light.far(tone, far), light.far(tone, min(1.0, far + 0.18)))
        canvas.glow((canvas.width * dice.random(), canvas.height * (0.7 + 0.07 * i)), canvas.width * 0.7, light.haze, 0.32, 0.16)
    _shafts(scene)
    front = land.rolling(dice, 0.85, 0.02)
    land.ground(canvas, front, light.on(colour("#4a7a48")), light.on(colour("#22452f")))
    _row(scene, "pine", front, 5, 0.5, 0.03)
    _tufts(scene, 0.88, colour("#6a9a4f"), ())
    return Stage(near=0.93, far=0.82, air=0.66)


def _conifer(canvas: Canvas, dice: random.Random, x: float, line: land.Line, height: float, fill: Colour) -> None:
    """A far tree is one jagged outline."""
    foot, high = canvas.height * (line(x) + 0.03), canvas.height * height * dice.uniform(0.65, 1.1)
    wide, middle = high * dice.uniform(0.14, 0.2), canvas.width * x
    left = [(middle - wide * (1 - i / 6) * (1.0 if i % 2 == 0 else 0.62), foot - high * (0.06 + i / 6.4)) for i in range(6)]
    canvas.area([(middle - wide, foot), *left, (middle, foot - high), *((2 * middle - px, py) for px, py in reversed(left)), (middle + wide, foot)], fill)


def _shafts(scene: Scene) -> None:
    canvas, dice = scene.canvas, scene.dice
    for _ in range(4):
        x, wide = canvas.width * (scene.sun_x + dice.uniform(-0.2, 0.2)), canvas.width * dice.uniform(0.02, 0.06)
        lean = canvas.width * dice.uniform(0.05, 0.18) * (1 if scene.sun_x < 0.5 else -1)
        canvas.area([(x, 0), (x + wide, 0), (x + lean + wide * 2.4, canvas.height), (x + lean, canvas.height)], scene.light.sun, alpha=0.1)


def desert(scene: Scene) -> Stage:
    _open_sky(scene, 0.62, 2)
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
    low = [(px, py + canvas.height * depth * 2 * math.sin(math.pi * i / 30)) for i, (px, py) in enumerate(top)]
    canvas.area([*top, *reversed(low)], shade, alpha=0.35)


def _mesa(scene: Scene, x: float, base: float) -> None:
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    wide, high = dice.uniform(0.05, 0.12), dice.uniform(0.06, 0.16)
    frame = ((-1.2, 0.03), (-0.8, -0.5), (-0.72, -1), (0.7, -1), (0.76, -0.5), (1.2, 0.03))
    points = [(canvas.width * (x + wide * px), canvas.height * (base + high * py)) for px, py in frame]
    canvas.area(points, light.far(colour("#c87850"), 0.35), light.far(colour("#a85a48"), 0.5))


def city(scene: Scene) -> Stage:
    _open_sky(scene, 0.72, 3)
    for i, far in enumerate((0.66, 0.4, 0.1)):
        _blocks(scene, far, 0.56 - 0.1 * i, 0.79 + 0.02 * i)
    canvas, light = scene.canvas, scene.light
    skyline = canvas.image.crop((0, int(canvas.height * 0.55), canvas.width, int(canvas.height * 0.83))).transpose(1)
    land.water(canvas, light, 0.83, colour("#2a4f74"), scene.sun_x, scene.dice)
    canvas.image.paste(skyline.resize((canvas.width, canvas.height - int(canvas.height * 0.83))), (0, int(canvas.height * 0.83)), skyline.convert("L").point([90] * 256).resize((canvas.width, canvas.height - int(canvas.height * 0.83))))
    land.ground(canvas, lambda x: 0.945, light.on(colour("#4f566a")), light.on(colour("#2c3144")))
    canvas.gradient([light.on(colour("#8a90a0"))] * 2, canvas.height * 0.945, canvas.height * 0.95)
    return Stage(near=0.965, far=0.83, water=0.91, air=0.55)


def _blocks(scene: Scene, far: float, tallest: float, foot: float) -> None:
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    x = -0.02
    while x < 1.0:
        wide = dice.uniform(0.045, 0.1) * min(1.0, canvas.height / canvas.width + 0.15)
        high = tallest * dice.uniform(0.3, 1.0) ** 1.4 + 0.06
        tone = dice.choice((colour("#5f7390"), colour("#7a6f8c"), colour("#8c7f86"), colour("#4f6478")))
        _block(scene, (x, foot - high, x + wide, foot), tone, far)
        x += wide * dice.uniform(0.82, 1.12)


def _block(scene: Scene, box: tuple[float, float, float, float], tone: Colour, far: float) -> None:
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    left, top, right, foot = box[0] * canvas.width, box[1] * canvas.height, box[2] * canvas.width, box[3] * canvas.height
    body = light.far(tone, far)
    canvas.area([(left, top), (right, top), (right, foot + 6), (left, foot + 6)], body, light.far(lighter(tone, -0.2), min(1.0, far + 0.1)))
    canvas.area([(right - (right - left) * 0.24, top), (right, top), (right, foot), (right - (right - left) * 0.24, foot)], (16, 18, 40), alpha=0.16)
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
        canvas.area([(left + wide * 0.2, top - wide * 0.25), (right - wide * 0.2, top - wide * 0.25), (right - wide * 0.2, top + 1), (left + wide * 0.2, top + 1)], body)
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
                tone = mix(colour("#ffd98a"), colour("#ffb45a"), dice.random()) if lit else lighter(light.haze, 0.2)
                canvas.draw.rectangle((x, y, x + step * 0.48, y + step * 0.52), fill=(*mix(tone, light.haze, far * 0.5), 220 if lit else 110))


def space(scene: Scene) -> Stage:
    from connector.sandbox.studio.cosmos import cosmos

    cosmos(scene.canvas, scene.light, scene.dice, scene.sun_x)
    return Stage(near=1.02, far=0.95, air=0.78, scale=1.15)


def room(scene: Scene) -> Stage:
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    tone = from_hsv(dice.choice((0.08, 0.1, 0.45, 0.56, 0.95)), dice.uniform(0.18, 0.34), 0.86)
    canvas.gradient([light.on(lighter(tone, -0.12)), light.on(lighter(tone, 0.16))], 0, canvas.height * 0.78)
    _window(scene)
    wood = dice.choice((colour("#a8734a"), colour("#8a5a40"), colour("#c49a6c")))
    canvas.gradient([light.on(lighter(wood, 0.22)), light.on(lighter(wood, -0.28))], canvas.height * 0.76, canvas.height)
    canvas.gradient([light.on(lighter(wood, 0.45))] * 2, canvas.height * 0.76, canvas.height * 0.766)
    for _ in range(34):
        y, x = canvas.height * dice.uniform(0.78, 1), canvas.width * dice.random()
        canvas.oval((x, y), canvas.width * dice.uniform(0.05, 0.16), canvas.height * 0.0012, light.on(lighter(wood, -0.4)), 0.3)
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
    canvas.stroke([(left - unit * 0.03, top + high + unit * 0.012), (left + wide + unit * 0.03, top + high + unit * 0.012)], unit * 0.03, frame)


def snowfield(scene: Scene) -> Stage:
    _open_sky(scene, 0.64, 4)
    _ridges(scene, colour("#7f93b4"))
    canvas, light, dice = scene.canvas, scene.light, scene.dice
    for base, far, high in ((0.68, 0.3, 0.12), (0.82, 0.0, 0.3)):
        line = land.rolling(dice, base, 0.03, 0.8)
        land.ground(canvas, line, light.far(colour("#fbfcff"), far), light.far(colour("#c3d3e8"), far))
        _row(scene, "pine", line, 9, high, far + 0.15)
    return Stage(near=0.93, far=0.78, air=0.6)


def underwater(scene: Scene) -> Stage:
    canvas, dice = scene.canvas, scene.dice
    hue = dice.uniform(0.5, 0.6)
    canvas.gradient([from_hsv(hue - 0.05, 0.32, 0.95), from_hsv(hue, 0.66, 0.74), from_hsv(hue + 0.04, 0.82, 0.3)], 0, canvas.height)
    canvas.glow((canvas.width * scene.sun_x, -canvas.height * 0.05), canvas.width * 0.7, (255, 255, 240), 0.7)
    _shafts(scene)
    for i, far in enumerate((0.6, 0.25)):
        bed = land.rolling(dice, 0.84 + 0.06 * i, 0.03)
        tone = from_hsv(hue + 0.04, 0.6, 0.42 - 0.18 * i)
        land.ground(canvas, bed, lighter(tone, 0.1), tone)
        for _ in range(9):
            _weed(scene, dice.random(), bed, mix(dice.choice(_REEF), tone, far))
    for _ in range(46):
        size = min(canvas.width, canvas.height) * dice.uniform(0.002, 0.008)
        canvas.oval((canvas.width * dice.random(), canvas.height * dice.random()), size, size, (255, 255, 255), 0.3)
    return Stage(near=0.94, far=0.9, air=0.66)


_REEF = tuple(colour(c) for c in ("#e8647a", "#f08a4a", "#5fb07a", "#b06fc0", "#f0b84a", "#3f9a8a"))


def _weed(scene: Scene, x: float, bed: land.Line, fill: Colour) -> None:
    canvas, dice = scene.canvas, scene.dice
    foot, high = canvas.height * (bed(x) + 0.02), canvas.height * dice.uniform(0.06, 0.2)
    for k in range(-2, 3):
        sway, phase = high * 0.12, dice.uniform(0, 6)
        points = [(canvas.width * x + k * high * 0.09 * (1 + i / 6) + sway * math.sin(phase + i * 0.9) * i / 8, foot - high * (1 - abs(k) * 0.16) * i / 8) for i in range(9)]
        canvas.stroke(points, high * 0.055, lighter(fill, 0.08 * k))


PLACES: dict[str, Callable[[Scene], Stage]] = {
    "sea": sea,
    "lake": lake,
    "mountains": mountains,
    "hills": hills,
    "meadow": meadow,
    "forest": forest,
    "branch": forest,  # where birds sit
    "desert": desert,
    "city": city,
    "space": space,
    "room": room,
    "snowfield": snowfield,
    "underwater": underwater,
}
