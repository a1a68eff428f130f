"""Edits: what a mask or a search points at changes, and nothing else does."""

from __future__ import annotations

import random
from collections.abc import Mapping

from PIL import Image, ImageChops, ImageFilter, ImageOps

from connector.sandbox.studio import cutout, files, heal, masks
from connector.sandbox.studio.colour import Colour, from_hsv, luminance, to_hsv
from connector.sandbox.studio.files import Picture, Thing
from connector.sandbox.studio.generating import scene
from connector.sandbox.studio.given import Given, Made
from connector.sandbox.studio.label import Box
from connector.sandbox.studio.painting import add, differs
from connector.sandbox.studio.prompt import Asked, digest, first_colour, read, tokens

_FEATHER = 2.5


def _kept(picture: Picture, mask: Image.Image) -> dict[str, Thing]:
    """The things of a picture that a mask leaves alone."""
    return {name: thing for name, thing in picture.note.things.items() if not _hits(mask, thing)}


def _hits(mask: Image.Image, thing: Thing) -> bool:
    return ImageChops.darker(mask, thing.mask(mask.size)).getbbox() is not None


def _with_alpha(image: Image.Image, picture: Picture, mask: Image.Image) -> Image.Image:
    """Transparency as it was, except that what has been painted can be seen."""
    alpha = picture.alpha
    if alpha:
        image.putalpha(ImageChops.lighter(alpha, mask))
    return image


def erase(given: Given) -> Made:
    picture = given.picture()
    mask = masks.given(picture, given.files.get("mask"), given.number("grow_mask", 5))
    gone = heal.filled(picture.rgb, mask)
    return given.finished(_with_alpha(gone, picture, mask), _kept(picture, mask))


def inpaint(given: Given) -> Made:
    picture = given.picture()
    mask = masks.given(picture, given.files.get("mask"), given.number("grow_mask", 5))
    return _painted(given, picture, mask)


def v1_masking(given: Given) -> Made:
    """The older generation: the mask's own meaning is a field."""
    picture, source = given.picture("init_image"), given.text("mask_source")
    mask = masks.given(picture, None if source == "INIT_IMAGE_ALPHA" else given.files["mask_image"], 0)
    return _painted(given, picture, ImageOps.invert(mask) if source == "MASK_IMAGE_BLACK" else mask)


def v2alpha_inpaint(given: Given) -> Made:
    return search_and_replace(given) if given.text("mode") == "search" else inpaint(given)


def _painted(given: Given, picture: Picture, mask: Image.Image, gone: Image.Image | None = None) -> Made:
    """The prompt, inside the mask: where it names a thing, that thing on the healed background."""
    box = mask.getbbox()
    if not box:
        return given.finished(picture.image, picture.note.things)
    asked = read(given.prompt, given.negative)
    things: dict[str, Thing] = {}
    if asked.things and masks.share(mask) < 0.75:
        healed = heal.filled(picture.rgb, gone or mask)
        image = _one_thing(given, healed, asked.things[0], box, mask)
        shape = differs(healed.crop(box), image.crop(box)).point([0] * 12 + [255] * 244)
        shape.thumbnail((files.SHAPE, files.SHAPE))
        things = {asked.things[0].motif.name: Thing(box, shape)}
    else:
        image = _scenery(given, picture.rgb, box, mask)
    return given.finished(_with_alpha(image, picture, mask), {**_kept(picture, mask), **things})


def _one_thing(given: Given, healed: Image.Image, asked: Asked, box: Box, mask: Image.Image) -> Image.Image:
    hour = read(given.prompt).hour
    drawn = given.styled(add(healed, asked, box, given.seed, hour))
    result = healed.copy()
    result.paste(drawn, box[:2], masks.feathered(mask.crop(box), _FEATHER))
    return result


