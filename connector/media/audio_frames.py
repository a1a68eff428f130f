"""Audio frames, of MP3 and AAC (ADTS): the first is found behind whatever stands before it, all are counted.

A bit rate that varies and a count that an encoder left for a longer file make any shorter way a guess.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

_HEAD = 10  # the longest that is looked at: the head of a tag
_BLOCK = 64 * 1024
_SEARCHED = 256 * 1024  # of what is no frame, in one file
_MOST = 200_000  # frames that are counted, more than an hour; what is longer goes on like that

# The first two bytes of a frame: layer III of MPEG 1, 2 and 2.5, or ADTS, with or without a checksum.
_SYNC = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb\xf0\xf1\xf8\xf9]")
# By version, in the order of the header's two bits: 2.5, reserved, 2, 1.
_RATES = ((11025, 12000, 8000), (), (22050, 24000, 16000), (44100, 48000, 32000))
_KBITS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_VERSION_1 = 3
_TAGS = (b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN")


class Frame(NamedTuple):
    """What its first bytes say. Type and rate are the same for all frames of a file."""

    type: str
    rate: int
    samples: int
    length: int

    def is_like(self, other: Frame | None) -> bool:
        return other is not None and self[:2] == other[:2]


class Sound:
    """The frames of a part of a file: from its first byte to its last, or from and to a place in it."""

    def __init__(self, reader: BinaryIO, start: int = 0, end: int | None = None) -> None:
        self._reader, self._data, self._place = reader, b"", 0
        self.end = reader.seek(0, 2) if end is None else end
        self.start = self._after_tags(start)
        self._left = _SEARCHED
        self._begin = self._next(self.start, None)
        self.first = None if self._begin is None else self._frame(self._begin)

    def seconds(self) -> float | None:
        """How long it lasts, without what an encoder says that it added; None where there is no frame."""
        if self.first is None or self._begin is None:
            return None
        head = self._at(self._begin, 200)
        begin = end = self._begin + (self.first.length if _is_count(head) else 0)
        samples, counted = -_added(head), 0
        for place, frame in self._frames(begin):
            samples, counted, end = samples + frame.samples, counted + 1, place + frame.length
        if counted == _MOST:
            samples = round(samples * (self.end - begin) / (end - begin))
        return max(samples, 0) / self.first.rate

    def _frames(self, place: int) -> Iterator[tuple[int, Frame]]:
        for _ in range(_MOST):
            frame = self._frame(place)
            if frame is None or not frame.is_like(self.first):
                found = self._next(self._after_tags(place), self.first)
                if found is None or (frame := self._frame(found)) is None:
                    return
                place = found
            yield place, frame
            place += frame.length

    def _next(self, start: int, like: Frame | None) -> int | None:
        """Where the next frame begins that others follow, for one alone may be chance."""
        place = start
        while self._left > 0 and place + 4 <= self.end:
            piece = self._at(place, _BLOCK)
            for found in _SYNC.finditer(piece):
                frame = self._frame(here := place + found.start())
                least = 0 if here == start else 2 if like is None else 1
                if frame and (like is None or frame.is_like(like)) and self._is_followed(here, least):
                    return here
            step = max(len(piece) - 1, 1)  # the last byte may be the first of a frame
            self._left -= step
            place += step
        return None

    def _is_followed(self, place: int, least: int) -> bool:
        """By others like it; at the end, or before a tag, by so many at least."""
        first = frame = self._frame(place)
        for followers in range(max(least, 1) + 1):
            assert frame
            place += frame.length
            if place >= self.end or self._at(place, len(_TAGS[-1])).startswith(_TAGS):
                return followers >= least
            frame = self._frame(place)
            if frame is None or not frame.is_like(first):
                return False
        return True

    def _frame(self, place: int) -> Frame | None:
        return _frame(self._at(place, _HEAD))

    def _after_tags(self, place: int) -> int:
        """Where the tags end that begin there, one behind the other: ID3v2 and APE."""
        for _ in range(16):
            head = self._at(place, 32)
            if head.startswith(b"ID3") and len(head) >= 10:
                size = sum(
                    (byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True)
                )
                place += 10 + size + (10 if head[5] & 0x10 else 0)
            elif head.startswith(b"APETAGEX") and len(head) == 32:
                place += 32 + struct.unpack_from("<I", head, 12)[0]
            elif head.startswith(b"TAG"):
                place += 128
            else:
                break
        return place

    def _at(self, place: int, count: int) -> bytes:
        """So many bytes from there, or as many as there are."""
        count = max(min(count, self.end - place), 0)
        offset = place - self._place
        if offset < 0 or offset + count > len(self._data):
            self._reader.seek(place)
            self._data, self._place, offset = self._reader.read(max(count, _BLOCK)), place, 0
        return self._data[offset : offset + count]


def _frame(head: bytes) -> Frame | None:
    """The frame whose head that is, if it is one."""
    if len(head) < 7 or not _SYNC.match(head):
        return None
    if head[1] & 6 == 0:
        rate, length = head[2] >> 2 & 15, (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        if rate >= len(_AAC_RATES) or length < 7:
            return None
        return Frame("audio/aac", _AAC_RATES[rate], 1024 * (1 + (head[6] & 3)), length)
    version, kbits, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if kbits in (0, 15) or rate == 3:
        return None
    hertz, samples = _RATES[version][rate], 1152 if version == _VERSION_1 else 576
    bits = (_KBITS_1 if version == _VERSION_1 else _KBITS_2)[kbits] * 1000
    return Frame("audio/mpeg", hertz, samples, samples // 8 * bits // hertz + (head[2] >> 1 & 1))


def _is_count(frame: bytes) -> bool:
    """Whether a first frame has no sound in it, but what an encoder says of those that follow."""
    return frame[36:40] == b"VBRI" or any(name in frame[:44] for name in (b"Xing", b"Info"))


def _added(frame: bytes) -> int:
    """The samples that an encoder says it added at the beginning and at the end."""
    place = max(frame[:44].find(b"Xing"), frame[:44].find(b"Info"))
    flags = struct.unpack_from(">I", frame, place + 4)[0] if 0 <= place <= len(frame) - 8 else 0
    place += 8 + 4 * (flags & 1) + 4 * (flags >> 1 & 1) + 100 * (flags >> 2 & 1) + 4 * (flags >> 3 & 1)
    encoder = frame[place : place + 24]
    if not flags or len(encoder) < 24 or not encoder.startswith((b"LAME", b"Lavf", b"Lavc")):
        return 0
    both = int.from_bytes(encoder[21:24], "big")
    return (both >> 12) + (both & 0xFFF)
