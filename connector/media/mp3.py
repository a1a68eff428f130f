"""The duration of an MP3: from the count in its first frame, else from its bit rate and size."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

_SEARCHED = 64 * 1024  # some writers pad between the tag and the first frame

# By version, in the order of the header's two bits: 2.5, reserved, 2, 1.
_RATES = ((11025, 12000, 8000), (), (22050, 24000, 16000), (44100, 48000, 32000))
_KBITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_VERSION_1 = 3
_MONO = 3


@dataclass(frozen=True, slots=True)
class Frame:
    """What the four bytes at the head of a layer III frame say."""

    version: int
    rate: int
    kbits: int
    padding: int
    is_mono: bool

    @property
    def samples(self) -> int:
        return 1152 if self.version == _VERSION_1 else 576

    @property
    def length(self) -> int:
        return self.samples // 8 * self.kbits * 1000 // self.rate + self.padding

    @property
    def side_length(self) -> int:
        """Bytes between the head and where an encoder may leave its count."""
        return {(True, False): 32, (True, True): 17, (False, False): 17, (False, True): 9}[
            (self.version == _VERSION_1, self.is_mono)
        ]


def is_mp3(head: bytes) -> bool:
    """A tag, or two frames one after the other (a single head may be chance)."""
    if head.startswith(b"ID3") and len(head) >= 10:
        return True
    frame = frame_at(head, 0)
    return frame is not None and (len(head) <= frame.length or frame_at(head, frame.length) is not None)


def mp3_seconds(reader: BinaryIO) -> float | None:
    """The length in seconds; None where no frame can be found."""
    end = reader.seek(0, 2)
    start = _after_tag(reader)
    reader.seek(start)
    data = reader.read(_SEARCHED)
    offset, frame = _first_frame(data)
    if frame is None:
        return None
    frames = _told_frames(data[offset : offset + 200], frame)
    if frames:
        return frames * frame.samples / frame.rate
    return (end - start - offset) * 8 / (frame.kbits * 1000)


def frame_at(data: bytes, offset: int) -> Frame | None:
    """The frame whose head stands there, if one does."""
    head = data[offset : offset + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, kbits, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or kbits in (0, 15) or rate == 3:
        return None
    table = _KBITS_1 if version == _VERSION_1 else _KBITS_2
    return Frame(version, _RATES[version][rate], table[kbits], head[2] >> 1 & 1, head[3] >> 6 == _MONO)


def _after_tag(reader: BinaryIO) -> int:
    reader.seek(0)
    head = reader.read(10)
    if not head.startswith(b"ID3") or len(head) < 10:
        return 0
    size = 0
    for byte in head[6:10]:  # seven bits of each
        size = size << 7 | byte & 0x7F
    footer = 10 if head[5] & 0x10 else 0
    return 10 + size + footer


def _first_frame(data: bytes) -> tuple[int, Frame | None]:
    offset = data.find(b"\xff")
    while offset >= 0:
        frame = frame_at(data, offset)
        if frame and (offset + frame.length + 4 > len(data) or frame_at(data, offset + frame.length)):
            return offset, frame
        offset = data.find(b"\xff", offset + 1)
    return 0, None


def _told_frames(data: bytes, frame: Frame) -> int | None:
    """The number of frames, as the encoder wrote it into the first one."""
    xing, vbri = 4 + frame.side_length, 36
    if data[xing : xing + 4] in (b"Xing", b"Info") and len(data) >= xing + 12:
        flags, frames = struct.unpack_from(">II", data, xing + 4)
        return int(frames) if flags & 1 else None
    if data[vbri : vbri + 4] == b"VBRI" and len(data) >= vbri + 18:
        return int(struct.unpack_from(">I", data, vbri + 14)[0])
    return None
