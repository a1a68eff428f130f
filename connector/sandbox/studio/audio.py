"""Text to audio, audio to audio, and audio inpainting: 44.1 kHz, 16 bits, stereo, as MP3 or WAV.

Key, chords, tempo and instruments are by the prompt's words (see ``music.yaml``), its hash and the seed.
"""

from __future__ import annotations

import io
import math
import random
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import Any, cast

import av
import numpy as np
import yaml
from numpy.typing import NDArray

from connector.sandbox.studio.arguments import Arguments, Made
from connector.sandbox.studio.files import Unreadable
from connector.sandbox.studio.prompt import digest, tokens

RATE = 44_100
FRAME = 1152  # moments in a frame of MP3; eight bars are a whole number of them, so that they can be repeated
_TOLD: dict[str, Any] = yaml.safe_load(files(__package__).joinpath("music.yaml").read_bytes())
_BASE = 130.81  # the C below middle C
_SIDES = ((1, 0), (1, 1), (0, 1))  # left, middle, right

Samples = NDArray[np.int16]  # a row for each moment: left and right


def _loop(prompt: str, seed: int, seconds: float) -> Samples:
    """Eight bars, or the first of them that last so long.

    Bass, held chords, an arpeggio from one side to the other, and drums if they are named. What reaches past
    the end rings on at the beginning, so that the loop has no seam.
    """
    words, dice = set(tokens(prompt)), random.Random(digest("music", prompt, seed))
    mode = "minor" if words & set(_TOLD["minor"].split()) or dice.random() < 0.35 else "major"
    named = (beats for beats, names in _TOLD["tempi"].items() if words & set(names.split()))
    beat = round(RATE * 60 / next(named, dice.choice((84, 92, 100, 112))) * 32 / FRAME) * FRAME // 32
    root, lead = dice.randrange(-5, 7), dice.choice(_TOLD["leads"])
    chords = dice.choice(_TOLD["chords"][mode]) * 2
    bars = min(8, math.ceil(seconds * RATE / beat / 4))
    track = np.zeros((beat * 32, 2), np.float32)

    def put(start: float, pitch: int, beats: float, voice: str, side: tuple[int, int] = (1, 1)) -> None:
        note = _note(pitch, round(beat * beats), voice)
        track[(round(start * beat) + np.arange(len(note))) % len(track)] += np.outer(note, side)

    for first, chord in zip(range(0, bars * 4, 4), chords, strict=False):
        third = 4 if (chord + 4) % 12 in _TOLD["scales"][mode] else 3  # from the key's own scale
        triad = [root + chord + step for step in (0, third, 7)]
        put(first, triad[0] - 12, 4, "bass")
        for tone, side in zip(triad, _SIDES, strict=True):
            put(first, tone, 4, "pad", side)
        scale = [tone + octave for octave in (12, 24) for tone in triad]
        for step, index in enumerate(dice.choice(_TOLD["orders"])):
            if step == 0 or dice.random() < 0.85:
                put(first + step / 2, scale[index], 1.3, lead, _SIDES[step % 3])
        for count in range(first, first + 4 if words & set(_TOLD["drums"].split()) else first):
            put(count, -20, 0.4, "kick")
            put(count + 0.5, 40, 0.1, "hat", _SIDES[2])
    return np.asarray(track * min(1.6, 28000 / max(1.0, np.abs(track).max())), np.int16)


@cache
def _note(pitch: int, length: int, voice: str) -> NDArray[np.float32]:
    """A tone with its overtones, that fades, with no click at either end."""
    overtones, decay, loud, attack = _TOLD["voices"][voice]
    moments = np.arange(length, dtype=np.float32) / np.float32(RATE)
    turns = moments * np.float32(2 * np.pi * _BASE * 2 ** (pitch / 12))
    tone = sum(strength * np.sin(turns * number) for number, strength in enumerate(overtones, 1))
    edges = np.minimum(moments / attack, moments[::-1] / 0.018).clip(0, 1)
    return np.asarray(tone * edges * np.exp(-decay * moments) * (loud / sum(overtones)), np.float32)


def text_to_audio(given: Arguments) -> Made:
    seconds = given.number("duration", 190)
    loop = _loop(given.prompt, given.seed, seconds)
    return _finished(given, _lasting(loop, seconds), len(loop))


def audio_to_audio(given: Arguments) -> Made:
    """The given sound gives way to the prompt's piece as the strength rises."""
    seconds, strength = given.number("duration", 190), np.float32(given.number("strength", 1))
    new = _lasting(_loop(given.prompt, given.seed, seconds), seconds)
    old = _cut(decode(given.files["audio"]), len(new))
    return _finished(given, np.asarray(old * (1 - strength) + new * strength, np.int16))


def inpaint(given: Arguments) -> Made:
    """Between the two moments the prompt's piece, before and after them the given sound."""
    result = _cut(decode(given.files["audio"]), round(given.number("duration", 190) * RATE))
    hole = result[round(given.number("mask_start", 30) * RATE) : round(given.number("mask_end", 380) * RATE)]
    seconds = len(hole) / RATE
    hole[:] = _lasting(_loop(given.prompt, given.seed, seconds), seconds)
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
    media_type, codec, options = _TOLD["formats"][form]
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
    return Made(out.getvalue(), media_type)
