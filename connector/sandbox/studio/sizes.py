"""How large each picture comes out."""

from __future__ import annotations

import math

Size = tuple[int, int]

# About one megapixel, in the multiples of 64 that the vendor's models are trained on.
_ONE_MEGAPIXEL: dict[str, Size] = {
    "21:9": (1536, 640),
    "16:9": (1344, 768),
    "3:2": (1216, 832),
    "5:4": (1088, 896),
    "1:1": (1024, 1024),
}
# One and a half, as the vendor states for Core.
_MORE: dict[str, Size] = {
    "21:9": (1856, 768),
    "16:9": (1600, 896),
    "3:2": (1472, 1024),
    "5:4": (1344, 1088),
    "1:1": (1216, 1216),
}
_MAX_PIXELS = 9_437_184  # what the vendor accepts, and what "4K" is taken to mean at most
_LONGEST = 3840


def _tables(wide: dict[str, Size]) -> dict[str, Size]:
    tall = {":".join(reversed(ratio.split(":"))): (high, long) for ratio, (long, high) in wide.items()}
    return {**tall, **wide}


ULTRA, CORE = _tables(_ONE_MEGAPIXEL), _tables(_MORE)


def with_pixels(size: Size, pixels: float) -> Size:
    """The same shape with about so many pixels."""
    scale = math.sqrt(pixels / (size[0] * size[1]))
    return scaled(size, scale)


def scaled(size: Size, scale: float) -> Size:
    return (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))


def within(size: Size) -> Size:
    """The size itself, or where it is larger than the vendor's limit, the same shape inside it."""
    return size if size[0] * size[1] <= _MAX_PIXELS else with_pixels(size, _MAX_PIXELS - 4096)


def fourfold(size: Size) -> Size:
    return (size[0] * 4, size[1] * 4)


def four_megapixels(size: Size) -> Size:
    return with_pixels(size, 4 * 1024 * 1024)


def four_k(size: Size) -> Size:
    """3840 on the longest side, or less where that were more pixels than 4K has."""
    return within(scaled(size, _LONGEST / max(size)))
