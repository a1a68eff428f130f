"""Upscales: the same picture at a larger size, and as much new detail as its creativity allows."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter

from connector.sandbox.studio import effects, sizes
from connector.sandbox.studio.arguments import Arguments, Made
from connector.sandbox.studio.sizes import Size

_SHARPEN = ImageFilter.Kernel((3, 3), (0, -1, 0, -1, 9, -1, 0, -1, 0))
_TILE = 512


def _upscaled(given: Arguments, size: Size, creativity: float = 0) -> Made:
    """Resampled, sharpened just so much that it does not look it, and detailed where that is asked for."""
    picture = given.picture().enlarged(size)
    image = picture.image.filter(_SHARPEN)
    detailed = given.styled(_detailed(image.convert("RGB"), given, creativity)) if creativity else image
    if creativity and picture.alpha:
        detailed.putalpha(picture.alpha)
    return given.finished(detailed, picture.note.things)


def _detailed(image: Image.Image, given: Arguments, creativity: float) -> Image.Image:
    """A fine tooth that prompt and seed decide, as strong as the creativity."""
    noise = Image.frombytes("L", (_TILE, _TILE), given.dice("detail").randbytes(_TILE * _TILE))
    tooth = effects.curve(
        noise.filter(ImageFilter.BoxBlur(1)), [128 + (v - 128) * creativity * 0.22 for v in range(256)]
    )
    sheet = effects.mirrored(tooth.convert("RGB"), image.size, (0, 0))
    return ImageChops.add(image, sheet, 1, -128)


def fast(given: Arguments) -> Made:
    return _upscaled(given, sizes.scaled(given.picture().size, 4))


def conservative(given: Arguments) -> Made:
    size = sizes.with_pixels(given.picture().size, 4 * 1024 * 1024)
    return _upscaled(given, size, given.number("creativity", 0.35))


def creative(given: Arguments) -> Made:
    return _upscaled(given, sizes.four_k(given.picture().size), given.number("creativity", 0.3))


def v1(given: Arguments) -> Made:
    """To the width or the height that is given, else to twice the size."""
    size = given.picture().size
    wide, high = given.whole("width", 0), given.whole("height", 0)
    return _upscaled(given, sizes.scaled(size, wide / size[0] if wide else high / size[1] if high else 2))
