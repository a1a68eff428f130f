"""Upscales: the same picture at a larger size, and as much new detail as its creativity allows."""

from __future__ import annotations

from collections.abc import Callable

from PIL import ImageFilter

from connector.sandbox.studio import effects, sizes
from connector.sandbox.studio.arguments import Arguments, Made
from connector.sandbox.studio.files import Picture
from connector.sandbox.studio.sizes import Size

_SHARPEN = ImageFilter.Kernel((3, 3), (0, -1, 0, -1, 9, -1, 0, -1, 0))


def _upscaled(given: Arguments, larger: Callable[[Size], Size], creativity: float = 0) -> Made:
    """Resampled, sharpened just so much that it does not look it, and given a fine tooth if asked."""
    picture = given.picture()
    large = picture.enlarged(larger(picture.size))
    image = large.image.filter(_SHARPEN)
    if creativity:
        image = given.styled(effects.grain(image.convert("RGB"), creativity * 0.22, given.seed))
        if large.alpha:
            image.putalpha(large.alpha)
    return given.finished(Picture(image, large.things))


def fast(given: Arguments) -> Made:
    return _upscaled(given, lambda size: sizes.scaled(size, 4))


def conservative(given: Arguments) -> Made:
    pixels, creativity = 4 * 1024 * 1024, given.number("creativity", 0.35)
    return _upscaled(given, lambda size: sizes.with_pixels(size, pixels), creativity)


def creative(given: Arguments) -> Made:
    return _upscaled(given, sizes.four_k, given.number("creativity", 0.3))


def v1(given: Arguments) -> Made:
    """To the width or the height that is given, else to twice the size."""
    wide, high = given.whole("width", 0), given.whole("height", 0)
    return _upscaled(given, lambda size: sizes.scaled(size, wide / size[0] or high / size[1] or 2))
