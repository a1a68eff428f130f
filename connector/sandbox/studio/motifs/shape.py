"""A motif as data: shapes in a frame one unit high that stands on y = 0.

The drawings are text files beside this one. A section is a motif; its first lines say what it is, the
others are its shapes from back to front:

    [both] poly|blob FILL X,Y X,Y ...           a straight or a smooth outline
    [both] line|curve FILL WIDTH X,Y X,Y ...    a straight or a smooth stroke
    [both] oval|glow FILL X,Y RX,RY             a centre and half axes

``both`` adds the mirror image across x = 0. A fill is a role (``main``, ``accent``, ``light``, ``window``)
or ``#rrggbb``; each ``+`` or ``-`` after it is a step lighter or darker; ``a>b`` runs from top to bottom;
``!`` in front is for what shines by itself; ``@0.5`` at the end says how dense it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, cast

Kind = Literal["poly", "blob", "oval", "line", "curve", "glow"]
Stand = Literal["ground", "water", "sky", "deep"]
_STROKES, _CENTRED = ("line", "curve"), ("oval", "glow")


@dataclass(frozen=True)
class Shape:
    kind: Kind
    fill: str
    points: tuple[tuple[float, float], ...]
    width: float = 0.0


@dataclass(frozen=True)
class Motif:
    """Something a prompt can name."""

    name: str
    words: tuple[str, ...]
    mains: tuple[str, ...]  # the colours it comes in
    accent: str
    home: str  # the place it is at where the prompt says none
    stand: Stand
    size: float  # its height as a share of the picture's
    shapes: tuple[Shape, ...]


def motifs(text: str) -> Iterator[Motif]:
    """The motifs of a file of drawings."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    for section in "\n".join(lines).split("[")[1:]:
        name, _, body = section.partition("]\n")
        yield _motif(name, [line.split() for line in body.splitlines()])


def _motif(name: str, lines: list[list[str]]) -> Motif:
    facts = {key: values for key, *values in lines if key in Motif.__dataclass_fields__}
    shapes = tuple(shape for line in lines if line[0] not in facts for shape in _shapes(line))
    return Motif(
        name=name,
        words=tuple(facts.get("words", ())),
        mains=tuple(facts["mains"]),
        accent=facts["accent"][0],
        home=facts["home"][0],
        stand=cast(Stand, facts["stand"][0]),
        size=float(facts["size"][0]),
        shapes=shapes,
    )


def _shapes(line: list[str]) -> tuple[Shape, ...]:
    if line[0] == "both":
        (shape,) = _shapes(line[1:])
        return shape, _mirrored(shape)
    kind, fill, *rest = line
    width = float(rest.pop(0)) if kind in _STROKES else 0.0
    points = tuple((float(x), float(y)) for x, y in (pair.split(",") for pair in rest))
    return (Shape(cast(Kind, kind), fill, points, width),)


def _mirrored(shape: Shape) -> Shape:
    first, *others = shape.points
    rest = others if shape.kind in _CENTRED else [(-x, y) for x, y in others]
    return replace(shape, points=((-first[0], first[1]), *rest))
