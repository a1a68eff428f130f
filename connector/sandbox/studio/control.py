"""Control: a picture says where or how, and the prompt says what."""

from __future__ import annotations

import random
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageFilter, ImageOps, ImageStat

from connector.sandbox.studio import effects, sizes
from connector.sandbox.studio.arguments import Arguments, Made
from connector.sandbox.studio.colour import Colour, lighter, palette
from connector.sandbox.studio.files import Picture
from connector.sandbox.studio.generation import scene
from connector.sandbox.studio.prompt import Reading, digest, read

_LEVELS = range(256)
_PLAN = 300  # regions of a sketch are found at this size


def _colours(reading: Reading, seed: int) -> list[Colour]:
    """The colours that the prompt names, those of its things first, and some that go with them."""
    named = [*(asked.colour for asked in reading.things if asked.colour), *reading.tints]
    made = palette(random.Random(digest("control", reading.text, seed)), ())
    return [*named, *(lighter(tone, 0.35) for tone in named), *made]


def sketch(given: Arguments) -> Made:
    """A drawing, coloured in: each closed region one tone, the ground the prompt's scene."""
    picture = given.picture()
    strength = given.number("control_strength", 0.7)
    ground = scene(given, picture.size, empty=True).image
    lines = _lines(picture.rgb)
    filled = _coloured_in(lines, ground, _colours(read(given.prompt), given.seed))
    drawn = given.styled(Image.blend(ground, filled, min(1.0, 0.45 + strength * 0.75)))
    drawn.paste((32, 28, 42), (0, 0), lines.point([round(v * min(1.0, 0.2 + strength)) for v in _LEVELS]))
    return given.finished(drawn)


def _lines(image: Image.Image) -> Image.Image:
    """White where the sketch has ink: dark on light, light on dark, or else the outlines of a painting."""
    grey = ImageOps.autocontrast(image.convert("L"))
    mean, median = ImageStat.Stat(grey).mean[0], ImageStat.Stat(grey).median[0]
    if median > 215 and mean > 150:
        return ImageOps.invert(grey).point([0 if v < 50 else min(255, v * 2) for v in _LEVELS])
    if median < 40 and mean < 105:
        return grey.point([0 if v < 50 else min(255, v * 2) for v in _LEVELS])
    return effects.lines(image, 12)


def _coloured_in(lines: Image.Image, ground: Image.Image, colours: Sequence[Colour]) -> Image.Image:
    scale = min(1.0, _PLAN / max(lines.size))
    size = (max(8, round(lines.width * scale)), max(8, round(lines.height * scale)))
    ink = lines.resize(size, Image.Resampling.BOX).point([255 if v > 40 else 0 for v in _LEVELS])
    plan, inside = _regions(ink, colours)
    soft = plan.resize(lines.size, Image.Resampling.NEAREST).filter(ImageFilter.BoxBlur(1 / scale))
    light = Image.linear_gradient("L").resize(lines.size).point([round(150 - v * 0.22) for v in _LEVELS])
    shaded = ImageChops.overlay(soft, Image.merge("RGB", [light] * 3))
    return Image.composite(shaded, ground, inside.resize(lines.size, Image.Resampling.BILINEAR))


