"""The chunks of PNG, RIFF and Wave64 files: their names and lengths, with the reader at the content of each.

They end with the file, wherever that is.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

# So many are looked at in one file: a large PNG has thousands, a hostile file as many as it has bytes.
_CHUNKS = 16_384
# Behind an odd chunk stands a byte that is none of its own, which some writers forget.
_USUAL = frozenset({b"data", b"fmt ", b"fact", b"LIST"})
_WAVE64 = bytes.fromhex("2e91cf11a5d628db04c10000"), bytes.fromhex("f3acd3118cd100c04f8edb8a")


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
    """Of Wave64 too, in whose lengths the head of the chunk is counted."""
    reader.seek(0)
    is_long = is_wave64(reader.read(40))
    layout, place = ("<4s12xQ", 40) if is_long else ("<4sI", 12)
    size = struct.calcsize(layout)
    for _ in range(_CHUNKS):
        reader.seek(place)
        if len(head := reader.read(size)) < size:
            return
        name, length = struct.unpack(layout, head)
        length = max(length - size, 0) if is_long else length
        yield name, length
        place += size + length
        if is_long:
            place += -place % 8
        elif length % 2:
            reader.seek(place)
            place += not _is_chunk(reader.read(5))


def _is_chunk(head: bytes) -> bool:
    """Whether a chunk begins there, and not behind the next byte."""
    is_padded = head[1:5] in _USUAL or not head[:4].replace(b" ", b"").isalnum()
    return head[:4] in _USUAL or not is_padded


def is_wave64(head: bytes) -> bool:
    return head.startswith(b"riff" + _WAVE64[0]) and head[24:40] == b"wave" + _WAVE64[1]
