"""Edits: what a mask or a search points at changes, and nothing else does."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops, ImageFilter, ImageOps

from connector.sandbox.studio import effects, infill, masks
from connector.sandbox.studio.arguments import Arguments, Made
from connector.sandbox.studio.colour import from_hsv, luminance, to_hsv
from connector.sandbox.studio.files import Picture, outline
from connector.sandbox.studio.generation import scene
from connector.sandbox.studio.painting import add
from connector.sandbox.studio.prompt import first_colour, read, tokens

_FEATHER = 2.5
_LEVELS = range(256)


def _kept(picture: Picture, mask: Image.Image) -> dict[str, Image.Image]:
    """The things of a picture that a mask leaves alone."""
    shared = {name: ImageChops.darker(mask, picture.mask(name)) for name in picture.things}
    return {name: shape for name, shape in picture.things.items() if not shared[name].getbbox()}


def _transparent(image: Image.Image, picture: Picture, mask: Image.Image) -> Image.Image:
    """Transparency as it was, except that what has been painted can be seen."""
    if picture.alpha:
        image.putalpha(ImageChops.lighter(picture.alpha, mask))
    return image


def _masked(given: Arguments) -> tuple[Picture, Image.Image]:
    picture = given.picture()
    return picture, masks.given(picture, given.files.get("mask"), given.number("grow_mask", 5))


def erase(given: Arguments) -> Made:
    picture, mask = _masked(given)
    filled = _transparent(infill.filled(picture.rgb, mask), picture, mask)
    return given.finished(Picture(filled, _kept(picture, mask)))


def inpaint(given: Arguments) -> Made:
    return _painted(given, *_masked(given))


def v1_masking(given: Arguments) -> Made:
    """The older generation: the mask's own meaning is a field."""
    picture, source = given.picture("init_image"), given.text("mask_source")
    mask = masks.given(picture, None if source == "INIT_IMAGE_ALPHA" else given.files["mask_image"], 0)
    return _painted(given, picture, ImageOps.invert(mask) if source == "MASK_IMAGE_BLACK" else mask)


def v2alpha_inpaint(given: Arguments) -> Made:
    return search_and_replace(given) if given.text("mode") == "search" else inpaint(given)


def _painted(given: Arguments, picture: Picture, mask: Image.Image, gone: Image.Image | None = None) -> Made:
    """The prompt, inside the mask: where it names a thing, that thing on what fills the hole."""
    box = mask.getbbox()
    if not box:
        return given.finished(picture)
    asked, things = read(given.prompt, given.negative), _kept(picture, mask)
    size = (box[2] - box[0], box[3] - box[1])
    image = picture.rgb
    if asked.things and masks.share(mask) < 0.75:
        image = infill.filled(image, gone or mask)
        ground, shape = image.crop(box), Image.new("L", picture.size)
        thing = add(ground, asked.things[0], given.seed, asked.hour)
        shape.paste(thing.getchannel("A"), box)
        things[asked.things[0].motif.name] = outline(shape)
        drawn = given.styled(Image.alpha_composite(ground.convert("RGBA"), thing).convert("RGB"))
    else:
        drawn = scene(given, (max(64, size[0]), max(64, size[1]))).image.crop((0, 0, *size))
    image.paste(drawn, box[:2], masks.feathered(mask.crop(box), _FEATHER))
    return given.finished(Picture(_transparent(image, picture, mask), things))


