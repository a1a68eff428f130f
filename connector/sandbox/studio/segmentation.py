"""Find the subject of a picture: what differs from the background that its edges show."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps, ImageStat

from connector.sandbox.studio import infill, masks
from connector.sandbox.studio.files import Picture
from connector.sandbox.studio.painting import differs

_WORK = 320  # the background is guessed at this size


def subject(picture: Picture) -> Image.Image:
    """White where the subject is, with a soft edge. What is transparent already stays so."""
    if picture.alpha and picture.alpha.getextrema()[0] == 0:
        return picture.alpha
    known = max(picture.things.values(), key=lambda thing: thing.space, default=None)
    return known.mask(picture.size) if known else _from_edges(picture.rgb)


def _from_edges(image: Image.Image) -> Image.Image:
    """Everything inside a frame along the border that the frame, averaged inwards, does not explain."""
    small = image.copy()
    small.thumbnail((_WORK, _WORK), Image.Resampling.BOX)
    frame = max(4, min(small.size) // 24)
    inside = infill.box_mask(small.size, (frame, frame, small.width - frame, small.height - frame))
    behind = infill.filled(small, inside).resize(image.size, Image.Resampling.BICUBIC)
    distance, within = differs(image, behind), masks.hard(inside.resize(image.size))
    # Few pixels are the subject's, so it is well above the mean.
    limit = min(60, max(14, round(2 * ImageStat.Stat(distance, within).mean[0])))
    found = ImageChops.darker(distance.point([0] * (limit + 1) + [255] * (255 - limit)), within)
    return _solid(found)


def _solid(mask: Image.Image) -> Image.Image:
    """Specks gone, holes filled, the edge soft."""
    reach = max(2, min(mask.size) // 130)
    wide = ImageChops.invert(masks.grown(mask.filter(ImageFilter.MedianFilter(3)), reach))
    outside = masks.grown(wide, reach)
    # What the border cannot be reached from is inside; that is found at a small size.
    plan = ImageOps.expand(masks.hard(ImageOps.contain(outside, (160, 160))), 1, 255)
    ImageDraw.floodfill(plan, (0, 0), 128)
    reached = ImageOps.crop(plan.point([255 if v == 128 else 0 for v in range(256)]), 1)
    near = masks.grown(reached.resize(mask.size), max(2, max(mask.size) // 80))
    return ImageChops.invert(ImageChops.darker(outside, near)).filter(ImageFilter.GaussianBlur(0.8))
