"""A small picture of a picture."""

from __future__ import annotations

import io
from typing import Any

from connector.media import Media

LARGEST_SIDE = 320
# A picture that says it has more pixels than this is not opened: it would fill the memory.
_MOST_PIXELS = 80_000_000


def of(media: Media) -> bytes | None:
    """A small picture of a picture; None for anything else, and where Pillow is not installed."""
    is_picture = media.type.startswith("image/") and media.width and media.height
    if not is_picture or (media.width or 0) * (media.height or 0) > _MOST_PIXELS:
        return None
    try:
        from PIL import Image, ImageOps
    except ImportError:
        return None
    try:
        with media.open() as source, Image.open(source) as picture:
            picture.draft("RGB", (2 * LARGEST_SIDE, 2 * LARGEST_SIDE))
            picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
            return _webp(ImageOps.exif_transpose(picture))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None  # what Pillow raises for damaged pictures


def _webp(picture: Any) -> bytes:
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    target = io.BytesIO()
    picture.convert(mode).save(target, "WEBP", quality=80)
    return target.getvalue()