def search_and_replace(given: Arguments) -> Made:
    picture = given.picture()
    words, grow = given.text("search_prompt"), round(given.number("grow_mask", 3))
    known = _named(picture, words)
    box = (known or _coloured(picture, words)).getbbox() or masks.subject(picture).getbbox()
    wide, high = picture.size
    if (
        not box or (box[2] - box[0]) * (box[3] - box[1]) > 0.8 * wide * high
    ):  # nothing is found, or everything
        box = (wide // 4, high // 4, wide * 3 // 4, high * 3 // 4)
    mask = masks.grown(infill.box_mask(picture.size, box), grow)
    # Where the outline is known, the background between it and its box can stay.
    gone = masks.grown(masks.hard(known), grow + 4) if known else mask
    return _painted(given, picture, mask, ImageChops.darker(gone, mask))


def _named(picture: Picture, words: str) -> Image.Image | None:
    wanted = [asked.motif.name for asked in read(words).things]
    return next((picture.mask(name) for name in wanted if name in picture.things), None)


def _coloured(picture: Picture, words: str) -> Image.Image:
    """Where the picture has about the hue that the words name, or for greys the brightness; else black."""
    tone = first_colour(words)
    if not tone:
        return Image.new("L", picture.size)
    hue, saturation, _ = to_hsv(tone)
    hues, strengths, values = np.moveaxis(np.asarray(picture.rgb.convert("HSV"), np.float32), 2, 0)
    if saturation < 0.15:
        found = (strengths < 50) & (abs(values - 255 * luminance(tone)) < 45)
    else:
        near = abs((hues - 255 * hue + 128) % 255 - 128) < 16
        found = near & (strengths > 70) & (values > 45)
    return Image.fromarray(found.astype(np.uint8) * 255).filter(ImageFilter.MedianFilter(5))


def search_and_recolor(given: Arguments) -> Made:
    picture, words = given.picture(), given.text("select_prompt")
    mask = _named(picture, words) or _coloured(picture, words)
    mask = mask if mask.getbbox() else masks.subject(picture)
    wide = ImageChops.lighter(mask, masks.grown(masks.hard(mask), round(given.number("grow_mask", 3)) // 3))
    # The colour that the prompt names, or one that it stands for.
    tone = first_colour(given.prompt) or from_hsv(given.dice("recolor").random(), 0.6, 0.8)
    result = picture.rgb
    result.paste(given.styled(effects.recoloured(result, tone)), (0, 0), wide)
    shown = _transparent(result, picture, Image.new("L", picture.size))
    return given.finished(Picture(shown, picture.things))


def remove_background(given: Arguments) -> Made:
    picture = given.picture()
    subject = picture.rgb
    subject.putalpha(masks.subject(picture))
    return given.finished(Picture(subject, picture.things), "")


def outpaint(given: Arguments) -> Made:
    picture = given.picture()
    left, right, up, down = (given.whole(name, 0) for name in ("left", "right", "up", "down"))
    size = (picture.size[0] + left + right, picture.size[1] + up + down)
    scenery, things = picture.rgb, {}
    for name, mask in ((name, picture.mask(name)) for name in picture.things):
        # Scenery may repeat, the things on it may not.
        scenery = infill.filled(scenery, masks.grown(masks.hard(mask), 4))
        things[name] = outline(ImageOps.expand(mask, (left, up, right, down)))
    inner = infill.box_mask(size, (left, up, left + picture.size[0], up + picture.size[1]))
    wide = given.styled(_continued(given, effects.mirrored(scenery, size, (left, up)), inner))
    wide.paste(picture.rgb, (left, up))
    return given.finished(Picture(wide, things))


def _continued(given: Arguments, wide: Image.Image, inner: Image.Image) -> Image.Image:
    """Farther out the mirror image blurs, and with more creativity the prompt's scene takes over."""
    near = inner.reduce(8).filter(ImageFilter.GaussianBlur(max(wide.size) / 64))
    far = effects.curve(near.resize(wide.size), [(135 - v) * 1.9 for v in _LEVELS])
    soft = Image.composite(wide.filter(ImageFilter.GaussianBlur(max(wide.size) / 150)), wide, far)
    if not tokens(given.prompt):
        return soft
    share = given.number("creativity", 0.5) * 0.9
    return Image.composite(
        scene(given, wide.size).image, soft, far.point([round(v * share) for v in _LEVELS])
    )
