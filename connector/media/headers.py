"""Media headers: what a file is and how large its picture or long its sound, read from its first bytes.

Nothing is decoded. Each reader looks at a bounded number of places, so that hostile bytes can neither
raise nor keep it busy: what cannot be read is None.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from connector.media import chunks, jpeg, orientation
from connector.media.audio_frames import Sound
from connector.media.kinds import TEXT, UNKNOWN
from connector.media.wav import is_wav, wav_seconds

_HEAD = 4096
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
_STEPS = 1000  # boxes looked at in one file

# Of a whole file, then of what it is compatible with; what has none of them is MP4.
_BRANDS = {
    "image/avif": (b"avif", b"avis"),
    "image/heic": (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"),
    "audio/mp4": (b"M4A ", b"M4B ", b"M4P "),
    "video/quicktime": (b"qt  ",),
}
_ASF, _ASF_VIDEO = (
    bytes.fromhex(name) for name in ("3026b2758e66cf11a6d900aa0062ce6c", "c0ef19bc4d5bcf11a8fd00805f5c442b")
)


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What a file's first bytes tell; the sides are those that people see."""

    type: str = UNKNOWN
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    orientation: int = orientation.UPRIGHT


Measure = tuple[int | None, int | None, float | None]
_UNREADABLE: Measure = (None, None, None)


def inspect(reader: BinaryIO) -> FileInfo:
    """What the file is; the reader must be able to seek, and is read from its first byte."""
    reader.seek(0)
    head = reader.read(_HEAD)
    kind = _type(head)
    if kind == UNKNOWN:
        return _sound(reader)
    try:
        width, height, seconds = _MEASURES.get(kind, _nothing)(reader)
    except (EOFError, struct.error, ZeroDivisionError):
        width, height, seconds = _UNREADABLE
    turn = orientation.read(reader, kind)
    if orientation.is_lying(turn):
        width, height = height, width
    return FileInfo(kind, width, height, seconds, turn)


def _sound(reader: BinaryIO) -> FileInfo:
    """What stands behind tags and stray bytes, where it is sound."""
    sound = Sound(reader)
    if sound.first is not None:
        return FileInfo(sound.first.type, seconds=sound.seconds())
    reader.seek(sound.start)
    kind = _type(reader.read(_HEAD)) if sound.start else UNKNOWN
    # A tag of music, and nothing behind it that we know.
    return FileInfo("audio/mpeg" if sound.start and not kind.startswith("audio/") else kind)


def _type(head: bytes) -> str:
    return next((kind for kind, matches in _SIGNATURES if matches(head)), UNKNOWN)