def _scenery(given: Given, image: Image.Image, box: Box, mask: Image.Image) -> Image.Image:
    size = (max(64, box[2] - box[0]), max(64, box[3] - box[1]))
    painted = scene(given, size).image.crop((0, 0, box[2] - box[0], box[3] - box[1]))
    result = image.copy()
    result.paste(painted, box[:2], masks.feathered(mask.crop(box), _FEATHER))
    return result


def search_and_replace(given: Given) -> Made:
    picture = given.picture()
    words, grow = given.text("search_prompt"), round(given.number("grow_mask", 3))
    mask = masks.grown(_searched(picture, words), grow)
    known = _named(picture.note.things, words)
    # Where the outline is known, the background between it and its box can stay.
    gone = masks.grown(masks.hard(known.mask(picture.size)), grow + 4) if known else mask
    return _painted(given, picture, mask, ImageChops.darker(gone, mask))


def _searched(picture: Picture, words: str) -> Image.Image:
    """A box around what the words name: a thing known to be there, a colour, else what stands out."""
    known = _named(picture.note.things, words)
    box = known.box if known else _coloured(picture, words).getbbox() or cutout.subject(picture).getbbox()
    return heal.box_mask(picture.size, _sane(box, picture.size, words))


def _named(things: Mapping[str, Thing], words: str) -> Thing | None:
    wanted = [asked.motif.name for asked in read(words).things]
    return next((things[name] for name in wanted if name in things), None)


def _sane(box: Box | None, size: tuple[int, int], words: str) -> Box:
    """The box, or where the search found nothing or everything, a place that the words decide."""
    if box and 0 < (box[2] - box[0]) * (box[3] - box[1]) < 0.8 * size[0] * size[1]:
        return box
    dice = random.Random(digest("search", words))
    left, top = dice.uniform(0.1, 0.45), dice.uniform(0.15, 0.4)
    return (
        round(size[0] * left),
        round(size[1] * top),
        round(size[0] * (left + 0.4)),
        round(size[1] * (top + 0.45)),
    )


def _coloured(picture: Picture, words: str) -> Image.Image:
    """Where the picture has the colour that the words name; black where they name none."""
    tone = first_colour(words)
    return _near(picture.rgb, tone) if tone else Image.new("L", picture.size)


def _near(image: Image.Image, tone: Colour) -> Image.Image:
    """Pixels of about that hue; for greys, of about that brightness."""
    hue, saturation, _ = to_hsv(tone)
    hues, strengths, values = image.convert("HSV").split()
    if saturation < 0.15:
        bright = round(255 * luminance(tone))
        return ImageChops.darker(
            values.point([255 if abs(v - bright) < 45 else 0 for v in range(256)]),
            strengths.point([255 if v < 50 else 0 for v in range(256)]),
        )
    close = hues.point(
        [255 if min(abs(v - hue * 255), 255 - abs(v - hue * 255)) < 16 else 0 for v in range(256)]
    )
    vivid = ImageChops.darker(
        strengths.point([255 if v > 70 else 0 for v in range(256)]),
        values.point([255 if v > 45 else 0 for v in range(256)]),
    )
    return ImageChops.darker(close, vivid).filter(ImageFilter.MedianFilter(5))


