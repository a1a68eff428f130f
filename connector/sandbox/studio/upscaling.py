"""Upscales: the same picture at a larger size, and as much new detail as its creativity allows."""

from __future__ import annotations

import random

from PIL import Image, ImageChops, ImageFilter

from connector.sandbox.studio import sizes
from connector.sandbox.studio.files import Picture, Thing
from connector.sandbox.studio.given import Given, Made
from connector.sandbox.studio.prompt import digest
from connector.sandbox.studio.sizes import Size

_SHARPEN = ImageFilter.Kernel((3, 3), (0, -1, 0, -1, 9, -1, 0, -1, 0))
_TILE = 512


def _enlarged(picture: Picture, size: Size) -> Image.Image:
    """Resampled, and sharpened just so much that it does not look it."""
    image = picture.image.resize(size, Image.Resampling.LANCZOS)
    return image.filter(_SHARPEN)


def _detailed(image: Image.Image, given: Given, creativity: float) -> Image.Image:
    """A fine tooth that prompt and seed decide, as strong as the creativity."""
    dice = random.Random(digest("detail", given.prompt, given.seed))
    noise = Image.frombytes("L", (_TILE, _TILE), dice.randbytes(_TILE * _TILE))
    tooth = noise.filter(ImageFilter.BoxBlur(1)).point(
        [round(128 + (v - 128) * creativity * 0.22) for v in range(256)]
    )
    sheet = Image.new("L", image.size)
    for y in range(0, image.height, _TILE):
        for x in range(0, image.width, _TILE):
            sheet.paste(tooth, (x, y))
    bands = [ImageChops.add(band, sheet, 1, -128) for band in image.convert("RGB").split()]
    return Image.merge(image.mode, [*bands, *image.split()[3:]])


def _things(picture: Picture, size: Size) -> dict[str, Thing]:
    """What is known to be on the picture is at the same place on a larger one."""
    x, y = size[0] / picture.size[0], size[1] / picture.size[1]
    return {name: thing.moved(0, 0, x, y) for name, thing in picture.note.things.items()}


def fast(given: Given) -> Made:
    picture = given.picture()
    size = sizes.fourfold(picture.size)
    return given.finished(_enlarged(picture, size), _things(picture, size))


def conservative(given: Given) -> Made:
    picture = given.picture()
    size = sizes.four_megapixels(picture.size)
    image = _detailed(_enlarged(picture, size), given, given.number("creativity", 0.35))
    return given.finished(image, _things(picture, size))


def creative(given: Given) -> Made:
    picture = given.picture()
    size = sizes.four_k(picture.size)
    image = _detailed(_enlarged(picture, size), given, given.number("creativity", 0.3))
    return given.finished(given.styled(image.convert("RGB")), _things(picture, size))


def v1(given: Given) -> Made:
    """To the width or the height that is given, else to twice the size."""
    picture = given.picture()
    wide, high = given.whole("width", 0), given.whole("height", 0)
    scale = wide / picture.size[0] if wide else high / picture.size[1] if high else 2
    size = sizes.scaled(picture.size, scale)
    return given.finished(_enlarged(picture, size), _things(picture, size))