def _regions(ink: Image.Image, colours: Sequence[Colour]) -> tuple[Image.Image, Image.Image]:
    """A colour for every closed region, and white where one is; what touches the border is outside."""
    width, height = ink.size
    wall = ink.tobytes()
    seen, plan, inside = bytearray(wall), Image.new("RGB", ink.size, colours[0]), Image.new("L", ink.size)
    found: list[list[int]] = []
    for start in range(width * height):
        if not seen[start]:
            found.append(_flood(seen, start, width))
    closed = [region for region in found if not _on_border(region, width, height)]
    for index, region in enumerate(sorted(closed, key=len, reverse=True)):
        tone = (
            colours[index % len(colours)] if len(region) > 12 else lighter(colours[index % len(colours)], 0.3)
        )
        for place in region:
            plan.putpixel((place % width, place // width), tone)
            inside.putpixel((place % width, place // width), 255)
    return _under_ink(plan, inside)


def _flood(seen: bytearray, start: int, width: int) -> list[int]:
    """All that is connected to a place; marks it as seen."""
    region, seen[start] = [start], 255
    for place in region:
        sides = (
            place - 1 if place % width else -1,
            place + 1 if (place + 1) % width else -1,
            place - width,
            place + width,
        )
        for side in sides:
            if 0 <= side < len(seen) and not seen[side]:
                seen[side] = 255
                region.append(side)
    return region


def _on_border(region: Sequence[int], width: int, height: int) -> bool:
    return any(p < width or p >= width * (height - 1) or p % width in (0, width - 1) for p in region)


def _under_ink(plan: Image.Image, inside: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Regions grow under the lines that bound them, so that no gap shows."""
    for _ in range(2):
        wider = inside.filter(ImageFilter.MaxFilter(3))
        spread = Image.new("RGB", plan.size)
        spread.paste(plan, (0, 0), inside)
        grown = spread.filter(ImageFilter.MaxFilter(3))
        plan = Image.composite(plan, grown, inside)
        inside = wider
    return plan, inside


def structure(given: Arguments) -> Made:
    """The light and shade of the picture, in the colours of the prompt's scene."""
    picture = given.picture()
    strength = given.number("control_strength", 0.7)
    painted = scene(given, picture.size).image
    toned = effects.mapped(picture.rgb, _ramp(painted))
    mixed = Image.blend(painted, toned, strength)
    lined = ImageChops.subtract(
        mixed,
        Image.merge(
            "RGB", [effects.lines(picture.rgb, 14).point([round(v * 0.3 * strength) for v in _LEVELS])] * 3
        ),
    )
    return given.finished(lined)


def _ramp(image: Image.Image) -> list[Colour]:
    """The picture's own main colours, from dark to light."""
    few = (
        image.reduce(8).quantize(7, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
    )
    found = [tone for _, tone in few.getcolors(few.width * few.height) or [] if isinstance(tone, tuple)]
    tones: list[Colour] = [(int(t[0]), int(t[1]), int(t[2])) for t in found]
    ordered = sorted(tones, key=lambda t: 0.3 * t[0] + 0.59 * t[1] + 0.11 * t[2])
    return [lighter(ordered[0], -0.45), *ordered, lighter(ordered[-1], 0.4)]


def matched(image: Image.Image, model: Image.Image) -> Image.Image:
    """The picture with the colours of another: each channel's distribution becomes the model's."""
    tables = [
        _match(a.histogram(), b.histogram())
        for a, b in zip(image.convert("YCbCr").split(), model.convert("YCbCr").split(), strict=True)
    ]
    return image.convert("YCbCr").point([v for table in tables for v in table]).convert("RGB")


def _match(have: Sequence[int], want: Sequence[int]) -> list[int]:
    """For each value, the one that as large a share of the model lies below."""
    total, goal = sum(have) or 1, sum(want) or 1
    table, below, reached, level = [], 0.0, float(want[0]), 0
    for count in have:
        below += count
        while level < 255 and reached / goal < below / total:
            level += 1
            reached += want[level]
        table.append(level)
    return table


def style(given: Arguments) -> Made:
    """A scene of the prompt's in the colours of the picture."""
    model = given.picture()
    painting = scene(given, sizes.ULTRA[given.text("aspect_ratio", "1:1")])
    fidelity = given.number("fidelity", 0.5)
    toned = matched(painting.image, model.rgb.resize((256, 256)))
    worn = _textured(toned, model, fidelity * 0.25)
    return given.finished(Image.blend(painting.image, worn, 0.35 + 0.65 * fidelity), painting.things)


def _textured(image: Image.Image, model: Picture, strength: float) -> Image.Image:
    """The fine structure of the model's surface, laid over the picture."""
    sheet = ImageOps.fit(model.rgb, image.size).convert("L")
    calm = sheet.filter(ImageFilter.GaussianBlur(max(image.size) / 250))
    fine = ImageChops.subtract(sheet, calm, 1, 128).point(
        [round(128 + (v - 128) * strength) for v in _LEVELS]
    )
    return ImageChops.overlay(image, Image.merge("RGB", [fine] * 3))


def style_transfer(given: Arguments) -> Made:
    """The first picture as the second would have it."""
    start, model = given.picture("init_image"), given.picture("style_image")
    size = sizes.with_pixels(start.size, 1024 * 1024)
    image = start.rgb.resize(size, Image.Resampling.LANCZOS)
    worn = _textured(
        matched(image, model.rgb.resize((256, 256))),
        model,
        0.9 * (1.25 - given.number("composition_fidelity", 0.9)),
    )
    if given.prompt:
        worn = Image.blend(worn, effects.mapped(image, _ramp(scene(given, (256, 256)).image)), 0.18)
    amount = given.number("style_strength", 1) * given.number("change_strength", 0.9)
    return given.finished(Image.blend(image, worn, amount))
