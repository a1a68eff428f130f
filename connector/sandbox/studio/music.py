"""A prompt becomes a piece of music: key, chords, tempo and instruments by its words, its hash and the seed."""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from connector.sandbox.studio.pcm import RATE
from connector.sandbox.studio.words import digest, tokens

_MINOR = frozenset("sad dark melancholy minor night moody gloomy mystery horror epic tense rain lonely cinematic noir".split())
_TEMPI = {
    56: "ambient slow calm meditation drone sleep peaceful relaxing",
    76: "lofi lo-fi chill hiphop ballad soft gentle piano",
    128: "techno house dance edm upbeat energetic disco trance synthwave",
    164: "fast drum bass punk metal jungle frantic",
}
_DRUMS = frozenset("drum drums beat techno house dance edm hiphop hip-hop lofi rock disco percussion trance synthwave funk groove punk metal bass".split())
_MAJOR_CHORDS = ((0, 7, 9, 5), (0, 9, 5, 7), (0, 5, 9, 7), (0, 4, 5, 7))
_MINOR_CHORDS = ((0, 8, 3, 10), (0, 5, 8, 7), (0, 3, 10, 8), (0, 10, 8, 10))
_BASE = 130.81  # the C below middle C


@dataclass(frozen=True)
class Style:
    """What is played: the key, how fast, which chords, in which voice."""

    root: int
    minor: bool
    beats: float  # a minute
    chords: tuple[int, ...]
    partials: tuple[float, ...]  # how strong each overtone is
    drums: bool


def style_of(prompt: str, seed: int) -> Style:
    words, dice = set(tokens(prompt)), random.Random(digest("music", prompt, seed))
    minor = bool(words & _MINOR) or dice.random() < 0.35
    tempo = next((beats for beats, names in _TEMPI.items() if words & set(names.split())), dice.choice((84, 92, 100, 112)))
    voice = dice.choice(((1, 0.4, 0.2, 0.1), (1, 0.1, 0.35, 0.05, 0.15), (1, 0.6, 0.1, 0.25), (1, 0.2, 0.05)))
    return Style(dice.randrange(-5, 7), minor, tempo, dice.choice(_MINOR_CHORDS if minor else _MAJOR_CHORDS), voice, bool(words & _DRUMS))


def loop(prompt: str, seed: int, variation: int) -> array[int]:
    """Four bars, stereo. The harmony is the piece's; the melody changes with each variation."""
    style = style_of(prompt, seed)
    dice = random.Random(digest("melody", prompt, seed, variation))
    beat = round(RATE * 60 / style.beats)
    left, right = [0] * (beat * 16), [0] * (beat * 16)
    for bar, chord in enumerate(style.chords):
        _harmony(left, right, style, chord, bar * 4 * beat, beat)
        _melody(left, right, style, chord, bar * 4 * beat, beat, dice)
        if style.drums:
            _beat(left, right, bar * 4 * beat, beat)
    return _woven(left, right)


def _woven(left: Sequence[int], right: Sequence[int]) -> array[int]:
    """Left and right in turn, kept inside sixteen bits."""
    peak = max(1, max(left), max(right), -min(left), -min(right))
    scale = min(1.0, 29000 / peak)
    samples = array("h", bytes(len(left) * 4))
    samples[0::2] = array("h", [int(v * scale) for v in left])
    samples[1::2] = array("h", [int(v * scale) for v in right])
    return samples


def _third(style: Style, chord: int) -> int:
    """The chord's third, taken from the key's own scale."""
    scale = (0, 2, 3, 5, 7, 8, 10) if style.minor else (0, 2, 4, 5, 7, 9, 11)
    return 4 if (chord + 4) % 12 in scale else 3


