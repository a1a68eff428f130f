"""Fill a hole in a picture from what surrounds it, so that nobody sees there was something.

Each row goes from what is left of the hole to what is right of it, as it would along a horizon.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

Box = tuple[int, int, int, int]


def box_mask(size: tuple[int, int], box: Box) -> Image.Image:
    mask = Image.new("L", size)
    mask.paste(255, box)
    return mask


def filled(image: Image.Image, hole: Image.Image) -> Image.Image:
    """The picture with the white of the mask filled; not one pixel elsewhere is touched."""
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
