"""JPEG headers, read as leniently as decoders read them: junk, padding and wrong lengths are passed over."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import BinaryIO

# A marker, behind whatever is none: padding (FF FF) and an escaped FF in junk (FF 00) are not.
_MARKER = re.compile(rb"\xff([^\x00\xff])")
_LOOK = (64, 65_536)  # how much is read to find the next marker: at first, and where there is junk
# So many segments: cameras write dozens, hostile files as many as they have bytes.
_SEGMENTS = 16_384

_START_OF_SCAN = 0xDA
# Starts of frames, and of a hierarchy of them: C4 (tables), C8 (reserved) and CC (conditioning) are none.
_FRAMES = frozenset({*range(0xC0, 0xD0), 0xDE}) - {0xC4, 0xC8, 0xCC}
# Markers without a segment; decoders look for the next one right behind them.
_BARE = frozenset({0xC8, *range(0xD0, 0xDA), *range(0xF0, 0xFE)})
_APP1 = 0xE1
EXIF = b"Exif\0\0"  # what its TIFF structure stands behind


def sides(reader: BinaryIO) -> tuple[int, int] | None:
    """Width and height by the last frame before the picture's own data; None where there is none."""
    found: tuple[int, int] | None = None
    for marker, length in _segments(reader):
        if marker in _FRAMES and length >= 5 and len(data := reader.read(5)) == 5:
            height, width = struct.unpack(">xHH", data)
            found = width, height
    return found


def exif(reader: BinaryIO) -> bytes:
    """The TIFF structure of its EXIF, or nothing."""
    parts = [
        data[len(EXIF) :]
        for marker, length in _segments(reader)
        if marker == _APP1 and (data := reader.read(length)).startswith(EXIF)
    ]
    return b"".join(parts)


def _segments(reader: BinaryIO) -> Iterator[tuple[int, int]]:
    """Markers and the lengths of what follows, where the reader stands, until the picture's own data.

    They end with the file, wherever that is.
    """
    reader.seek(2)
    for _ in range(_SEGMENTS):
        marker = _next_marker(reader)
        if marker is None or marker == _START_OF_SCAN or marker < 0xC0:
            return
        if marker not in _BARE:
            length = max(int.from_bytes(reader.read(2), "big") - 2, 0)
            place = reader.tell()
            yield marker, length
            reader.seek(place + length)


def _next_marker(reader: BinaryIO) -> int | None:
    """The next marker, with the reader behind it."""
    size = _LOOK[0]
    while piece := reader.read(size):
        if found := _MARKER.search(piece):
            reader.seek(found.end() - len(piece), 1)
            return found[1][0]
        if len(piece) < size:
            break
        reader.seek(-1, 1)  # the last byte may be the first of a marker
        size = _LOOK[1]
    return None
