"""Orientation: how a picture's EXIF says that its stored pixels are turned before people see them.

1 is upright, as is what says nothing; 2 to 8 mirror and turn it, from 5 on with width and height exchanged.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import BinaryIO

from connector.media import chunks, jpeg
from connector.media.file import Media

UPRIGHT = 1
_TAG, _SHORT, _LONG = 0x0112, 3, 4


def of(media: Media) -> int:
    """From 1 to 8. What cannot be read is upright."""
    read = _EXIF.get(media.type)
    if read is None:
        return UPRIGHT
    with media.open() as reader:
        try:
            found = _told(read(reader))
        except (EOFError, struct.error):
            return UPRIGHT
    return found if 1 <= found <= 8 else UPRIGHT


def is_lying(orientation: int) -> bool:
    """Whether the width that is stored is the height that is seen."""
    return orientation >= 5


def _told(exif: bytes) -> int:
    """The orientation in a TIFF structure's first directory; 0 for none."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return 0
    (place,) = struct.unpack_from(f"{order}I", exif, 4)
    (count,) = struct.unpack_from(f"{order}H", exif, place)
    for entry in range(place + 2, place + 2 + 12 * count, 12):
        tag, kind, values = struct.unpack_from(f"{order}HHI", exif, entry)
        if tag == _TAG:
            layout = {_SHORT: "H", _LONG: "I"}.get(kind) if values == 1 else None
            return struct.unpack_from(order + layout, exif, entry + 8)[0] if layout else 0
    return 0


def _of_png(reader: BinaryIO) -> bytes:
    return next((reader.read(length) for name, length in chunks.of_png(reader) if name == b"eXIf"), b"")


def _of_webp(reader: BinaryIO) -> bytes:
    found = (reader.read(length) for name, length in chunks.of_riff(reader) if name == b"EXIF")
    return next(found, b"").removeprefix(b"Exif\0\0")


_EXIF: dict[str, Callable[[BinaryIO], bytes]] = {
    "image/jpeg": jpeg.exif,
    "image/png": _of_png,
    "image/webp": _of_webp,
}
