"""Regions of a picture, as masks that are white there: grown, found, and filled from what is around."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageChops, ImageFilter, ImageOps, ImageStat

Box = tuple[int, int, int, int]
_WORK = 320  # the background is guessed at this size


def box_mask(size: tuple[int, int], box: Box) -> Image.Image:
    mask = Image.new("L", size)
    mask.paste(255, box)
    return mask


def hard(mask: Image.Image) -> Image.Image:
    """Nothing but black and white."""
    return mask.convert("L").point([0] * 128 + [255] * 128)


def grown(mask: Image.Image, reach: int) -> Image.Image:
    """Wider by so many pixels on every side: whatever a blur of that reach leaves a trace of."""
    for axes in ((reach, 0), (0, reach)):
        mask = mask.filter(ImageFilter.BoxBlur(axes)).point([0] + [255] * 255)
    return mask


def feathered(mask: Image.Image, reach: float) -> Image.Image:
    """A soft edge that lies wholly inside the mask, so that nothing outside is touched."""
    soft = mask.filter(ImageFilter.GaussianBlur(reach))
    return ImageChops.darker(mask, soft.point([max(0, (v - 128) * 2) for v in range(256)]))


def share(mask: Image.Image) -> float:
    """How much of the picture is white."""
    return mask.histogram()[255] / (mask.width * mask.height)


def filled(image: Image.Image, hole: Image.Image) -> Image.Image:
    """The picture with the white of the mask filled; not one pixel elsewhere is touched.

    Each row goes from what is left of the hole to what is right of it, as it would along a horizon.
    """
    _, top, _, low = hole.getbbox() or (0, 0, 0, 0)
    pixels, gap = np.array(image, np.float32), np.asarray(hole) > 0
    # The median of the nearest pixels, as the very last ones still have the colour of what was cut out.
    calm = np.asarray(image.filter(ImageFilter.MedianFilter(3)), np.float32)
    for row in range(top, low):
        known, unknown = np.flatnonzero(~gap[row]), np.flatnonzero(gap[row])
        if not known.size:
            pixels[row] = pixels[row - 1] if row else calm[row].mean(0)
            continue
        for band in range(pixels.shape[2]):
            pixels[row, unknown, band] = np.interp(unknown, known, calm[row, known, band])
    guess = Image.fromarray(pixels.astype(np.uint8)).filter(ImageFilter.BoxBlur((0, 1)))
    result = image.copy()
    result.paste(guess, (0, 0), hole)
    return result


def unlike_frame(image: Image.Image) -> Image.Image:
    """Everything inside a frame along the border that the frame, continued inwards, does not explain."""
    small = ImageOps.contain(image, (_WORK, _WORK), Image.Resampling.BOX)
    frame = max(4, min(small.size) // 24)
    inside = box_mask(small.size, (frame, frame, small.width - frame, small.height - frame))
    behind = filled(small, inside).resize(image.size, Image.Resampling.BICUBIC)
    distance = Image.fromarray(np.asarray(ImageChops.difference(image, behind)).max(2))
    within = hard(inside.resize(image.size))
    # Few pixels are the subject's, so it is well above the mean.
    limit = min(60, max(14, round(2 * ImageStat.Stat(distance, within).mean[0])))
    found = ImageChops.darker(distance.point([0] * (limit + 1) + [255] * (255 - limit)), within)
    # Specks gone, small holes closed, the edge soft.
    reach = max(2, min(image.size) // 100)
    wide = grown(found.filter(ImageFilter.MedianFilter(3)), reach)
    return ImageOps.invert(grown(ImageOps.invert(wide), reach)).filter(ImageFilter.GaussianBlur(0.8))
