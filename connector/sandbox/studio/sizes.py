"""How large each picture comes out."""

from __future__ import annotations

import math

Size = tuple[int, int]

_MAX_PIXELS = 9_437_184  # what the vendor accepts, and what "4K" is taken to mean at most
_LONGEST = 3840
_DRAWN = 2_200_000  # pixels that are drawn quickly; a larger picture is enlarged without loss to the eye


def _shapes(*wide: Size) -> dict[str, Size]:
    """The sizes of each aspect ratio, told for the wide ones."""
    table = dict(zip(("21:9", "16:9", "3:2", "5:4", "1:1"), wide, strict=True))
    return {":".join(reversed(ratio.split(":"))): size[::-1] for ratio, size in table.items()} | table


# About one megapixel, in the multiples of 64 that the vendor's models are trained on.
ULTRA = _shapes((1536, 640), (1344, 768), (1216, 832), (1088, 896), (1024, 1024))
# One and a half, as the vendor states for Core.
CORE = _shapes((1856, 768), (1600, 896), (1472, 1024), (1344, 1088), (1216, 1216))


def scaled(size: Size, scale: float) -> Size:
    return (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))


def with_pixels(size: Size, pixels: float) -> Size:
    """The same shape with about so many pixels."""
    return scaled(size, math.sqrt(pixels / (size[0] * size[1])))


def within(size: Size, pixels: int = _MAX_PIXELS) -> Size:
    """The size itself, or the same shape with no more pixels, by default than the vendor takes."""
    return size if size[0] * size[1] <= pixels else with_pixels(size, pixels - 4096)


def four_k(size: Size) -> Size:
    """3840 on the longest side, or less where that were more pixels than 4K has."""
    return within(scaled(size, _LONGEST / max(size)))


def drawn(size: Size) -> Size:
    """The size itself, or that at which a larger picture is drawn."""
    return within(size, _DRAWN)
