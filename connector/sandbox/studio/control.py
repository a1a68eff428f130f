"""Control: a picture says where or how, and the prompt says what: sketch, structure, style, background."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps, ImageStat

from connector.sandbox.studio import effects, sizes
from connector.sandbox.studio.arguments import Arguments, Made
from connector.sandbox.studio.colour import Colour, lighter, palette
from connector.sandbox.studio.files import Picture
from connector.sandbox.studio.generation import scene
from connector.sandbox.studio.prompt import read

_PLAN = 300  # regions of a sketch are found at this size
_OUTSIDE, _INK = 254, 255  # what is no region on a plan
# How a gradient that is dark above and bright below is turned to have its bright side there.
_TURNS = {"below": 0, "right": 90, "above": 180, "left": 270}


def sketch(given: Arguments) -> Made:
    """A drawing, coloured in: each closed region one tone, the ground the prompt's scene."""
    picture, strength = given.picture(), given.number("control_strength", 0.7)
    ground, reading = scene(given, picture.size, empty=True).image, read(given.prompt)
    lines = _lines(picture.rgb)
    # The colours that the prompt names, those of its things first, and some that go with them.
    named = [*(asked.colour for asked in reading.things if asked.colour), *reading.tints]
    filled = _coloured_in(lines, ground, [*named, *palette(given.dice("control"), named)])
    drawn = given.styled(Image.blend(ground, filled, min(1.0, 0.45 + strength * 0.75)))
    ink = effects.curve(lines, [v * min(1.0, 0.2 + strength) for v in effects.LEVELS])
    drawn.paste((32, 28, 42), (0, 0), ink)
    return given.finished(Picture(drawn))


def _lines(image: Image.Image) -> Image.Image:
    """White where the sketch has ink: dark on light, light on dark, or else the outlines of a painting."""
    sheet = ImageOps.autocontrast(image.convert("L"))
    sheet = ImageOps.invert(sheet) if ImageStat.Stat(sheet).median[0] > 127 else sheet
    if ImageStat.Stat(sheet).mean[0] > 80:
        return effects.lines(image, 12)
    return effects.curve(sheet, [v * 2 if v >= 50 else 0 for v in effects.LEVELS])


