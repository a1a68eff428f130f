"""Text to audio, audio to audio, and audio inpainting: 44.1 kHz, 16 bits, stereo, as MP3 or WAV."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import chain
from typing import cast

import av
import numpy as np

from connector.sandbox.studio import music
from connector.sandbox.studio.arguments import Arguments, Made
from connector.sandbox.studio.files import Unreadable
from connector.sandbox.studio.music import FRAME, RATE, Samples

_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav"}
# Without a reservoir each frame stands for itself, which is what lets it be repeated.
_CODECS = {
    "wav": ("pcm_s16le", {}),
    "mp3": ("libmp3lame", {"b": "128k", "compression_level": "9", "reservoir": "0"}),
}


def text_to_audio(given: Arguments) -> Made:
    seconds = given.number("duration", 190)
    loop = music.loop(given.prompt, given.seed, seconds)
    return _finished(given, _lasting(loop, seconds), len(loop))


def audio_to_audio(given: Arguments) -> Made:
    """The given sound gives way to the prompt's piece as the strength rises."""
    seconds, strength = given.number("duration", 190), np.float32(given.number("strength", 1))
    new = _lasting(music.loop(given.prompt, given.seed, seconds), seconds)
    old = _cut(decode(given.files["audio"]), len(new))
    return _finished(given, np.asarray(old * (1 - strength) + new * strength, np.int16))


def inpaint(given: Arguments) -> Made:
    """Between the two moments the prompt's piece, before and after them the given sound."""
    result = _cut(decode(given.files["audio"]), round(given.number("duration", 190) * RATE))
    hole = result[round(given.number("mask_start", 30) * RATE) : round(given.number("mask_end", 380) * RATE)]
    seconds = len(hole) / RATE
    hole[:] = _lasting(music.loop(given.prompt, given.seed, seconds), seconds)
    return _finished(given, result)


def _lasting(loop: Samples, seconds: float) -> Samples:
    """The loop for exactly so long, with no click at either end."""
    samples = np.resize(loop, (round(seconds * RATE), 2))
    reach = min(RATE // 2, len(samples) // 4)
    ramp = np.linspace(0, 1, reach, dtype=np.float32)[:, None]
    samples[:reach] = samples[:reach] * ramp
    samples[len(samples) - reach :] = samples[len(samples) - reach :] * ramp[::-1]
    return samples


def _cut(samples: Samples, length: int) -> Samples:
    """So many moments: cut off, or filled up with silence."""
    return np.pad(samples[:length], ((0, max(0, length - len(samples))), (0, 0)))


def decode(content: bytes) -> Samples:
    """The samples of an MP3 or WAV file, at our rate and in our format."""
    resampler = av.AudioResampler(format="s16", layout="stereo", rate=RATE)
    try:
        form = "mp3" if content[:3] == b"ID3" else None  # a tag may be longer than what is probed
        with av.open(io.BytesIO(content), "r", format=form, metadata_errors="replace") as container:
            frames = chain(_heard(container), [None])  # none: what the resampler still holds back
            parts = [part.to_ndarray() for frame in frames for part in resampler.resample(frame)]
        return np.asarray(np.concatenate(parts, axis=1).reshape(-1, 2), np.int16)
    except (av.error.FFmpegError, ValueError, IndexError) as failure:
        raise Unreadable("audio: cannot be decoded as MP3 or WAV") from failure


def _heard(container: av.container.InputContainer) -> Iterator[av.AudioFrame]:
    """The frames of a sound; what is broken among them is passed over, as players do."""
    for packet in container.demux(audio=0):
        with suppress(av.error.InvalidDataError):
            yield from packet.decode()


def _finished(given: Arguments, samples: Samples, period: int = 0) -> Made:
    """Frames of MP3 are encoded for one period and repeated: the encoder is by far the slowest part."""
    form, out = given.text("output_format", "mp3"), io.BytesIO()
    codec, options = _CODECS[form]
    repeats = max(0, len(samples) // period - 2) if period and form == "mp3" else 0
    stored = np.concatenate([samples[:period], samples[period * (1 + repeats) :]])
    start, end = period // 4 // FRAME, (period // 4 + period) // FRAME
    with av.open(out, "w", format=form) as container:
        title = f"sandbox: {given.prompt[:80]} (seed {given.seed})"
        container.metadata.update({"title": title, "encoder": "sandbox"})
        stream = cast(av.AudioStream, container.add_stream(codec, rate=RATE, options=options))
        stream.layout = "stereo"
        sound = av.AudioFrame.from_ndarray(stored.reshape(1, -1), format="s16", layout="stereo")
        sound.sample_rate = RATE
        packets = [*stream.encode(sound), *stream.encode(None)]
        for index, packet in enumerate([*packets[:start], *packets[start:end] * repeats, *packets[start:]]):
            if repeats:  # a packet that comes again comes at another time
                packet.time_base, packet.pts, packet.dts = Fraction(1, RATE), index * FRAME, index * FRAME
            container.mux(packet)
    return Made(out.getvalue(), _TYPES[form])