def search_and_recolor(given: Given) -> Made:
    picture = given.picture()
    words = given.text("select_prompt")
    mask = _selected(picture, words)
    wide = ImageChops.lighter(mask, masks.grown(masks.hard(mask), round(given.number("grow_mask", 3)) // 3))
    result = picture.rgb
    result.paste(given.styled(_recoloured(result, _target(given))), (0, 0), wide)
    return given.finished(_with_alpha(result, picture, Image.new("L", picture.size)), picture.note.things)


def _selected(picture: Picture, words: str) -> Image.Image:
    """The shape of what the words select."""
    known = _named(picture.note.things, words)
    if known:
        return known.mask(picture.size)
    by_colour = _coloured(picture, words)
    return by_colour if by_colour.getbbox() else cutout.subject(picture)


def _target(given: Given) -> Colour:
    """The colour that the prompt names, or one that it stands for."""
    dice = random.Random(digest("recolor", given.prompt, given.seed))
    return first_colour(given.prompt) or from_hsv(dice.random(), 0.6, 0.8)


def _recoloured(image: Image.Image, tone: Colour) -> Image.Image:
    """The same light and shade in another colour."""
    hue, saturation, value = to_hsv(tone)
    _, strengths, values = image.convert("HSV").split()
    shade = [min(255, round(v * (0.42 + 0.68 * value))) for v in range(256)]
    strong = [round(255 * saturation * (0.55 + 0.45 * v / 255)) for v in range(256)]
    parts = (Image.new("L", image.size, round(hue * 255)), strengths.point(strong), values.point(shade))
    return Image.merge("HSV", parts).convert("RGB")


def remove_background(given: Given) -> Made:
    picture = given.picture()
    subject = picture.rgb
    subject.putalpha(cutout.subject(picture))
    return given.finished(subject, picture.note.things, prompt="")


def outpaint(given: Given) -> Made:
    picture = given.picture()
    left, right, up, down = (given.whole(name, 0) for name in ("left", "right", "up", "down"))
    size = (picture.size[0] + left + right, picture.size[1] + up + down)
    wide = given.styled(
        _continued(given, _mirrored(_emptied(picture), size, (left, up)), picture.size, (left, up))
    )
    wide.paste(picture.rgb, (left, up))
    things = {name: thing.moved(left, up) for name, thing in picture.note.things.items()}
    return given.finished(wide, things)


def _emptied(picture: Picture) -> Image.Image:
    """The picture without the things that are known to be on it: scenery may repeat, they may not."""
    image = picture.rgb
    for thing in picture.note.things.values():
        image = heal.filled(image, masks.grown(masks.hard(thing.mask(image.size)), 4))
    return image


def _mirrored(image: Image.Image, size: tuple[int, int], at: tuple[int, int]) -> Image.Image:
    """The plane around a picture, covered with its mirror images, so that every edge continues."""
    wide = Image.new("RGB", size)
    firsts = (-(-(at[0]) // image.width), -(-(at[1]) // image.height))
    lasts = (-(-(size[0] - at[0]) // image.width), -(-(size[1] - at[1]) // image.height))
    for column in range(-firsts[0], lasts[0]):
        for row in range(-firsts[1], lasts[1]):
            part = ImageOps.mirror(image) if column % 2 else image
            wide.paste(
                ImageOps.flip(part) if row % 2 else part,
                (at[0] + column * image.width, at[1] + row * image.height),
            )
    return wide


def _continued(given: Given, wide: Image.Image, size: tuple[int, int], at: tuple[int, int]) -> Image.Image:
    """Farther out the mirror image blurs, and with more creativity the prompt's scene takes over."""
    inner = heal.box_mask(wide.size, (at[0], at[1], at[0] + size[0], at[1] + size[1]))
    reach = max(8.0, max(wide.width - size[0], wide.height - size[1]) / 3)
    small = (max(1, wide.width // 8), max(1, wide.height // 8))
    far = (
        inner.resize(small)
        .filter(ImageFilter.GaussianBlur(reach / 8))
        .resize(wide.size, Image.Resampling.BICUBIC)
    )
    away = ImageOps.invert(far).point([max(0, min(255, round((v - 120) * 1.9))) for v in range(256)])
    blurred = (
        wide.reduce(4)
        .filter(ImageFilter.GaussianBlur(max(2.0, reach / 48)))
        .resize(wide.size, Image.Resampling.BICUBIC)
    )
    soft = Image.composite(blurred, wide, away)
    if not tokens(given.prompt):
        return soft
    creativity = given.number("creativity", 0.5)
    return Image.composite(
        scene(given, wide.size).image, soft, away.point([round(v * creativity * 0.9) for v in range(256)])
    )