def _harmony(left: list[int], right: list[int], style: Style, chord: int, start: int, beat: int) -> None:
    """A bass note and a held chord, spread over the two sides."""
    tones = (0, _third(style, chord), 7)
    _mix(left, right, _note(style.root + chord - 12, beat * 4, (1, 0.5, 0.12), 1.6), start, 5200, 5200)
    for index, tone in enumerate(tones):
        pad = _note(style.root + chord + tone, beat * 4, (1, 0.25, 0.08), 0.6, beat // 3)
        _mix(left, right, pad, start, 2600 - 700 * index, 1200 + 700 * index)


def _melody(left: list[int], right: list[int], style: Style, chord: int, start: int, beat: int, dice: random.Random) -> None:
    """An arpeggio in eighths, up or down, with rests."""
    tones = [style.root + chord + 12 + t for t in (0, _third(style, chord), 7, 12, 12 + _third(style, chord))]
    order = dice.choice(((0, 1, 2, 3, 4, 3, 2, 1), (0, 2, 1, 3, 2, 4, 3, 1), (3, 2, 1, 0, 2, 1, 3, 4)))
    for step, index in enumerate(order):
        if step == 0 or dice.random() < 0.85:
            note = _note(tones[index], round(beat * 1.4), style.partials, 4.5)
            side = 0.5 + 0.35 * math.sin(step * 1.3)
            _mix(left, right, note, start + step * beat // 2, round(5200 * side), round(5200 * (1 - side)))


def _beat(left: list[int], right: list[int], start: int, beat: int) -> None:
    for index in range(4):
        _mix(left, right, _kick(), start + index * beat, 7600, 7600)
        _mix(left, right, _hat(), start + index * beat + beat // 2, 1500, 2100)
        if index % 2:
            _mix(left, right, _snare(), start + index * beat, 4200, 3600)


def _mix(left: list[int], right: list[int], note: Sequence[float], start: int, loud_left: int, loud_right: int) -> None:
    """Add a note to both sides; what reaches past the end rings on at the beginning, so the loop is seamless."""
    for channel, loud in ((left, loud_left), (right, loud_right)):
        room = len(channel) - start
        for part, at in ((note[:room], start), (note[room:], 0)):
            channel[at : at + len(part)] = [a + int(b * loud) for a, b in zip(channel[at : at + len(part)], part, strict=False)]


@lru_cache(maxsize=256)
def _note(pitch: int, length: int, partials: tuple[float, ...], decay: float, attack: int = 300) -> array[float]:
    """A tone with overtones that fade, the higher ones being part of one precomputed wave."""
    wave, size = _wave(partials), 2048
    step = _BASE * 2 ** (pitch / 12) * size / RATE
    fade = math.exp(-decay / RATE)
    loud, sound = 1.0, array("d")
    for index in range(length):
        sound.append(wave[int(index * step) & 2047] * loud)
        loud *= fade
    return _shaped(sound, min(attack, length // 2))


def _shaped(sound: array[float], attack: int) -> array[float]:
    """No click at either end."""
    for index in range(attack):
        sound[index] *= index / attack
    for index in range(min(800, len(sound))):
        sound[-1 - index] *= index / 800
    return sound


@lru_cache(maxsize=16)
def _wave(partials: tuple[float, ...]) -> array[float]:
    total = sum(partials)
    return array("d", [sum(a * math.sin(math.tau * (n + 1) * i / 2048) for n, a in enumerate(partials)) / total for i in range(2048)])


@lru_cache(maxsize=1)
def _kick() -> array[float]:
    return array("d", [math.sin(30 * math.exp(-i / 1500) + i * 0.0068) * math.exp(-i / 3000) for i in range(9000)])


@lru_cache(maxsize=1)
def _hat() -> array[float]:
    dice = random.Random("hat")
    return array("d", [dice.uniform(-1, 1) * math.exp(-i / 600) for i in range(2600)])


@lru_cache(maxsize=1)
def _snare() -> array[float]:
    dice = random.Random("snare")
    return array("d", [(dice.uniform(-0.8, 0.8) + 0.4 * math.sin(i * 0.026)) * math.exp(-i / 1900) for i in range(6500)])
