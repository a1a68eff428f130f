"""What a prompt asks for: the things, the place, the hour, the weather and the colours it names."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from connector.sandbox.studio.colour import Colour
from connector.sandbox.studio.scenery import COUNTS, HOUR_WORDS, NAMED, PLACE_WORDS, SETTINGS, WEATHER_WORDS
from connector.sandbox.studio.svg import BY_WORD, Motif

_REACH = 3  # a colour belongs to a thing that follows within so many words


@dataclass(frozen=True)
class Asked:
    """One thing that is to be seen, how often, and in which colour if that is said."""

    motif: Motif
    count: int = 1
    colour: Colour | None = None


@dataclass(frozen=True)
class Reading:
    """A prompt, understood."""

    text: str
    things: tuple[Asked, ...] = ()
    place: str | None = None
    hour: str | None = None
    weather: frozenset[str] = frozenset()
    tints: tuple[Colour, ...] = ()  # the colours that belong to no thing, and so to the whole picture

    @property
    def setting(self) -> str:
        """Where it happens: said, or the home of the first thing, or nowhere in particular."""
        home = self.things[0].motif.home if self.things else "abstract"
        if not self.place:
            return "hills" if home == "abstract" and (self.hour or self.weather) else home
        floats = any(asked.motif.stand == "water" for asked in self.things)
        return self.place if self.place == "abstract" or SETTINGS[self.place].wet or not floats else "lake"


def tokens(text: str) -> list[str]:
    """The words of a prompt, without the ``(word:0.5)`` weights."""
    bare = re.sub(r":\s*-?[\d.]+", " ", text.lower())
    return re.findall(r"[a-z0-9]+(?:-[a-z]+)*", re.sub(r"(golden|blue) hour", r"\1-hour", bare))


def digest(*parts: object) -> str:
    """A text that stands for these values, to seed the dice with."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()


def first_colour(text: str) -> Colour | None:
    return next((NAMED[word] for word in tokens(text) if word in NAMED), None)


def read(prompt: str, negative: str = "") -> Reading:
    """What the prompt asks for, less what the negative prompt excludes."""
    banned = tokens(negative)
    words = [word for word in tokens(prompt) if word not in banned]
    barred = {_motif(word) for word in banned}
    at: dict[Motif, int] = {}  # the motifs in the order of their first mention, with where that is
    for index, word in enumerate(words):
        if (motif := _motif(word)) and motif not in barred:
            at.setdefault(motif, index)
    things = tuple(_asked(words, index, motif) for motif, index in at.items())
    tables = (PLACE_WORDS, HOUR_WORDS, WEATHER_WORDS)
    places, hours, weather = ([table[word] for word in words if word in table] for table in tables)
    place, hour = "lake" if "lake" in words else next(iter(places), None), next(iter(hours), None)
    taken = {i for index in at.values() for i in range(index - _REACH, index)}
    tints = tuple(NAMED[word] for i, word in enumerate(words) if word in NAMED and i not in taken)
    return Reading(prompt, things, place, hour, frozenset(weather), tints)


def _motif(word: str) -> Motif | None:
    """What a word names, in the singular or the plural."""
    forms = (word, word.removesuffix("s"), word.removesuffix("es"), re.sub("ies$", "y", word))
    return next((BY_WORD[form] for form in forms if form in BY_WORD), None)


def _asked(words: Sequence[str], index: int, motif: Motif) -> Asked:
    before = words[max(0, index - _REACH) : index]
    counts = [COUNTS[word] for word in before if word in COUNTS]
    colours = [NAMED[word] for word in before if word in NAMED]
    plural = 1 if words[index] in BY_WORD else 3
    return Asked(motif, counts[-1] if counts else plural, colours[-1] if colours else None)
