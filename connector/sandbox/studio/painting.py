"""A prompt becomes a picture: place, light, things and weather, composed by the seed."""

from __future__ import annotations

import random
from dataclasses import replace

from PIL import Image, ImageChops

from connector.sandbox.studio import sizes
from connector.sandbox.studio.colour import colour, mix, palette
from connector.sandbox.studio.files import OUTLINE, Picture, outline
from connector.sandbox.studio.prompt import Asked, Reading, digest, read
from connector.sandbox.studio.scene import Scene
from connector.sandbox.studio.scenery import ABSTRACT, FALLING, HOURS, SETTINGS, UNSAID, Light
from connector.sandbox.studio.sizes import Size
from connector.sandbox.studio.svg import HIGH, Coat, Drawing, Motif, Place


def paint(prompt: str, seed: object, size: Size, negative: str = "", *, empty: bool = False) -> Picture:
    """The scene that a prompt describes, or only its place. The size changes nothing in what the dice say."""
    reading = read(prompt, negative)
    dice = random.Random(digest("paint", prompt, seed))
    light = dice.choice(HOURS[reading.hour or dice.choice(UNSAID)]).tinted(reading.tints)
    hero_x, own = dice.choice((0.36, 0.4, 0.6, 0.64)), random.Random(dice.random())
    setting, wide = SETTINGS.get(reading.setting) or own.choice(ABSTRACT), HIGH * size[0] / size[1]
    tones = palette(own, reading.tints)
    scene = Scene(Drawing(), wide, setting, light, own, reading.weather, hero_x, tones)
    scene.draw(setting.layers)
    things = {} if empty else _things(scene, reading, dice)
    scene.draw(() if setting.sheltered else FALLING)
    # Corners a little darker, which holds the eye inside.
    image = scene.drawing.rendered(sizes.drawn(size)).convert("RGB")
    fall = Image.radial_gradient("L").point([round(max(0, v - 130) * 0.42) for v in range(256)])
    image.paste((14, 12, 34), (0, 0), fall.resize(image.size, Image.Resampling.BILINEAR))
    return Picture(image, things).enlarged(size)


def _things(scene: Scene, reading: Reading, dice: random.Random) -> dict[str, Image.Image]:
    """The first thing is the largest and stands at the third; the others keep away from it, and go behind."""
    found: dict[str, Image.Image] = {}
    hero_x = scene.hero_x
    rest = [1 - hero_x + 0.12 * (1 if hero_x < 0.5 else -1), 0.5, 0.12, 0.9]
    spots = [hero_x, *(x + dice.uniform(-0.03, 0.03) for x in rest)]
    for rank, asked in reversed(list(enumerate(reading.things[:5]))):
        tones = random.Random(digest(asked.motif.name, dice.random()))
        first = random.Random(digest(reading.text, asked.motif.name, hero_x))
        for copy in reversed(range(min(asked.count, 6))):
            place = _place(scene, asked.motif, spots[rank], rank, copy, tones)
            shape = _stand(scene, asked.motif, place, coat_for(asked, scene.light, tones if copy else first))
            found[asked.motif.name] = ImageChops.lighter(shape, found.get(asked.motif.name, shape))
    return {name: shape for name, shape in found.items() if shape.getbbox()}


def _place(scene: Scene, motif: Motif, x: float, rank: int, copy: int, dice: random.Random) -> Place:
    """Where a thing goes: farther back and smaller the later it is named."""
    setting, behind = scene.setting, rank + copy * 0.6
    foot = (setting.water if motif.stand == "water" else setting.air) - 0.05 * behind
    if motif.stand == "ground":
        foot = setting.near - (setting.near - setting.far) * min(1.0, behind * 0.5)
    height = HIGH * motif.size * setting.scale * 0.76 ** min(behind, 3.0) * dice.uniform(0.95, 1.05)
    if copy:
        x += (0.25 + 0.08 * copy) * (1 if (copy % 2 == 0) == (x > 0.5) else -1)
    place = Place(scene.wide * (x % 1.0), HIGH * foot, height, dice.random() < 0.5)
    # Small enough for a narrow picture, and wholly inside it.
    left, top, right, _ = place.box(motif)
    margin, narrow = scene.wide * 0.03, scene.wide * 0.8 / (right - left)
    fit = min(1.0, narrow, (place.y - HIGH * 0.04) / (place.y - top))
    low, high = margin - (left - place.x) * fit, scene.wide - margin - (right - place.x) * fit
    return replace(place, x=min(max(place.x, low), high), height=height * fit)


def coat_for(asked: Asked, light: Light, dice: random.Random) -> Coat:
    main = asked.colour or colour(dice.choice(asked.motif.mains))
    return Coat(light, {**light.roles, "main": [main], "accent": [colour(asked.motif.accent)]})


def _stand(scene: Scene, motif: Motif, place: Place, coat: Coat) -> Image.Image:
    """The thing with the shadow that ties it to the ground, or its reflection. Gives its shape."""
    drawing, (left, _, right, _) = scene.drawing, place.box(motif)
    if motif.stand == "ground":
        reach = (right - left) * 0.44
        at = f'cx="{place.x:.1f}" cy="{place.y:.1f}" rx="{reach:.1f}" ry="{reach * 0.13:.1f}"'
        drawing.add(f'<ellipse fill="*!#0c0e22@0.9" {at}/>', coat)
    if motif.stand == "water":
        drawing.parts.append('<g opacity="0.3">')
        drawing.put(motif, replace(place, height=-place.height * 0.6, flipped=not place.flipped), coat)
        drawing.parts.append("</g>")
    begin = len(drawing.parts)
    drawing.put(motif, place, coat)
    size = sizes.scaled((round(scene.wide), round(HIGH)), OUTLINE / max(scene.wide, HIGH))
    return outline(drawing.rendered(size, begin).getchannel("A"))


def add(picture: Image.Image, asked: Asked, seed: int, hour: str | None) -> Image.Image:
    """A thing as large as the picture allows, RGBA, in the light that the picture has."""
    dice, wide = random.Random(digest("add", asked.motif.name, seed)), HIGH * picture.width / picture.height
    light = dice.choice(HOURS[hour or "day"])
    flipped = dice.random() < 0.5
    left, top, right, low = Place(0, 0, 1, flipped).box(asked.motif)
    height = min(wide * 0.94 / (right - left), HIGH * 0.94 / (low - top))
    x, y = wide / 2 - height * (left + right) / 2, HIGH * 0.97 - height * low
    # The thing takes a little of the picture's own colour, so that it belongs there.
    red, green, blue = picture.convert("RGB").resize((1, 1), Image.Resampling.BOX).tobytes()
    dim = 0.55 + 0.45 * min(1.0, (red + green + blue) / 330)
    ambient = mix(mix((0, 0, 0), (255, 255, 255), dim), (red, green, blue), 0.15)
    coat = coat_for(asked, replace(light, ambient=ambient, fill=0.03, dark=dim < 0.75), dice)
    drawing = Drawing()
    drawing.put(asked.motif, Place(x, y, height, flipped), coat)
    return drawing.rendered(sizes.drawn(picture.size)).resize(picture.size, Image.Resampling.BICUBIC)
