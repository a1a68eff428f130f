"""EXIF transpose: the turn that a picture's EXIF tells of, done to its pixels.

A JPEG is written with its own tables and subsampling, turned with it, so that little more than rounding is
lost; PNG and lossless WebP lose nothing. The colour profile and the rest of the EXIF stay.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.media import chunks, orientation
from connector.media.file import Media, from_bytes

if TYPE_CHECKING:
    from PIL.Image import Image

# A picture that says it has more pixels than this is not opened: it would fill the memory.
MOST_PIXELS = 80_000_000
_BLOCK = 16  # so many pixels of a JPEG are stored together, at most
# The qualities that are tried one after the other where a picture must become smaller.
_QUALITIES = (95, 90, 80, 65)


class NotTurned(ValueError):
    """The picture cannot be turned; the sentence says why."""


def turned(media: Media, most: int | None = None) -> Media:
    """A picture that is not upright, stored as it is seen, in at most so many bytes. Raises NotTurned."""
    try:
        from PIL import Image
    except ImportError:
        raise NotTurned("Pillow is not installed (pip install pillow)") from None
    if (media.width or 0) * (media.height or 0) > MOST_PIXELS:
        raise NotTurned("it has too many pixels")
    try:
        with media.open() as source, Image.open(source) as picture:
            if media.type != "image/jpeg" and getattr(picture, "is_animated", False):
                raise NotTurned("it is an animation")
            for data in _written(media, picture):
                if most is None or len(data) <= most:
                    return from_bytes(data, name=media.name)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, NotTurned):
            raise
        raise NotTurned("it cannot be decoded") from error
    raise NotTurned(f"it would have more than {most:,} bytes")


def _written(media: Media, picture: Image) -> Iterator[bytes]:
    """The turned picture as a file, ever smaller."""
    from PIL.Image import Transpose

    # By the value of the orientation.
    turns = (
        *(Transpose.FLIP_LEFT_RIGHT, Transpose.ROTATE_180, Transpose.FLIP_TOP_BOTTOM),
        *(Transpose.TRANSPOSE, Transpose.ROTATE_270, Transpose.TRANSVERSE, Transpose.ROTATE_90),
    )
    told = media.orientation
    upright = picture.transpose(turns[told - 2])
    about = _about(media, picture)
    upright.info = {name: upright.info[name] for name in ("transparency",) if name in upright.info}
    save = partial(_saved, upright, about)
    if media.type == "image/png":
        yield save("PNG")
        yield save("PNG", optimize=True)
    elif media.type == "image/jpeg":
        options = {"subsampling": _sampling(picture, told), "progressive": "progressive" in picture.info}
        for tables in _tables(picture, told):
            yield save("JPEG", qtables=tables, optimize=True, **options)
        yield from (save("JPEG", quality=each, optimize=True, **options) for each in _QUALITIES)
    elif _is_lossless(media):
        yield save("WEBP", lossless=True, exact=True)
    else:
        yield from (save("WEBP", quality=each) for each in _QUALITIES)


def _saved(picture: Image, about: Mapping[str, Any], form: str, **options: Any) -> bytes:
    target = io.BytesIO()
    picture.save(target, form, **about, **options)
    return target.getvalue()


def _about(media: Media, picture: Image) -> Mapping[str, Any]:
    """What is told of the picture beside its pixels."""
    kept = {name: picture.info[name] for name in ("icc_profile", "dpi") if picture.info.get(name)}
    with media.open() as reader:
        exif = orientation.upright_exif(orientation.exif(reader, media.type))
    # More than a segment of a JPEG holds is a preview of the picture as it was.
    return kept | ({"exif": b"Exif\0\0" + exif} if len(exif) < 65_000 else {})


def _tables(picture: Any, told: int) -> Iterator[list[list[int]]]:
    """The picture's own tables; those of a picture that lies are turned with it.

    Where the blocks end elsewhere once it is turned, tables that are twice as fine come first.
    """
    own = [picture.quantization[number] for number in sorted(picture.quantization)]
    if orientation.is_lying(told):
        own = [[table[8 * column + row] for row in range(8) for column in range(8)] for table in own]
    if picture.width % _BLOCK or picture.height % _BLOCK:
        yield [[max(1, step // 2) for step in table] for table in own]
    yield own


def _sampling(picture: Any, told: int) -> int:
    """The picture's own subsampling of colours, or none where it cannot be turned with it."""
    from PIL.JpegImagePlugin import get_sampling

    own = get_sampling(picture)
    is_across_alone = own == 1
    return 0 if own < 0 or (is_across_alone and orientation.is_lying(told)) else own


def _is_lossless(media: Media) -> bool:
    with media.open() as reader:
        return any(name == b"VP8L" for name, _ in chunks.of_riff(reader))
