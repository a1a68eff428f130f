"""A prompt becomes a picture: place, light, things and weather, composed by the seed."""

from __future__ import annotations

import random
from dataclasses import replace

from PIL import Image, ImageChops

from connector.sandbox.studio import sizes
from connector.sandbox.studio.canvas import Canvas
from connector.sandbox.studio.colour import colour, mix, palette
from connector.sandbox.studio.files import Picture, outline
from connector.sandbox.studio.masks import differs
from connector.sandbox.studio.motif import Coat, Motif, Place, put
from connector.sandbox.studio.prompt import Asked, Reading, digest, read
from connector.sandbox.studio.scene import Scene
from connector.sandbox.studio.scenery import FALLING, Light, light_for, setting_for
from connector.sandbox.studio.sizes import Size

Box = tuple[int, int, int, int]
_LARGEST = 2_200_000  # pixels that are painted one by one


def paint(prompt: str, seed: int, size: Size, negative: str = "", *, empty: bool = False) -> Picture:
    """The scene that a prompt describes, or only its place. The size changes nothing in what the dice say."""
    small = _bounded(size)
    reading = read(prompt, negative)
    dice = random.Random(digest("paint", prompt, seed))
    light = light_for(reading.hour, reading.tints, dice)
    canvas = Canvas.blank(small)
    hero_x = dice.choice((0.36, 0.4, 0.6, 0.64))
    own = random.Random(dice.random())
    setting = setting_for(reading.setting, own)
    scene = Scene(canvas, setting, light, own, reading.weather, hero_x, palette(own, reading.tints))
    scene.paint(setting.layers)
    shapes = {} if empty else _things(scene, reading, dice)
    scene.paint(() if setting.sheltered else FALLING)
    # Corners a little darker, which holds the eye inside.
    fall = Image.radial_gradient("L").point([round(max(0, v - 130) * 0.42) for v in range(256)])
    canvas.image.paste((14, 12, 34), (0, 0), fall.resize(canvas.image.size, Image.Resampling.BILINEAR))
    things = {name: outline(shape) for name, shape in shapes.items() if shape.getbbox()}
    return Picture(canvas.finished(), things).enlarged(size)


def _bounded(size: Size) -> Size:
    """The size itself, or one that is painted quickly and can be enlarged without loss to the eye."""
    return size if size[0] * size[1] <= _LARGEST else sizes.with_pixels(size, _LARGEST * 0.99)


def _things(scene: Scene, reading: Reading, dice: random.Random) -> dict[str, Image.Image]:
    """The first thing is the largest and stands at the third; the others keep away from it, and go behind."""
    found: dict[str, Image.Image] = {}
    canvas, hero_x = scene.canvas, scene.hero_x
    rest = [1 - hero_x + 0.12 * (1 if hero_x < 0.5 else -1), 0.5, 0.12, 0.9]
    spots = [hero_x, *(x + dice.uniform(-0.03, 0.03) for x in rest)]
    for rank, asked in reversed(list(enumerate(reading.things[:5]))):
        tones = random.Random(digest(asked.motif.name, dice.random()))
        first = random.Random(digest(reading.text, asked.motif.name, hero_x))
        for copy in reversed(range(min(asked.count, 6))):
            place = _place(scene, asked.motif, spots[rank], rank, copy, tones)
            shape = _stand(canvas, asked.motif, place, coat_for(asked, scene.light, tones if copy else first))
            found[asked.motif.name] = ImageChops.lighter(shape, found.get(asked.motif.name, shape))
    return found


def _place(scene: Scene, motif: Motif, x: float, rank: int, copy: int, dice: random.Random) -> Place:
    """Where a thing goes: farther back and smaller the later it is named."""
    canvas, setting, behind = scene.canvas, scene.setting, rank + copy * 0.6
    foot = (setting.water if motif.stand == "water" else setting.air) - 0.05 * behind
    if motif.stand == "ground":
        foot = setting.near - (setting.near - setting.far) * min(1.0, behind * 0.5)
    height = canvas.height * motif.size * setting.scale * 0.76 ** min(behind, 3.0) * dice.uniform(0.95, 1.05)
    if copy:
        x += (0.25 + 0.08 * copy) * (1 if (copy % 2 == 0) == (x > 0.5) else -1)
    place = Place(canvas.width * (x % 1.0), canvas.height * foot, height, dice.random() < 0.5)
    # Small enough for a narrow picture, and wholly inside it.
    left, top, right, _ = place.box(motif)
    narrow = canvas.width * 0.8 / max(1.0, right - left)
    low = (place.y - canvas.height * 0.04) / max(1.0, place.y - top)
    smaller = replace(place, height=height * min(1.0, narrow, low))
    left, _, right, _ = smaller.box(motif)
    margin = canvas.width * 0.03
    shift = max(0.0, margin - left) - max(0.0, right - (canvas.width - margin))
    return replace(smaller, x=smaller.x + shift)


def coat_for(asked: Asked, light: Light, dice: random.Random) -> Coat:
    return Coat(light, asked.colour or colour(dice.choice(asked.motif.mains)), asked.motif.accent)


def _stand(canvas: Canvas, motif: Motif, place: Place, coat: Coat) -> Image.Image:
    """The thing with the shadow that ties it to the ground, or its reflection. Gives its shape."""
    left, _, right, _ = place.box(motif)
    if motif.stand == "ground":
        reach = (right - left) * 0.62
        canvas.glow((place.x, place.y), reach, reach * 0.13, (12, 14, 34), 0.55)
    if motif.stand == "water":
        upside_down = replace(place, height=-place.height * 0.6, flipped=not place.flipped)
        before = canvas.image.copy()
        put(canvas, motif, upside_down, coat)
        canvas.image.paste(Image.blend(before, canvas.image, 0.3))
    # A quarter of the canvas is fine enough for an outline.
    before = canvas.image.reduce(4)
    put(canvas, motif, place, coat)
    return differs(before, canvas.image.reduce(4)).point([0] * 16 + [255] * 240)


def add(picture: Image.Image, asked: Asked, box: Box, seed: int, hour: str | None) -> Image.Image:
    """A thing painted into a box of a finished picture, in the light that the picture has there."""
    size = (box[2] - box[0], box[3] - box[1])
    canvas = Canvas.over(picture.resize(_bounded(size), Image.Resampling.BICUBIC, box=box))
    dice = random.Random(digest("add", asked.motif.name, seed))
    light = light_for(hour or "day", (), dice)
    flipped = dice.random() < 0.5
    # As large as the canvas allows, standing on its foot.
    left, top, right, low = Place(0, 0, 1, flipped).box(asked.motif)
    height = min(canvas.width * 0.94 / (right - left), canvas.height * 0.94 / (low - top))
    x, y = canvas.width / 2 - height * (left + right) / 2, canvas.height * 0.97 - height * low
    coat = _ambient(coat_for(asked, light, dice), picture)
    put(canvas, asked.motif, Place(x, y, height, flipped), coat)
    return canvas.finished().resize(size, Image.Resampling.BICUBIC)


def _ambient(coat: Coat, picture: Image.Image) -> Coat:
    """The thing takes a little of the picture's own colour, so that it belongs there."""
    red, green, blue = picture.convert("RGB").resize((1, 1), Image.Resampling.BOX).tobytes()
    dim = 0.55 + 0.45 * min(1.0, (red + green + blue) / 330)
    ambient = mix(mix((0, 0, 0), (255, 255, 255), dim), (red, green, blue), 0.15)
    return replace(coat, light=replace(coat.light, ambient=ambient, fill=0.03, dark=dim < 0.75))
