"""A prompt becomes a piece of music: key, chords, tempo and instruments by its words, its hash and the seed.

Plain Python makes every sample, so it makes few: at half of the final rate, each note once, and each note
on one of three buses (left, middle, right) instead of on two channels.
"""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import add, mul

from connector.sandbox.studio.prompt import digest, tokens

RATE = 22_050
_MINOR_WORDS = (
    "sad dark melancholy minor night moody gloomy mystery horror epic tense rain lonely cinematic noir"
)
_TEMPI = {
    60: "ambient slow calm meditation drone sleep peaceful relaxing",
    76: "lofi lo-fi chill hiphop ballad soft gentle piano",
    128: "techno house dance edm upbeat energetic disco trance synthwave",
    164: "fast drum bass punk metal jungle frantic",
}
_DRUM_WORDS = (
    "drum drums beat techno house dance edm hiphop hip-hop lofi rock disco "
    "percussion trance synthwave funk groove punk metal bass"
)
_MAJOR_CHORDS = ((0, 7, 9, 5), (0, 9, 5, 7), (0, 5, 9, 7), (0, 4, 5, 7))
_MINOR_CHORDS = ((0, 8, 3, 10), (0, 5, 8, 7), (0, 3, 10, 8), (0, 10, 8, 10))
_VOICES = ((1.0, 0.4, 0.2, 0.1), (1.0, 0.1, 0.35, 0.05, 0.15), (1.0, 0.6, 0.1, 0.25), (1.0, 0.2, 0.05))
_BASS, _PAD = (1.0, 0.5, 0.12), (1.0, 0.25, 0.08)
_BASE = 130.81  # the C below middle C
_WAVE = 2048  # samples in a wave's table
_LEFT, _MIDDLE, _RIGHT = 0, 1, 2


@dataclass(frozen=True)
class Style:
    """What is played: the key, how fast, which chords, in which voice."""

    root: int
    minor: bool
    beats: float  # a minute
    chords: tuple[int, ...]
    voice: tuple[float, ...]  # how strong each overtone is
    drums: bool

    @property
    def beat(self) -> int:
        """Samples in a beat. Four bars are a whole number of MP3 frames, so that these can be repeated."""
        return round(RATE * 60 / self.beats / 36) * 36

    @property
    def bars(self) -> int:
        """Samples in four bars."""
        return self.beat * 16

    def third(self, chord: int) -> int:
        """A chord's third, from the key's own scale."""
        scale = (0, 2, 3, 5, 7, 8, 10) if self.minor else (0, 2, 4, 5, 7, 9, 11)
        return 4 if (chord + 4) % 12 in scale else 3


def style_of(prompt: str, seed: int) -> Style:
    words, dice = set(tokens(prompt)), random.Random(digest("music", prompt, seed))
    minor = bool(words & set(_MINOR_WORDS.split())) or dice.random() < 0.35
    tempo = next(
        (beats for beats, names in _TEMPI.items() if words & set(names.split())),
        dice.choice((84, 92, 100, 112)),
    )
    chords = dice.choice(_MINOR_CHORDS if minor else _MAJOR_CHORDS)
    return Style(
        dice.randrange(-5, 7),
        minor,
        tempo,
        chords,
        dice.choice(_VOICES),
        bool(words & set(_DRUM_WORDS.split())),
    )


class Buses:
    """Four bars being filled with notes."""

    def __init__(self, length: int) -> None:
        self.sides = [[0.0] * length for _ in range(3)]

    def put(self, side: int, note: Sequence[float], start: int) -> None:
        """Add a note; what reaches past the end rings on at the beginning, so that the loop has no seam."""
        bus = self.sides[side]
        room = len(bus) - start
        for part, at in ((note[:room], start), (note[room:], 0)):
            bus[at : at + len(part)] = map(add, bus[at : at + len(part)], part)

    def copied(self) -> Buses:
        other = Buses(0)
        other.sides = [side.copy() for side in self.sides]
        return other

    def woven(self) -> array[int]:
        """Left and right in turn, in sixteen bits."""
        left, middle, right = self.sides
        channels = list(map(add, left, middle)), list(map(add, right, middle))
        peak = max(1.0, *(max(max(c), -min(c)) for c in channels))
        samples = array("h", bytes(len(left) * 4))
        for index, channel in enumerate(channels):
            samples[index::2] = array(
                "h", map(int, map(mul, channel, _always(min(1.6, 28000 / peak), len(left))))
            )
        return samples


def _always(value: float, count: int) -> Iterable[float]:
    return [value] * count


