"""The chunks of PNG and RIFF files: their names and lengths, with the reader at the content of each.

They end with the file, wherever that is.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

# So many are looked at in one file: a large PNG has thousands, a hostile file as many as it has bytes.
_CHUNKS = 16_384


def of_png(reader: BinaryIO) -> Iterator[tuple[bytes, int]]:
    place = 8
    for _ in range(_CHUNKS):
        reader.seek(place)
        if len(head := reader.read(8)) < 8:
            return
        length, name = struct.unpack(">I4s", head)
        yield name, length
        place += 8 + length + 4  # a checksum follows


def of_riff(reader: BinaryIO) -> Iterator[tuple[bytes, int]]:
    place = 12
    for _ in range(_CHUNKS):
        reader.seek(place)
        if len(head := reader.read(8)) < 8:
            return
        name, length = struct.unpack("<4sI", head)
        yield name, length
        place += 8 + length + length % 2
