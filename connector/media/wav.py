"""The duration of a WAV: plain RIFF, RF64 and BW64, and Wave64, whatever its codec.

It is that of the bytes which are there: a length that a header promises may never have come.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from connector.media import chunks
from connector.media.audio_frames import Sound

_PCM, _FLOAT, _MP3, _EXTENSIBLE = 0x0001, 0x0003, 0x0055, 0xFFFE
_IN_BLOCKS = frozenset({0x0002, 0x0011, 0x0031, 0x0061, 0x0062})  # these tell how many samples a block has
_UNKNOWN = (0, 0xFFFFFFFF)  # lengths that a writer leaves who does not know them yet


@dataclass(frozen=True, slots=True)
class _Format:
    """What ``fmt `` says."""

    codec: int
    channels: int
    rate: int
    bytes_per_second: int
    block: int
    bits: int
    samples_per_block: int


def is_wav(head: bytes) -> bool:
    return chunks.is_wave64(head) or (head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE")


def wav_seconds(reader: BinaryIO) -> float | None:
    """The length in seconds; None where the file does not tell enough."""
    end = reader.seek(0, 2)
    form: _Format | None = None
    data: tuple[int, int] | None = None
    fact = long = 0
    for name, length in chunks.of_riff(reader):
        start = reader.tell()
        if name == b"ds64":
            long = struct.unpack("<8xQ", reader.read(16))[0]
        elif name == b"fmt ":
            form = _format(reader.read(min(length, 40)))
        elif name == b"fact" and length >= 4:
            fact = struct.unpack("<I", reader.read(4))[0]
        elif name == b"data" and data is None:
            data = start, long if length == 0xFFFFFFFF and long else length
            if data[1] in _UNKNOWN or start + data[1] > end:
                break
    if form is None or data is None or not form.rate:
        return None
    start, told = data
    there = end - start if told in _UNKNOWN else min(told, end - start)
    if form.codec == _MP3:
        return Sound(reader, start, start + there).seconds()
    if fact in _UNKNOWN or told in _UNKNOWN:
        return _seconds(form, there, 0 if fact in _UNKNOWN else fact)
    return _seconds(form, there, fact * there / told)


def _format(data: bytes) -> _Format:
    codec, channels, rate, speed, block, bits = struct.unpack_from("<HHIIHH", data)
    more = struct.unpack_from("<H", data, 18)[0] if len(data) >= 20 else 0
    if codec == _EXTENSIBLE and len(data) >= 26:
        codec = struct.unpack_from("<H", data, 24)[0]
    return _Format(codec, channels, rate, speed, block, bits, more if codec in _IN_BLOCKS else 0)


def _seconds(form: _Format, size: int, fact: float) -> float | None:
    if form.codec in (_PCM, _FLOAT):
        width = form.block or form.channels * form.bits // 8
        return size // width / form.rate if width else None
    by_speed = size / form.bytes_per_second if form.bytes_per_second else None
    if form.samples_per_block and form.block:
        by_speed = size / form.block * form.samples_per_block / form.rate
    # Some writers count what all channels have together, or nothing.
    is_likely = fact and (by_speed is None or 0.6 < fact / form.rate / by_speed < 1.6)
    return fact / form.rate if is_likely else by_speed