def _coloured_in(lines: Image.Image, ground: Image.Image, colours: Sequence[Colour]) -> Image.Image:
    """Each region that lines close off in a colour of its own; what touches the border stays the ground."""
    small = ImageOps.contain(lines, (_PLAN, _PLAN), Image.Resampling.BOX)
    plan = ImageOps.expand(small.point([_INK if v > 40 else 0 for v in effects.LEVELS]), 1, 0)
    ImageDraw.floodfill(plan, (0, 0), _OUTSIDE)
    for number in range(1, _OUTSIDE):  # a number for every region
        if (at := plan.tobytes().find(0)) >= 0:
            ImageDraw.floodfill(plan, (at % plan.width, at // plan.width), number)
    plan = ImageOps.crop(plan, 1)
    tones = [colours[v % len(colours)] for v in range(_OUTSIDE)] + [(0, 0, 0)] * 2
    flat = effects.curve(effects.grey(plan), *zip(*tones, strict=True))
    inside = plan.point([255] * _OUTSIDE + [0, 0])
    # Regions grow under the lines that bound them, so that no gap shows.
    flat = Image.composite(flat, flat.filter(ImageFilter.MaxFilter(5)), inside).resize(lines.size)
    return Image.composite(flat, ground, inside.filter(ImageFilter.MaxFilter(5)).resize(lines.size))


def structure(given: Arguments) -> Made:
    """The light and shade of the picture, in the colours of the prompt's scene."""
    picture = given.picture()
    painted, strength = scene(given, picture.size).image, given.number("control_strength", 0.7)
    mixed = Image.blend(painted, effects.mapped(picture.rgb, _ramp(painted)), strength)
    ink = effects.curve(effects.lines(picture.rgb, 14), [v * 0.3 * strength for v in effects.LEVELS])
    return given.finished(Picture(ImageChops.subtract(mixed, effects.grey(ink))))


def _ramp(image: Image.Image) -> list[Colour]:
    """The picture's own main colours, from dark to light."""
    parts = image.reduce(8).quantize(7, dither=Image.Dither.NONE).convert("RGB").tobytes()
    found = sorted(set(zip(parts[::3], parts[1::3], parts[2::3], strict=True)), key=sum)
    return [lighter(found[0], -0.45), *found, lighter(found[-1], 0.4)]


def matched(image: Image.Image, model: Image.Image) -> Image.Image:
    """The picture with the colours of another: each channel's distribution becomes the model's."""
    have, want = image.convert("YCbCr"), model.resize((256, 256)).convert("YCbCr")
    shares = (np.cumsum(np.reshape(each.histogram(), (3, 256)), axis=1) for each in (have, want))
    pairs = zip(*(sums / sums[:, -1:] for sums in shares), strict=True)
    # For each value, the one that as large a share of the model lies below.
    return effects.curve(have, *(np.searchsorted(goal, below - 1e-9) for below, goal in pairs)).convert("RGB")


def style(given: Arguments) -> Made:
    """A scene of the prompt's in the colours of the picture."""
    painting = scene(given, sizes.ULTRA[given.text("aspect_ratio", "1:1")])
    worn = matched(painting.image, given.picture().rgb)
    mixed = Image.blend(painting.image, worn, 0.3 + 0.7 * given.number("fidelity", 0.5))
    return given.finished(Picture(mixed, painting.things))


def style_transfer(given: Arguments) -> Made:
    """The first picture as the second would have it, and the more of its shapes the less of the first's."""
    start, model = given.picture("init_image"), given.picture("style_image").rgb
    image = start.enlarged(sizes.with_pixels(start.size, 1024 * 1024)).rgb
    shapes = ImageOps.fit(model, image.size).filter(ImageFilter.GaussianBlur(max(image.size) / 60))
    loose = 0.5 * (1 - given.number("composition_fidelity", 0.9))
    worn = Image.blend(matched(image, model), shapes, loose)
    if given.prompt:
        worn = Image.blend(worn, effects.mapped(image, _ramp(scene(given, (256, 256)).image)), 0.18)
    amount = given.number("style_strength", 1) * given.number("change_strength", 0.9)
    return given.finished(Picture(Image.blend(image, worn, amount)))


def replace_background(given: Arguments) -> Made:
    """Another background, and the subject lit as if it stood in front of it."""
    subject = given.picture("subject_image")
    behind = _behind(given, subject)
    # The less of the original is to be kept, the more of the background's colours the subject takes on.
    change = 0.5 * (1 - given.number("preserve_original_subject", 0.6))
    front = Image.blend(subject.rgb, matched(subject.rgb, behind), change)
    for tint in read(given.text("foreground_prompt")).tints[:1]:
        front = Image.blend(front, effects.mapped(front, [(20, 16, 30), tint, (255, 250, 240)]), 0.4)
    whole = _lit(given, behind, behind)
    whole.paste(_lit(given, front, behind), (0, 0), subject.subject)
    return given.finished(Picture(whole, subject.things), given.text("background_prompt"))


def _behind(given: Arguments, subject: Picture) -> Image.Image:
    """The background: kept, taken from a reference, or painted; a far one is out of focus."""
    if given.text("keep_original_background", "false") == "true":
        return subject.rgb
    if "background_reference" in given.files:
        found = ImageOps.fit(given.picture("background_reference").rgb, subject.size)
    else:
        # A background keeps its things only if nothing else would be left of the prompt.
        prompt = given.text("background_prompt")
        found = scene(given, subject.size, prompt, empty=bool(read(prompt).place)).image
    depth = given.number("original_background_depth", 0.5)
    return found.filter(ImageFilter.GaussianBlur(max(found.size) / 300 * depth))


def _lit(given: Arguments, image: Image.Image, behind: Image.Image) -> Image.Image:
    """Light from one side, in the colour of the reference or of the background; the other side is darker."""
    side = given.text("light_source_direction")
    if not side and "light_reference" not in given.files:
        return image
    source = given.picture("light_reference").rgb if "light_reference" in given.files else behind
    red, green, blue = source.resize((1, 1), Image.Resampling.BOX).tobytes()
    ramp = Image.linear_gradient("L").rotate(_TURNS[side or "above"]).resize(image.size)
    tones = lighter((red, green, blue), 0.5), (24, 24, 36)
    bright, dim = (Image.new("RGB", image.size, tone) for tone in tones)
    shaded = ImageChops.overlay(image, Image.composite(bright, dim, ramp))
    return Image.blend(image, shaded, given.number("light_source_strength", 0.3))
