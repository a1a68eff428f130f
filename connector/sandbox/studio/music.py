"""A prompt becomes a piece of music: key, chords, tempo and instruments by its words, its hash and the seed.

Plain Python makes every sample, so it makes few: at half of the final rate, each note once, and each note
on one of three buses (left, middle, right) instead of on two channels.
"""

from __future__ import annotations

import itertools
import math
import random
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from operator import add, mul
from typing import Any

import yaml

from connector.sandbox.studio.prompt import digest, tokens

RATE = 22_050
_TOLD: dict[str, Any] = yaml.safe_load(files(__package__).joinpath("music.yaml").read_bytes())
_BASE = 130.81  # the C below middle C
_WAVE = 2048  # samples in a wave's table
_LEFT, _MIDDLE, _RIGHT = 0, 1, 2

Buses = list[list[float]]
Voice = tuple[tuple[float, ...], float, int, int]  # overtones, decay, loudness, attack


def _voice(told: Sequence[Any]) -> Voice:
    return (tuple(told[0]), told[1], told[2], told[3])


@dataclass(frozen=True)
class Style:
    """What is played: the key, how fast, which chords, in which voice."""

    root: int
    scale: Sequence[int]
    beats: float  # a minute
    chords: Sequence[int]
    voice: Voice
    drums: bool

    @property
    def beat(self) -> int:
        """Samples in a beat. Four bars are a whole number of MP3 frames, so that these can be repeated."""
        return round(RATE * 60 / self.beats / 36) * 36

    @property
    def bars(self) -> int:
        """Samples in four bars."""
        return self.beat * 16

    @property
    def form(self) -> tuple[int, ...]:
        """Which variation is played when; in a slow piece four bars are long, so it has fewer."""
        return (0, 1, 0, 2) if self.bars < 9 * RATE else (0, 1)

    def third(self, chord: int) -> int:
        """A chord's third, from the key's own scale."""
        return 4 if (chord + 4) % 12 in self.scale else 3


def style_of(prompt: str, seed: int) -> Style:
    words, dice = set(tokens(prompt)), random.Random(digest("music", prompt, seed))
    mode = "minor" if words & set(_TOLD["minor"].split()) or dice.random() < 0.35 else "major"
    named = (beats for beats, names in _TOLD["tempi"].items() if words & set(names.split()))
    beats, chords = next(named, dice.choice((84, 92, 100, 112))), dice.choice(_TOLD["chords"][mode])
    drums = bool(words & set(_TOLD["drums"].split()))
    voice = _voice(dice.choice(_TOLD["voices"]))
    return Style(dice.randrange(-5, 7), _TOLD["scales"][mode], beats, chords, voice, drums)


def played(style: Style, prompt: str, seed: int) -> Iterator[int]:
    """The form over and over: the harmony stays, the melody changes. Left and right samples in turn."""
    ground = _ground(style)

    @lru_cache
    def variation(number: int) -> array[int]:
        dice = random.Random(digest("melody", prompt, seed, number))
        return _woven(_varied([bus.copy() for bus in ground], style, dice))

    return itertools.chain.from_iterable(map(variation, itertools.cycle(style.form)))


def _put(buses: Buses, side: int, note: Sequence[float], start: int) -> None:
    """Add a note; what reaches past the end rings on at the beginning, so that the loop has no seam."""
    bus = buses[side]
    room = len(bus) - start
    for part, at in ((note[:room], start), (note[room:], 0)):
        bus[at : at + len(part)] = map(add, bus[at : at + len(part)], part)


def _woven(buses: Buses) -> array[int]:
    """Left and right in turn, in sixteen bits."""
    left, middle, right = buses
    channels = list(map(add, left, middle)), list(map(add, right, middle))
    peak = max(1.0, *(max(max(channel), -min(channel)) for channel in channels))
    gain, samples = min(1.6, 28000 / peak), array("h", bytes(len(left) * 4))
    for index, channel in enumerate(channels):
        samples[index::2] = array("h", map(int, map(mul, channel, itertools.repeat(gain))))
    return samples


def _ground(style: Style) -> Buses:
    """A bass note in the middle and a held chord from side to side, in each of four bars; and drums."""
    buses, long = [[0.0] * style.bars for _ in range(3)], style.beat * 4
    bass, pad = _voice(_TOLD["bass"]), _voice(_TOLD["pad"])
    for bar, chord in enumerate(style.chords):
        _put(buses, _MIDDLE, _note(style.root + chord - 12, long, bass), bar * long)
        for side, tone in ((_LEFT, 0), (_MIDDLE, style.third(chord)), (_RIGHT, 7)):
            _put(buses, side, _note(style.root + chord + tone, long, pad), bar * long)
    for beat in range(16 if style.drums else 0):
        _put(buses, _MIDDLE, _kick(), beat * style.beat)
        _put(buses, _RIGHT, _rattle(2100, 300, 1300), beat * style.beat + style.beat // 2)
        if beat % 2:
            _put(buses, _MIDDLE, _rattle(3600, 950, 3200), beat * style.beat)
    return buses


def _varied(buses: Buses, style: Style, dice: random.Random) -> Buses:
    """Arpeggios in eighths, with rests, from one side to the other."""
    for bar, chord in enumerate(style.chords):
        third = style.third(chord)
        tones = [style.root + chord + 12 + tone for tone in (0, third, 7, 12, 12 + third)]
        for step, index in enumerate(dice.choice(_TOLD["orders"])):
            if step == 0 or dice.random() < 0.85:
                note = _note(tones[index], round(style.beat * 1.3), style.voice)
                side, start = (_LEFT, _MIDDLE, _RIGHT, _MIDDLE)[step % 4], bar * 8 + step
                _put(buses, side, note, start * style.beat // 2)
    return buses


@lru_cache(maxsize=128)
def _note(pitch: int, length: int, voice: Voice) -> list[float]:
    """A tone with its overtones, that fades."""
    overtones, decay, loud, attack = voice
    wave = _wave(overtones)
    step = round(_BASE * 2 ** (pitch / 12) * _WAVE / RATE * 4096)  # in fractions of a sample
    tone = [wave[(i >> 12) & (_WAVE - 1)] for i in range(0, step * length, step)]
    return list(map(mul, tone, _envelope(length, decay, loud, min(attack, length // 2))))


@lru_cache(maxsize=32)
def _envelope(length: int, decay: float, loud: int, attack: int) -> list[float]:
    """Loudness over time, with no click at either end."""
    curve = [loud * math.exp(-decay * i / RATE) for i in range(length)]
    curve[:attack] = [v * i / attack for i, v in enumerate(curve[:attack])]
    curve[-400:] = [v * (1 - i / 400) for i, v in enumerate(curve[-400:])]
    return curve


@lru_cache(maxsize=16)
def _wave(overtones: Sequence[float]) -> list[float]:
    total, turns = sum(overtones), [math.tau * i / _WAVE for i in range(_WAVE)]
    return [sum(a * math.sin(n * turn) for n, a in enumerate(overtones, 1)) / total for turn in turns]


@lru_cache(maxsize=1)
def _kick() -> list[float]:
    return [7600 * math.sin(30 * math.exp(-i / 750) + i * 0.0136) * math.exp(-i / 1500) for i in range(4500)]


@lru_cache(maxsize=2)
def _rattle(loud: float, decay: float, length: int) -> list[float]:
    """Noise that fades: a hat, or longer and with some body, a snare."""
    dice = random.Random(length)
    body = (dice.uniform(-1, 1) + 0.4 * math.sin(i * 0.052) for i in range(length))
    return [loud * value * math.exp(-i / decay) for i, value in enumerate(body)]
