"""Edits: a region is pointed at or searched for, filled anew, and nothing else changes."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops, ImageFilter, ImageOps

from connector.sandbox.studio import effects, masks
from connector.sandbox.studio.arguments import Arguments, Made
from connector.sandbox.studio.colour import from_hsv, to_hsv
from connector.sandbox.studio.files import Picture, decode, outline
from connector.sandbox.studio.generation import scene
from connector.sandbox.studio.painting import add
from connector.sandbox.studio.prompt import first_colour, read, tokens


def erase(given: Arguments) -> Made:
    picture = given.picture()
    mask = _told(given, picture, "mask", given.number("grow_mask", 5))
    filled = _changed(picture, mask, masks.filled(picture.rgb, mask))
    return given.finished(Picture(filled, _kept(picture, mask)))


def inpaint(given: Arguments) -> Made:
    picture = given.picture()
    return _painted(given, picture, _told(given, picture, "mask", given.number("grow_mask", 5)))


def v1_masking(given: Arguments) -> Made:
    """The older generation: the mask's own meaning is a field."""
    picture = given.picture("init_image")
    source = given.text("mask_source")
    mask = _told(given, picture, "" if source == "INIT_IMAGE_ALPHA" else "mask_image", 0)
    return _painted(given, picture, ImageOps.invert(mask) if source == "MASK_IMAGE_BLACK" else mask)


def v2alpha_inpaint(given: Arguments) -> Made:
    return search_and_replace(given) if given.text("mode") == "search" else inpaint(given)


