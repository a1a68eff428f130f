"""Music synthesis: key, chords, tempo and instruments by the prompt's words, its hash and the seed."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from connector.sandbox.studio.prompt import digest, tokens

RATE = 44_100
_TOLD: dict[str, Any] = yaml.safe_load(files(__package__).joinpath("music.yaml").read_bytes())
_BASE = 130.81  # the C below middle C
_LEFT, _MIDDLE, _RIGHT = (1, 0), (1, 1), (0, 1)

Wave = NDArray[np.float32]
Samples = NDArray[np.int16]  # a row for each moment: left and right


@dataclass(frozen=True)
class Style:
    """What is played: the key, how fast, which chords, in which voice."""

    root: int
    scale: Sequence[int]
    beats: float  # a minute
    chords: Sequence[int]
    voice: str
    drums: bool

    @property
    def beat(self) -> int:
        """Moments in a beat. Eight bars are a whole number of MP3 frames, so that these can be repeated."""
        return round(RATE * 60 / self.beats / 36) * 36

    @property
    def form(self) -> tuple[int, ...]:
        """Which variation of four bars is played when; in a slow piece these are long, so it has fewer."""
        return (0, 1, 0, 2) if self.beat * 16 < 9 * RATE else (0, 1)

    def tones(self, chord: int) -> tuple[int, int, int]:
        """A chord's notes; its third is from the key's own scale."""
        third = 4 if (chord + 4) % 12 in self.scale else 3
        return (self.root + chord, self.root + chord + third, self.root + chord + 7)


def style_of(prompt: str, seed: int) -> Style:
    words, dice = set(tokens(prompt)), random.Random(digest("music", prompt, seed))
    mode = "minor" if words & set(_TOLD["minor"].split()) or dice.random() < 0.35 else "major"
    named = (beats for beats, names in _TOLD["tempi"].items() if words & set(names.split()))
    beats, chords = next(named, dice.choice((84, 92, 100, 112))), dice.choice(_TOLD["chords"][mode])
    drums, voice = bool(words & set(_TOLD["drums"].split())), dice.choice(_TOLD["leads"])
    return Style(dice.randrange(-5, 7), _TOLD["scales"][mode], beats, chords, voice, drums)


def played(style: Style, prompt: str, seed: int, length: int) -> Samples:
    """So many moments of the form over and over: the harmony stays, the melody changes."""
    ground = _ground(style)

    @cache
    def variation(number: int) -> Samples:
        dice = random.Random(digest("melody", prompt, seed, number))
        return _levelled(_varied(ground.copy(), style, dice), style.beat * 16)

    parts = [variation(style.form[i % len(style.form)]) for i in range(-(-length // (style.beat * 16)))]
    return np.concatenate(parts)[:length]


def _put(track: Wave, note: Wave, start: int, side: tuple[int, int]) -> None:
    track[start : start + len(note)] += np.outer(note, side)


def _levelled(track: Wave, length: int) -> Samples:
    """In sixteen bits; what reaches past the end rings on at the beginning, so that the loop has no seam."""
    loop, rest = track[:length], track[length:]
    loop[: len(rest)] += rest
    return np.asarray(loop * min(1.6, 28000 / max(1.0, np.abs(loop).max())), np.int16)


def _ground(style: Style) -> Wave:
    """A bass note in the middle and a held chord from side to side, in each of four bars; and drums."""
    beat = style.beat
    track = np.zeros((beat * 20, 2), np.float32)
    for bar, chord in enumerate(style.chords):
        _put(track, _note(style.root + chord - 12, beat * 4, "bass"), bar * beat * 4, _MIDDLE)
        for side, tone in zip((_LEFT, _MIDDLE, _RIGHT), style.tones(chord), strict=True):
            _put(track, _note(tone, beat * 4, "pad"), bar * beat * 4, side)
    for count in range(16 if style.drums else 0):
        _put(track, _kick(), count * beat, _MIDDLE)
        _put(track, _rattle(2100, 73, 0.06), count * beat + beat // 2, _RIGHT)
        if count % 2:
            _put(track, _rattle(3600, 23, 0.145), count * beat, _MIDDLE)
    return track


def _varied(track: Wave, style: Style, dice: random.Random) -> Wave:
    """Arpeggios in eighths, with rests, from one side to the other."""
    for bar, chord in enumerate(style.chords):
        low, third, fifth = (tone + 12 for tone in style.tones(chord))
        scale = (low, third, fifth, low + 12, third + 12)
        for step, index in enumerate(dice.choice(_TOLD["orders"])):
            if step == 0 or dice.random() < 0.85:
                note = _note(scale[index], round(style.beat * 1.3), style.voice)
                side = (_LEFT, _MIDDLE, _RIGHT, _MIDDLE)[step % 4]
                _put(track, note, (bar * 8 + step) * style.beat // 2, side)
    return track


def _seconds(length: int) -> Wave:
    return np.arange(length, dtype=np.float32) / np.float32(RATE)


@cache
def _note(pitch: int, length: int, voice: str) -> Wave:
    """A tone with its overtones, that fades, with no click at either end."""
    overtones, decay, loud, attack = _TOLD["voices"][voice]
    moments = _seconds(length)
    turns = moments * np.float32(math.tau * _BASE * 2 ** (pitch / 12))
    tone = sum(strength * np.sin(turns * number) for number, strength in enumerate(overtones, 1))
    edges = np.minimum(moments / attack, moments[::-1] / 0.018).clip(0, 1)
    return np.asarray(tone * edges * np.exp(-decay * moments) * (loud / sum(overtones)), np.float32)


@cache
def _kick() -> Wave:
    t = _seconds(9000)
    return np.asarray(7600 * np.sin(30 * np.exp(-29 * t) + 300 * t) * np.exp(-15 * t), np.float32)


@cache
def _rattle(loud: float, decay: float, seconds: float) -> Wave:
    """Noise that fades: a hat, or longer and with some body, a snare."""
    t = _seconds(round(seconds * RATE))
    noise = np.random.default_rng(1).uniform(-1, 1, len(t)) + 0.4 * np.sin(1150 * t)
    return np.asarray(loud * noise * np.exp(-decay * t), np.float32)
