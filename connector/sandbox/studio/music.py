"""Music synthesis: key, chords, tempo and instruments by the prompt's words, its hash and the seed."""

from __future__ import annotations

import math
import random
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from connector.sandbox.studio.prompt import digest, tokens

RATE = 44_100
FRAME = 1152  # moments in a frame of MP3; eight bars are a whole number of them, so that they can be repeated
_TOLD: dict[str, Any] = yaml.safe_load(files(__package__).joinpath("music.yaml").read_bytes())
_BASE = 130.81  # the C below middle C
_SIDES = ((1, 0), (1, 1), (0, 1))  # left, middle, right

Wave = NDArray[np.float32]
Samples = NDArray[np.int16]  # a row for each moment: left and right


def loop(prompt: str, seed: int, seconds: float) -> Samples:
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
def _note(pitch: int, length: int, voice: str) -> Wave:
    """A tone with its overtones, that fades, with no click at either end."""
    overtones, decay, loud, attack = _TOLD["voices"][voice]
    moments = np.arange(length, dtype=np.float32) / np.float32(RATE)
    turns = moments * np.float32(2 * np.pi * _BASE * 2 ** (pitch / 12))
    tone = sum(strength * np.sin(turns * number) for number, strength in enumerate(overtones, 1))
    edges = np.minimum(moments / attack, moments[::-1] / 0.018).clip(0, 1)
    return np.asarray(tone * edges * np.exp(-decay * moments) * (loud / sum(overtones)), np.float32)
