"""Upscales: the same picture at a larger size, and as much new detail as its creativity allows."""

from __future__ import annotations

from PIL import ImageFilter

from connector.sandbox.studio import effects, sizes
from connector.sandbox.studio.arguments import Arguments, Made
from connector.sandbox.studio.files import Picture
from connector.sandbox.studio.sizes import Size

_SHARPEN = ImageFilter.Kernel((3, 3), (0, -1, 0, -1, 9, -1, 0, -1, 0))


def _upscaled(given: Arguments, picture: Picture, size: Size, creativity: float = 0) -> Made:
    """Resampled, sharpened just so much that it does not look it, and given a fine tooth if asked."""
    large = picture.enlarged(size)
    image = large.image.filter(_SHARPEN)
    if creativity:
        image = given.styled(effects.grain(image.convert("RGB"), given.dice("detail"), creativity * 0.22))
        if large.alpha:
            image.putalpha(large.alpha)
    return given.finished(Picture(image, large.things))


def fast(given: Arguments) -> Made:
    picture = given.picture()
    return _upscaled(given, picture, sizes.scaled(picture.size, 4))


def conservative(given: Arguments) -> Made:
    picture = given.picture()
    size = sizes.with_pixels(picture.size, 4 * 1024 * 1024)
    return _upscaled(given, picture, size, given.number("creativity", 0.35))


def creative(given: Arguments) -> Made:
    picture = given.picture()
    return _upscaled(given, picture, sizes.four_k(picture.size), given.number("creativity", 0.3))


def v1(given: Arguments) -> Made:
    """To the width or the height that is given, else to twice the size."""
    picture = given.picture()
    wide, high = given.whole("width", 0) / picture.size[0], given.whole("height", 0) / picture.size[1]
    return _upscaled(given, picture, sizes.scaled(picture.size, wide or high or 2))
