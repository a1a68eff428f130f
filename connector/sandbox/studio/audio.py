"""Text to audio, audio to audio, and audio inpainting: 44.1 kHz, 16 bits, stereo, as MP3 or WAV."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import cast

import av
import numpy as np

from connector.sandbox.studio import music
from connector.sandbox.studio.arguments import Arguments, Made
from connector.sandbox.studio.files import Unreadable
from connector.sandbox.studio.music import RATE, Samples

_FRAME = 1152  # moments in a frame of MP3
_FADE = RATE // 2
_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav"}
# Without a reservoir each frame stands for itself, which is what lets it be repeated.
_CODECS = {
    "wav": ("pcm_s16le", {}),
    "mp3": ("libmp3lame", {"b": "128k", "compression_level": "9", "reservoir": "0"}),
}


@dataclass(frozen=True)
class Piece:
    """Sound in which a part, counted in MP3 frames, is to be heard several times more than it is stored."""

    samples: Samples
    first: int = 0
    count: int = 0
    repeats: int = 0

    def whole(self) -> Samples:
        """All of it, written out."""
        start, end = self.first * _FRAME, (self.first + self.count) * _FRAME
        repeated = [self.samples[start:end]] * self.repeats
        return np.concatenate([self.samples[:start], *repeated, self.samples[start:]])


def text_to_audio(given: Arguments) -> Made:
    return _finished(given, _piece(given, given.number("duration", 190)))


def audio_to_audio(given: Arguments) -> Made:
    """The given sound gives way to the prompt's piece as the strength rises."""
    seconds, strength = given.number("duration", 190), given.number("strength", 1)
    start, piece = decode(given.files["audio"]), _piece(given, seconds)
    if strength < 1:
        old, new = _cut(start, _moments(seconds)), piece.whole()
        piece = Piece(np.asarray(old * np.float32(1 - strength) + new * np.float32(strength), np.int16))
    return _finished(given, piece)


def inpaint(given: Arguments) -> Made:
    """Between the two moments the prompt's piece, before and after them the given sound."""
    total = _moments(given.number("duration", 190))
    result = _cut(decode(given.files["audio"]), total)
    last = min(total, _moments(given.number("mask_end", 380)))
    first = min(total, _moments(given.number("mask_start", 30)))
    if last > first:
        result[first:last] = _piece(given, (last - first) / RATE).whole()
    return _finished(given, Piece(result))


def _moments(seconds: float) -> int:
    return round(seconds * RATE)


def _piece(given: Arguments, seconds: float) -> Piece:
    """Exactly so long: variations in a form that comes round again, with a beginning and an end."""
    total, style = _moments(seconds), music.style_of(given.prompt, given.seed)
    period = len(style.form) * style.beat * 16
    first = period // 4 // _FRAME
    repeats = max(0, (total - first * _FRAME - period - 2 * _FADE) // period)
    samples = music.played(style, given.prompt, given.seed, total - repeats * period)
    return Piece(_faded(samples), first, period // _FRAME, repeats)


def _faded(samples: Samples) -> Samples:
    """No click at the beginning, and a slow end."""
    reach = min(_FADE, len(samples) // 4)
    since = np.arange(len(samples), dtype=np.float32)
    ends = np.minimum(since * 20, since[::-1]) / max(1, reach)
    return np.asarray(samples * ends.clip(0, 1)[:, None], np.int16)


def _cut(samples: Samples, length: int) -> Samples:
    """So many moments: cut off, or filled up with silence."""
    return np.pad(samples[:length], ((0, max(0, length - len(samples))), (0, 0)))


def _finished(given: Arguments, piece: Piece) -> Made:
    form = given.text("output_format", "mp3")
    title = f"sandbox: {given.prompt[:80]} (seed {given.seed})"
    return Made(_encoded(piece, form, title), _TYPES[form])


def decode(content: bytes) -> Samples:
    """The samples of an MP3 or WAV file, at our rate and in our format."""
    resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
    try:
        form = "mp3" if content[:3] == b"ID3" else None  # a tag may be longer than what is probed
        with av.open(io.BytesIO(content), "r", format=form, metadata_errors="replace") as container:
            frames = chain(_heard(container), [None])  # none: what the resampler still holds back
            parts = [part.to_ndarray() for frame in frames for part in resampler.resample(frame)]
    except (av.error.FFmpegError, ValueError, IndexError) as failure:
        raise Unreadable("audio: cannot be decoded as MP3 or WAV") from failure
    if not parts:
        raise Unreadable("audio: cannot be decoded as MP3 or WAV")
    return np.concatenate([np.zeros((1, 0), np.int16), *parts], axis=1).reshape(-1, 2)


def _heard(container: av.container.InputContainer) -> Iterator[av.AudioFrame]:
    """The frames of a sound; what is broken among them is passed over, as players do."""
    for packet in container.demux(audio=0):
        with suppress(av.error.InvalidDataError):
            yield from packet.decode()


def _frames(samples: Samples) -> Iterator[av.AudioFrame | None]:
    size = _FRAME * 32
    for start in range(0, len(samples), size):
        part = samples[start : start + size].reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(part, format="s16", layout="stereo")
        frame.sample_rate, frame.pts = RATE, start
        yield frame
    yield None


def _encoded(piece: Piece, form: str, title: str) -> bytes:
    """Frames of MP3 are encoded once and repeated: the encoder is the slowest part of all, by far."""
    out, (codec, options) = io.BytesIO(), _CODECS[form]
    with av.open(out, "w", format=form) as container:
        container.metadata.update({"title": title, "encoder": "sandbox"})
        stream = cast(av.AudioStream, container.add_stream(codec, rate=RATE, options=options))
        stream.layout = "stereo"
        samples = piece.samples if form == "mp3" else piece.whole()
        packets = [packet for frame in _frames(samples) for packet in stream.encode(frame)]
        start, end = piece.first, piece.first + piece.count
        repeated = packets[start:end] * piece.repeats if form == "mp3" else []
        for index, packet in enumerate([*packets[:start], *repeated, *packets[start:]]):
            if form == "mp3":  # a packet that comes again comes at another time
                packet.time_base, packet.pts, packet.dts = Fraction(1, RATE), index * _FRAME, index * _FRAME
            container.mux(packet)
    return out.getvalue()
