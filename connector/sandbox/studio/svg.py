"""Drawings in SVG, made of motifs: symbols in the files of ``motifs/``, whose fills are told by roles.

A symbol's ``data-`` attributes are the fields of ``Motif``; it stands on y = 0, and is about one unit high.
Its fills and strokes are in a language of their own, which becomes SVG where a motif is put on a drawing:
a role (``main``, ``accent``, ``light``, ``window``, ``haze``, ``sun`` ...) or ``#rrggbb``; each ``+`` or
``-`` after it is a step lighter or darker; ``~0.5`` is how far away it is; ``a>b`` runs from top to bottom;
``!`` in front is for what shines by itself; ``*`` before all fades from the middle to the rim; ``@0.5`` at
the end says how dense it is.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import resvg
from PIL import Image

from connector.sandbox.studio.colour import Colour, colour, lighter, mix
from connector.sandbox.studio.scenery import Light

HIGH = 1000.0  # the height of every drawing, in its own units
_STEP = 0.26  # what one + or - does
_FADE = ((0, 1), (0.25, 0.56), (0.5, 0.25), (0.75, 0.06), (1, 0))  # light falls off faster than a cone
_STRIP = 128  # rows that are rendered at a time: the renderer lets no other thread run meanwhile
_SYMBOL = re.compile(r'<symbol id="(\w+)" viewBox="([^"]+)"([^>]*)>(.*?)</symbol>', re.DOTALL)
_FACT = re.compile(r'data-(\w+)="([^"]*)"')
_STOP = '<stop offset="{:.3f}" stop-color="rgb{}" stop-opacity="{}"/>'
_DOWN = {"radialGradient": "", "linearGradient": ' x2="0" y2="1"'}
_PAINTED = re.compile(r'(fill|stroke)="([^"]+)"')

Box = tuple[float, float, float, float]
Roles = Mapping[str, Sequence[Colour]]


@dataclass(frozen=True)
class Motif:
    """Something that can be drawn, and that a prompt can name if it has words."""

    name: str
    box: Box  # left, top, width, height
    body: str
    words: tuple[str, ...] = ()
    mains: tuple[str, ...] = ("#ffffff",)  # the colours it comes in
    accent: str = "#ffffff"
    home: str = ""  # the place it is at where the prompt says none
    stand: str = "ground"  # or water, sky, deep
    size: float = 1.0  # its height as a share of the picture's


def _motifs() -> Iterator[Motif]:
    for file in sorted(files(__package__).joinpath("motifs").iterdir(), key=lambda file: file.name):
        for name, box, facts, body in _SYMBOL.findall(file.read_text("utf-8")):
            told: dict[str, Any] = dict(_FACT.findall(facts))
            told |= {key: tuple(told[key].split()) for key in ("words", "mains") if key in told}
            left, top, wide, high = map(float, box.split())
            yield Motif(name, (left, top, wide, high), body, **told | {"size": float(told.get("size", 1))})


MOTIFS = {motif.name: motif for motif in _motifs()}
BY_WORD = {word: motif for motif in MOTIFS.values() for word in motif.words}


@dataclass(frozen=True)
class Place:
    """Where a motif goes: the middle of its foot, its height, and how it is turned."""

    x: float
    y: float
    height: float
    flipped: bool = False
    wide: float = 1.0

    def box(self, motif: Motif) -> Box:
        """The rectangle that the motif fills: left, top, right, foot."""
        left, top, wide, high = (side * self.height for side in motif.box)
        left = -left - wide if self.flipped else left
        return (self.x + left, self.y + top, self.x + left + wide, self.y + top + high)


def plain(text: str, roles: Roles) -> list[Colour]:
    """The colours of a role or a number, lighter and darker by its signs."""
    name, step = text.rstrip("+-"), _STEP * (text.count("+") - text.count("-"))
    return [lighter(tone, step) for tone in roles.get(name) or [colour(name)]]


@dataclass(frozen=True)
class Coat:
    """The colours that the roles in a fill stand for, in some light and at some distance."""

    light: Light
    roles: Roles
    distance: float = 0.0
    alpha: float = 1.0

    def tones(self, text: str) -> list[Colour]:
        """The colours of one part of a fill, in the light."""
        name, _, far = text.lstrip("!").partition("~")
        tones, distance = plain(name, self.roles), max(self.distance, float(far or 0))
        shines = text.startswith("!") or (self.light.dark and name.startswith("window"))
        seen = tones if shines else [self.light.lit(tone) for tone in tones]
        return [mix(tone, self.light.sky[-1], distance) for tone in seen]


def rendered(body: str, view: Box, size: tuple[int, int], strip: int = 0) -> Image.Image:
    """The elements of an SVG document as a picture, RGBA; in strips of so many rows if nothing forbids it."""
    done, (wide, high), (left, top, across, down) = Image.new("RGBA", size), size, view
    for row in range(0, high, strip or high):
        rows = min(strip or high, high - row)
        part = f"{left} {top + row * down / high} {across} {rows * down / high}"
        told = f'width="{wide}" height="{rows}" viewBox="{part}" preserveAspectRatio="none"'
        document = f'<svg xmlns="http://www.w3.org/2000/svg" {told}>{body}</svg>'
        tree = resvg.usvg.Tree.from_str(document, resvg.usvg.Options.default())
        done.paste(Image.open(io.BytesIO(resvg.render(tree, (1, 0, 0, 0, 1, 0)))), (0, row))
    return done


class Drawing:
    """An SVG document in the making, ``HIGH`` units high."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._gradients: dict[tuple[str, str], str] = {}

    def add(self, markup: str, coat: Coat) -> None:
        """Elements whose fills are told by roles."""
        self.parts.append(_PAINTED.sub(lambda found: self._paint(coat, *found.groups()), markup))

    def put(self, motif: Motif, place: Place, coat: Coat) -> None:
        across = -place.wide if place.flipped else place.wide
        at, scale = f"{place.x:.2f} {place.y:.2f}", f"{across * abs(place.height):.3f} {place.height:.3f}"
        self.add(f'<g transform="translate({at}) scale({scale})">{motif.body}</g>', coat)

    def _paint(self, coat: Coat, attribute: str, fill: str) -> str:
        told, _, dense = fill.partition("@")
        alpha = float(dense or 1) * coat.alpha
        tones = [tone for part in told.lstrip("*").split(">") for tone in coat.tones(part)]
        stops = [(index / max(1, len(tones) - 1), tone, 1.0) for index, tone in enumerate(tones)]
        if soft := told.startswith("*"):
            alpha *= 1 if coat.light.dark else 0.6
            stops = [(place, tones[0], share) for place, share in _FADE]
        paint = f"rgb{tones[0]}"
        if len(stops) > 1:
            kind = "radialGradient" if soft else "linearGradient"
            body = "".join(_STOP.format(at, tone, share) for at, tone, share in stops)
            paint = f"url(#{self._gradients.setdefault((kind, body), f'g{len(self._gradients)}')})"
        return f'{attribute}="{paint}" {attribute}-opacity="{min(1.0, alpha):.3f}"'

    def rendered(self, size: tuple[int, int], begin: int = 0) -> Image.Image:
        """The picture at a size, RGBA; only what has been added since ``begin``."""
        named = self._gradients.items()
        gradients = "".join(
            f'<{kind} id="{name}"{_DOWN[kind]}>{body}</{kind}>' for (kind, body), name in named
        )
        style = 'fill="none" stroke-linecap="round" stroke-linejoin="round"'
        body = f"<defs>{gradients}</defs><g {style}>{''.join(self.parts[begin:])}</g>"
        view = (0.0, 0.0, HIGH * size[0] / size[1], HIGH)
        return rendered(body, view, size, _STRIP)