def _starting(*starts: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(starts)


def _riff(form: bytes) -> Callable[[bytes], bool]:
    return lambda head: head[:4] == b"RIFF" and head[8:12] == form


def _branded(kind: str) -> Callable[[bytes], bool]:
    return lambda head: head[4:8] == b"ftyp" and _by_brand(head) == kind


def _by_brand(head: bytes) -> str:
    brands = [head[8:12]]
    if brands[0] in (b"mif1", b"msf1"):  # any picture of this family: which one is told by what follows
        brands += [head[place : place + 4] for place in range(16, int.from_bytes(head[:4], "big"), 4)][:64]
    return next((kind for kind, names in _BRANDS.items() if set(names) & set(brands)), "video/mp4")


def _is_json(head: bytes) -> bool:
    if not _is_text(head) or head.lstrip()[:1] not in (b"{", b"["):
        return False
    if len(head) == _HEAD:
        return True
    try:
        json.loads(head)
    except (ValueError, RecursionError):
        return False
    return True


def _is_html(head: bytes) -> bool:
    start = head.lstrip()[:15].lower()
    return _is_text(head) and start.startswith((b"<!doctype html", b"<html", b"<head", b"<body"))


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        # The end of what was read may cut a character of up to four bytes in two.
        if len(head) < _HEAD or error.start < _HEAD - 3:
            return False
        text = head[: error.start].decode()
    return bool(text) and not _CONTROLS.search(text)


# In this order: the first that matches is it.
_SIGNATURES: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("image/png", _starting(b"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", _starting(b"\xff\xd8\xff")),
    ("image/webp", _riff(b"WEBP")),
    ("image/gif", _starting(b"GIF87a", b"GIF89a")),
    ("image/bmp", lambda head: head[:2] == b"BM" and head[6:10] == bytes(4)),
    ("image/tiff", _starting(b"II*\0", b"MM\0*")),
    ("audio/wav", is_wav),
    ("audio/flac", _starting(b"fLaC")),
    ("video/ogg", lambda head: head[:4] == b"OggS" and b"\x80theora" in head),
    ("audio/ogg", _starting(b"OggS")),
    ("audio/aiff", lambda head: head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC")),
    ("audio/aac", _starting(b"ADIF")),
    ("video/x-ms-wmv", lambda head: head.startswith(_ASF) and _ASF_VIDEO in head),
    ("audio/x-ms-wma", _starting(_ASF)),
    *((kind, _branded(kind)) for kind in ("video/mp4", *_BRANDS)),
    ("model/gltf-binary", _starting(b"glTF")),
    ("application/pdf", _starting(b"%PDF-")),
    ("application/json", _is_json),
    ("text/html", _is_html),
    (TEXT, _is_text),
)  # fmt: skip


def _take(reader: BinaryIO, count: int) -> bytes:
    data = reader.read(count)
    if len(data) < count:
        raise EOFError
    return data


def _nothing(reader: BinaryIO) -> Measure:
    return _UNREADABLE


def _sides(width: int, height: int) -> Measure:
    return (width, height, None) if width > 0 and height > 0 else _UNREADABLE


def _png(reader: BinaryIO) -> Measure:
    for name, length in chunks.of_png(reader):
        if name == b"IHDR" and length >= 8:  # some writers have chunks of their own before it
            return _sides(*struct.unpack(">II", _take(reader, 8)))
        if name == b"IDAT":
            break
    return _UNREADABLE


def _gif(reader: BinaryIO) -> Measure:
    reader.seek(6)
    return _sides(*struct.unpack("<HH", _take(reader, 4)))


def _jpeg(reader: BinaryIO) -> Measure:
    return _sides(*(jpeg.sides(reader) or (0, 0)))


def _webp(reader: BinaryIO) -> Measure:
    reader.seek(12)
    name, data = _take(reader, 4), _take(reader, 14)[4:]
    if name == b"VP8X":
        return _sides(1 + int.from_bytes(data[4:7], "little"), 1 + int.from_bytes(data[7:10], "little"))
    if name == b"VP8L" and data[0] == 0x2F:
        bits = int.from_bytes(data[1:5], "little")
        return _sides(1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    if name == b"VP8 " and data[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", data[6:10])
        return _sides(width & 0x3FFF, height & 0x3FFF)
    return _UNREADABLE


def _wav(reader: BinaryIO) -> Measure:
    return None, None, wav_seconds(reader)


def _mp4(reader: BinaryIO) -> Measure:
    end = reader.seek(0, 2)
    moov = next(((start, stop) for name, start, stop in _boxes(reader, 0, end) if name == b"moov"), None)
    if moov is None:
        return _UNREADABLE
    seconds: float | None = None
    sides: tuple[int | None, int | None] = (None, None)
    for name, start, stop in _boxes(reader, *moov):
        if name == b"mvhd":
            seconds = _mvhd_seconds(reader, start)
        elif name == b"trak" and sides == (None, None):
            sides = _track_sides(reader, start, stop)
    return *sides, seconds


def _boxes(reader: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of the content of each box between two places."""
    for _ in range(_STEPS):
        if start + 8 > end:
            return
        reader.seek(start)
        size, name = struct.unpack(">I4s", _take(reader, 8))
        body = start + 8
        if size == 1:
            size, body = struct.unpack(">Q", _take(reader, 8))[0], start + 16
        stop = end if size == 0 else start + size
        if stop < body or stop > end:
            return
        yield name, body, stop
        start = stop


def _mvhd_seconds(reader: BinaryIO, start: int) -> float | None:
    reader.seek(start)
    data = _take(reader, 32)
    layout, offset = (">IQ", 20) if data[0] == 1 else (">II", 12)  # version 1 has longer times
    scale, duration = struct.unpack_from(layout, data, offset)
    return duration / scale if duration else None


def _track_sides(reader: BinaryIO, start: int, end: int) -> tuple[int | None, int | None]:
    """Width and height of a track that can be seen; they close its header, with 16 binary places."""
    for name, _, stop in _boxes(reader, start, end):
        if name == b"tkhd":
            reader.seek(stop - 8)
            width, height = struct.unpack(">II", _take(reader, 8))
            return (width >> 16 or None, height >> 16 or None)
    return None, None


_MEASURES: dict[str, Callable[[BinaryIO], Measure]] = {
    "image/png": _png,
    "image/jpeg": _jpeg,
    "image/webp": _webp,
    "image/gif": _gif,
    "audio/wav": _wav,
    "audio/mp4": _mp4,
    "video/mp4": _mp4,
    "video/quicktime": _mp4,
}
READABLE_PICTURES = frozenset(kind for kind in _MEASURES if kind.startswith("image/"))
