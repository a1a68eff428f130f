"""What a file is, found by decoding it; anything that cannot be decoded is nothing."""

from __future__ import annotations

import io
import json
import struct
from dataclasses import dataclass

import av

from connector.sandbox.studio import files

_DECODED_PIXELS = 40_000_000  # up to here a picture is decoded whole; beyond, its header must do
_STREAMED = 0x7FFFFFFF  # from here on, the length in a WAV's header means that nobody knew it
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
    try:
        return _inspected(content)
    except Exception:  # hostile bytes raise whatever they like
        return None


def _inspected(content: bytes) -> Info | None:
    if content[:4] == b"glTF":
        return _model(content)
    if content[:4] in (b"RIFF", b"RF64", b"BW64") and content[8:12] == b"WAVE":
        # A decoder would be content with less than the header promises; a stream's header promises nothing.
        told = int.from_bytes(content[4:8], "little")
        return _media(content, "wav", "wav") if told + 8 <= len(content) or told >= _STREAMED else None
    if content[:8] == b"riff\x2e\x91\xcf\x11":
        return _media(content, "wav", "w64")
    if content[4:8] == b"ftyp":
        return _media(content, "mp4", "mp4")
    if image := files.opened(content):
        if image.width * image.height <= _DECODED_PIXELS:
            image.load()
        return Info(str(image.format).lower(), *image.size)
    # A tag may be longer than what is probed. Where no MP3 begins, the content must be told by itself.
    begins = content[:3] == b"ID3" or (content[:1] == b"\xff" and content[1] & 0xE6 == 0xE2)
    return _media(content, "mp3", "mp3" if begins else None)


def _media(content: bytes, form: str, demuxer: str | None) -> Info | None:
    """The length is what the packets add up to; a film that promises more has lost its end.

    What an MP3 promises is a guess by its first frames.
    """
    with av.open(io.BytesIO(content), "r", format=demuxer, metadata_errors="replace") as container:
        if not demuxer and container.format.name != form:
            return None
        stream = container.streams.best("video" if form == "mp4" else "audio")
        if stream is None:
            return None
        first = next(iter(container.decode(stream)))
        container.seek(0)
        ticks = sum(packet.duration or 0 for packet in container.demux(stream) if packet.size)
        seconds, promised = float(ticks * (stream.time_base or 0)), (container.duration or 0) / av.time_base
    if seconds <= 0 or (form == "mp4" and promised > seconds + _SLACK):
        return None
    wide, high = (first.width, first.height) if isinstance(first, av.VideoFrame) else (None, None)
    return Info(form, wide, high, round(seconds, 3))


def _model(content: bytes) -> Info | None:
    _, version, total, size, kind = struct.unpack_from("<4sIII4s", content)
    asset = json.loads(content[20 : 20 + size])["asset"]
    sound = (version, total, kind, asset.get("version")) == (2, len(content), b"JSON", "2.0")
    return Info("glb") if sound else None