def loops(style: Style, prompt: str, seed: int, count: int) -> list[array[int]]:
    """Four bars in so many variations: the harmony stays, the melody changes."""
    ground = _ground(style)
    return [
        _varied(ground.copied(), style, random.Random(digest("melody", prompt, seed, i))).woven()
        for i in range(count)
    ]


def _ground(style: Style) -> Buses:
    buses = Buses(style.bars)
    for bar, chord in enumerate(style.chords):
        _harmony(buses, style, chord, bar * 4 * style.beat)
        if style.drums:
            _drums(buses, bar * 4 * style.beat, style.beat)
    return buses


def _harmony(buses: Buses, style: Style, chord: int, start: int) -> None:
    """A bass note in the middle and a held chord, spread from side to side."""
    long = style.beat * 4
    buses.put(_MIDDLE, _note(style.root + chord - 12, long, _BASS, 1.6, 5200), start)
    for side, tone in ((_LEFT, 0), (_MIDDLE, style.third(chord)), (_RIGHT, 7)):
        buses.put(side, _note(style.root + chord + tone, long, _PAD, 0.6, 2300, style.beat // 3), start)


def _varied(buses: Buses, style: Style, dice: random.Random) -> Buses:
    for bar, chord in enumerate(style.chords):
        _melody(buses, style, chord, bar * 4 * style.beat, dice)
    return buses


def _melody(buses: Buses, style: Style, chord: int, start: int, dice: random.Random) -> None:
    """An arpeggio in eighths, with rests, from one side to the other."""
    third = style.third(chord)
    tones = [style.root + chord + 12 + t for t in (0, third, 7, 12, 12 + third)]
    order = dice.choice(((0, 1, 2, 3, 4, 3, 2, 1), (0, 2, 1, 3, 2, 4, 3, 1), (3, 2, 1, 0, 2, 1, 3, 4)))
    for step, index in enumerate(order):
        if step == 0 or dice.random() < 0.85:
            note = _note(tones[index], round(style.beat * 1.3), style.voice, 4.5, 4400)
            buses.put((_LEFT, _MIDDLE, _RIGHT, _MIDDLE)[step % 4], note, start + step * style.beat // 2)


def _drums(buses: Buses, start: int, beat: int) -> None:
    for index in range(4):
        buses.put(_MIDDLE, _kick(), start + index * beat)
        buses.put(_RIGHT, _hat(), start + index * beat + beat // 2)
        if index % 2:
            buses.put(_MIDDLE, _snare(), start + index * beat)


@lru_cache(maxsize=128)
def _note(
    pitch: int, length: int, partials: tuple[float, ...], decay: float, loud: int, attack: int = 150
) -> list[float]:
    """A tone with its overtones, that fades."""
    wave = _wave(partials)
    step = round(_BASE * 2 ** (pitch / 12) * _WAVE / RATE * 4096)  # in fractions of a sample
    tone = [wave[(i >> 12) & (_WAVE - 1)] for i in range(0, step * length, step)]
    return list(map(mul, tone, _envelope(length, decay, loud, min(attack, length // 2))))


@lru_cache(maxsize=32)
def _envelope(length: int, decay: float, loud: int, attack: int) -> list[float]:
    """Loudness over time, with no click at either end."""
    fade, level, curve = math.exp(-decay / RATE), float(loud), []
    for _ in range(length):
        curve.append(level)
        level *= fade
    curve[:attack] = [v * i / attack for i, v in enumerate(curve[:attack])]
    tail = min(400, length)
    curve[length - tail :] = [v * (1 - i / tail) for i, v in enumerate(curve[length - tail :])]
    return curve


@lru_cache(maxsize=16)
def _wave(partials: tuple[float, ...]) -> list[float]:
    total = sum(partials)
    return [
        sum(a * math.sin(math.tau * (n + 1) * i / _WAVE) for n, a in enumerate(partials)) / total
        for i in range(_WAVE)
    ]


@lru_cache(maxsize=1)
def _kick() -> list[float]:
    return [7600 * math.sin(30 * math.exp(-i / 750) + i * 0.0136) * math.exp(-i / 1500) for i in range(4500)]


@lru_cache(maxsize=1)
def _hat() -> list[float]:
    dice = random.Random("hat")
    return [2100 * dice.uniform(-1, 1) * math.exp(-i / 300) for i in range(1300)]


@lru_cache(maxsize=1)
def _snare() -> list[float]:
    dice = random.Random("snare")
    return [
        4000 * (dice.uniform(-0.8, 0.8) + 0.4 * math.sin(i * 0.052)) * math.exp(-i / 950) for i in range(3200)
    ]
