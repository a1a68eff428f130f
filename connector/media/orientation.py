"""Orientation: how a picture's EXIF says that its stored pixels are turned before people see them.

1 is upright, as is what says nothing; 2 to 8 mirror and turn it, from 5 on with width and height exchanged.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import BinaryIO

from connector.media import chunks, jpeg

UPRIGHT = 1
_TAG = 0x0112
_LAYOUTS = {3: "H", 4: "I"}  # by the kind of the value in the directory: short, long


def read(reader: BinaryIO, kind: str) -> int:
    """From 1 to 8. What cannot be read is upright."""
    found = _entry(exif(reader, kind))
    return found[0] if found is not None and 1 <= found[0] <= 8 else UPRIGHT


def is_lying(orientation: int) -> bool:
    """Whether the width that is stored is the height that is seen."""
    return orientation >= 5


def exif(reader: BinaryIO, kind: str) -> bytes:
    """The TIFF structure that is a picture's EXIF, or nothing."""
    return _EXIF.get(kind, _none)(reader)


def upright_exif(exif: bytes) -> bytes:
    """The same EXIF for a picture that is stored as it is seen."""
    found, changed = _entry(exif), bytearray(exif)
    if found is not None:
        _, place, layout = found
        struct.pack_into(layout, changed, place, UPRIGHT)
    return bytes(changed)


def _entry(exif: bytes) -> tuple[int, int, str] | None:
    """The orientation in a TIFF structure's first directory, with the place and the layout of its value."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return None
    try:
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, values = struct.unpack_from(f"{order}HHI", exif, entry)
            if tag == _TAG and kind in _LAYOUTS and values == 1:
                layout = order + _LAYOUTS[kind]
                return struct.unpack_from(layout, exif, entry + 8)[0], entry + 8, layout
    except struct.error:
        pass
    return None


def _none(reader: BinaryIO) -> bytes:
    return b""


def _of_png(reader: BinaryIO) -> bytes:
    return next((reader.read(length) for name, length in chunks.of_png(reader) if name == b"eXIf"), b"")


def _of_webp(reader: BinaryIO) -> bytes:
    found = (reader.read(length) for name, length in chunks.of_riff(reader) if name == b"EXIF")
    return next(found, b"").removeprefix(jpeg.EXIF)


_EXIF: dict[str, Callable[[BinaryIO], bytes]] = {
    "image/jpeg": jpeg.exif,
    "image/png": _of_png,
    "image/webp": _of_webp,
}
