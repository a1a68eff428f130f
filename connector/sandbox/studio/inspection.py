"""What a file is, found by decoding it; anything that cannot be decoded is nothing."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass

import av
from PIL import ImageFile

from connector.sandbox.studio import files

_DECODED_PIXELS = 40_000_000  # up to here a picture is decoded whole; beyond, its header must do
_SLACK = 0.6  # seconds by which a file may be shorter than it says


@dataclass(frozen=True)
class Info:
    """A file's format, and what there is to measure about it."""

    format: str
    width: int | None = None
    height: int | None = None
    seconds: float | None = None


def inspect(content: bytes) -> Info | None:
    """What the bytes are: jpeg, png, webp, gif, mp3, wav, mp4 or glb; None for anything else."""
    for matches, look in _KINDS:
        if matches(content):
            return look(content)
    return None


def _picture(content: bytes) -> Info | None:
    found = files.opened(content)
    if not found:
        return None
    form, image = found
    info = Info(form, image.width, image.height)
    return info if image.width * image.height > _DECODED_PIXELS or _loads(image) else None


def _loads(image: ImageFile.ImageFile) -> bool:
    try:
        image.load()
    except Exception:  # see files.opened: hostile bytes raise whatever they like
        return False
    return True


def _sound(form: str) -> Callable[[bytes], Info | None]:
    return lambda content: _media(content, form, "audio")


def _film(content: bytes) -> Info | None:
    return _media(content, "mp4", "video")


def _media(content: bytes, form: str, kind: str) -> Info | None:
    try:
        with av.open(io.BytesIO(content), "r", format=form) as container:
            return _measured(container, form, kind)
    except (av.error.FFmpegError, ValueError, IndexError, StopIteration, OverflowError):
        return None


def _measured(container: av.container.InputContainer, form: str, kind: str) -> Info | None:
    """The length is what the packets add up to; a file that promises more has lost its end."""
    stream = next(s for s in container.streams if s.type == kind)
    first = next(iter(container.decode(stream)))
    container.seek(0)
    lengths = [p.duration or 0 for p in container.demux(stream) if p.size]
    seconds = float(sum(lengths) * (stream.time_base or 0))
    promised = float((container.duration or 0) / av.time_base)
    if seconds <= 0 or promised > seconds + _SLACK:
        return None
    if isinstance(first, av.VideoFrame):
        return Info(form, first.width, first.height, round(seconds, 3))
    return Info(form, seconds=round(seconds, 3))


def _model(content: bytes) -> Info | None:
    try:
        _, version, total = struct.unpack_from("<4sII", content)
        size, kind = struct.unpack_from("<I4s", content, 12)
        asset = json.loads(content[20 : 20 + size])["asset"]
    except (struct.error, ValueError, KeyError, TypeError):
        return None
    sound = (version, total, kind, asset.get("version")) == (2, len(content), b"JSON", "2.0")
    return Info("glb") if sound else None


def _wave(content: bytes) -> bool:
    return content[:4] == b"RIFF" and content[8:12] == b"WAVE"


def _whole_wave(content: bytes) -> Info | None:
    """The data chunk must be all there: a decoder would be content with less."""
    at = 12
    while at + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        if name == b"data":
            return _sound("wav")(content) if at + 8 + size <= len(content) else None
        at += 8 + size + size % 2
    return None


_KINDS: tuple[tuple[Callable[[bytes], bool], Callable[[bytes], Info | None]], ...] = (
    (_wave, _whole_wave),
    (lambda b: b[:4] == b"glTF", _model),
    (lambda b: b[4:8] == b"ftyp", _film),
    (
        lambda b: b[:3] == b"ID3" or (len(b) > 1 and b[0] == 0xFF and b[1] & 0xE6 in (0xE2, 0xE0 | 0x02)),
        _sound("mp3"),
    ),
    (lambda b: True, _picture),
)