def search_and_replace(given: Arguments) -> Made:
    """In the box around what is found, or in the middle; between its outline and the box the ground stays."""
    picture, grow = given.picture(), round(given.number("grow_mask", 3))
    found, (wide, high) = _found(picture, given.text("search_prompt")), picture.size
    box = found.getbbox() or (wide // 4, high // 4, wide * 3 // 4, high * 3 // 4)
    mask = masks.grown(masks.box_mask(picture.size, box), grow)
    gone = ImageChops.darker(masks.grown(masks.hard(found), grow + 4), mask)
    return _painted(given, picture, mask, gone)


def search_and_recolor(given: Arguments) -> Made:
    picture = given.picture()
    mask = _found(picture, given.text("select_prompt"))
    wide = ImageChops.lighter(mask, masks.grown(masks.hard(mask), round(given.number("grow_mask", 3)) // 3))
    # The colour that the prompt names, or one that it stands for.
    tone = first_colour(given.prompt) or from_hsv(given.dice("recolor").random(), 0.6, 0.8)
    result = picture.rgb
    result.paste(given.styled(effects.recoloured(result, tone)), (0, 0), wide)
    shown = _changed(picture, Image.new("L", picture.size), result)
    return given.finished(Picture(shown, picture.things))


def remove_background(given: Arguments) -> Made:
    picture = given.picture()
    subject = picture.rgb
    subject.putalpha(picture.subject)
    return given.finished(Picture(subject, picture.things), "")


def _told(given: Arguments, picture: Picture, name: str, grow: float) -> Image.Image:
    """The mask that came along, at the picture's size; without one, what is transparent in the picture."""
    if name in given.files:
        mask = decode(given.files[name], "mask").image.convert("RGBA")
        # A transparent part of a mask is not white, whatever colour it hides.
        flat = Image.alpha_composite(Image.new("RGBA", mask.size, "black"), mask)
        told = flat.convert("L").resize(picture.size, Image.Resampling.BILINEAR)
    else:
        told = ImageOps.invert(picture.alpha) if picture.alpha else Image.new("L", picture.size)
    return masks.grown(masks.hard(told), round(grow))


def _found(picture: Picture, words: str) -> Image.Image:
    """The thing that the words name, what has their colour, or the subject."""
    found = _named(picture, words) or _coloured(picture, words)
    return found if found.getbbox() else picture.subject


def _named(picture: Picture, words: str) -> Image.Image | None:
    wanted = [asked.motif.name for asked in read(words).things]
    return next((picture.mask(name) for name in wanted if name in picture.things), None)


def _coloured(picture: Picture, words: str) -> Image.Image:
    """Where the picture has about the hue that the words name, or for greys the brightness; else black."""
    tone = first_colour(words)
    if not tone:
        return Image.new("L", picture.size)
    hue, saturation, value = to_hsv(tone)
    hues, strengths, values = np.moveaxis(np.asarray(picture.rgb.convert("HSV"), np.float32), 2, 0)
    if saturation < 0.15:
        found = (strengths < 50) & (abs(values - 255 * value) < 45)
    else:
        near = abs((hues - 255 * hue + 128) % 255 - 128) < 16
        found = near & (strengths > 70) & (values > 45)
    return Image.fromarray(found.astype(np.uint8) * 255).filter(ImageFilter.MedianFilter(5))


def _kept(picture: Picture, mask: Image.Image) -> dict[str, Image.Image]:
    """The things of a picture that a mask leaves alone."""
    hit = [name for name in picture.things if ImageChops.darker(mask, picture.mask(name)).getbbox()]
    return {name: shape for name, shape in picture.things.items() if name not in hit}


def _changed(picture: Picture, mask: Image.Image, image: Image.Image) -> Image.Image:
    """The edited picture as transparent as it was, except that what has been painted can be seen."""
    if picture.alpha:
        image.putalpha(ImageChops.lighter(picture.alpha, mask))
    return image


def _painted(given: Arguments, picture: Picture, mask: Image.Image, gone: Image.Image | None = None) -> Made:
    """The prompt, inside the mask: where it names a thing, that thing on what fills the hole."""
    box = mask.getbbox()
    if not box:
        return given.finished(picture)
    asked, things = read(given.prompt, given.negative), _kept(picture, mask)
    size, image = (box[2] - box[0], box[3] - box[1]), picture.rgb
    if asked.things and masks.share(mask) < 0.75:
        image = masks.filled(image, gone or mask)
        ground, shape = image.crop(box), Image.new("L", picture.size)
        thing = add(ground, asked.things[0], given.seed, asked.hour)
        shape.paste(thing.getchannel("A"), box)
        things[asked.things[0].motif.name] = outline(shape)
        drawn = given.styled(Image.alpha_composite(ground.convert("RGBA"), thing).convert("RGB"))
    else:
        drawn = scene(given, (max(64, size[0]), max(64, size[1]))).image.crop((0, 0, *size))
    image.paste(drawn, box[:2], masks.feathered(mask.crop(box), 2.5))
    return given.finished(Picture(_changed(picture, mask, image), things))


def outpaint(given: Arguments) -> Made:
    """Mirror images around the picture, which blur farther out; with more creativity the prompt's scene."""
    picture = given.picture()
    left, right, up, down = (given.whole(name, 0) for name in ("left", "right", "up", "down"))
    size = (picture.size[0] + left + right, picture.size[1] + up + down)
    scenery, things = picture.rgb, {}
    for name, mask in ((name, picture.mask(name)) for name in picture.things):
        # Scenery may repeat, the things on it may not.
        scenery = masks.filled(scenery, masks.grown(masks.hard(mask), 4))
        things[name] = outline(ImageOps.expand(mask, (left, up, right, down)))
    wide = Image.fromarray(np.pad(np.asarray(scenery), ((up, down), (left, right), (0, 0)), "symmetric"))
    inner = masks.box_mask(size, (left, up, left + picture.size[0], up + picture.size[1]))
    near = inner.reduce(8).filter(ImageFilter.GaussianBlur(max(size) / 64)).resize(size)
    far = effects.curve(near, [(135 - v) * 1.9 for v in effects.LEVELS])
    wide = Image.composite(wide.filter(ImageFilter.GaussianBlur(max(size) / 150)), wide, far)
    if tokens(given.prompt):
        share = given.number("creativity", 0.5) * 0.9
        wide = Image.composite(
            scene(given, size).image, wide, far.point([round(v * share) for v in effects.LEVELS])
        )
    wide = given.styled(wide)
    wide.paste(picture.rgb, (left, up))
    return given.finished(Picture(wide, things))
