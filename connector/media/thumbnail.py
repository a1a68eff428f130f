"""Thumbnails: a small picture of a picture, for a page's list or for a model to look at."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from connector.media import Media

T = TypeVar("T")

LARGEST_SIDE = 320
# What a model sees of a picture, in pixels and in bytes: more costs it words and tells it little.
GLIMPSE_SIDE, GLIMPSE_BYTES = 512, 256 * 1024
# A picture that says it has more pixels than this is not opened: it would fill the memory.
_MOST_PIXELS = 80_000_000


def of(media: Media) -> bytes | None:
    """A small picture of a picture; None for anything else, and where Pillow is not installed."""
    return _made(media, LARGEST_SIDE, _webp)


def glimpse(media: Media) -> tuple[bytes, str] | None:
    """A picture of at most 512 pixels and 256 KiB, with its type: JPEG, or PNG where one sees through it.

    None as for ``of``.
    """
    return _made(media, GLIMPSE_SIDE, _plain)


def _made(media: Media, side: int, write: Callable[[Any], T | None]) -> T | None:
    is_picture = media.type.startswith("image/") and media.width and media.height
    if not is_picture or (media.width or 0) * (media.height or 0) > _MOST_PIXELS:
        return None
    try:
        from PIL import Image, ImageOps
    except ImportError:
        return None
    try:
        with media.open() as source, Image.open(source) as picture:
            picture.draft("RGB", (2 * side, 2 * side))
            picture.thumbnail((side, side))
            return write(ImageOps.exif_transpose(picture))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None  # what Pillow raises for damaged pictures


def _webp(picture: Any) -> bytes:
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    target = io.BytesIO()
    picture.convert(mode).save(target, "WEBP", quality=80)
    return target.getvalue()


def _plain(picture: Any) -> tuple[bytes, str] | None:
    return next((made for made in _written(picture) if len(made[0]) <= GLIMPSE_BYTES), None)


def _written(picture: Any) -> Iterator[tuple[bytes, str]]:
    """The picture in its best form first, then in smaller ones."""
    if picture.has_transparency_data:
        yield _saved(picture.convert("RGBA"), "PNG", optimize=True), "image/png"
    opaque = picture.convert("RGB")
    for quality in (85, 60, 30):
        yield _saved(opaque, "JPEG", quality=quality), "image/jpeg"


def _saved(picture: Any, form: str, **options: Any) -> bytes:
    target = io.BytesIO()
    picture.save(target, form, **options)
    return target.getvalue()
