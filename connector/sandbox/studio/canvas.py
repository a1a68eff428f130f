"""Shapes on a canvas that is larger than the picture, so that its edges come out smooth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageDraw

from connector.sandbox.studio.colour import Colour

Point = tuple[float, float]
_FINER = 2  # drawn at twice the size, and averaged down at the end


def column(stops: Sequence[Colour], width: int, height: int) -> Image.Image:
    """A gradient from top to bottom."""
    strip = Image.new("RGB", (1, len(stops)))
    strip.putdata(list(stops))
    return strip.resize((width, height), Image.Resampling.BILINEAR, box=(0, 0.5, 1, len(stops) - 0.5))


@lru_cache(maxsize=1)
def _halo() -> Image.Image:
    """A soft disc, brightest in the middle; squared, because light falls off faster than a cone."""
    return Image.radial_gradient("L").point([round(max(0, 1 - v / 180) ** 2 * 255) for v in range(256)])


def spline(points: Sequence[Point], closed: bool, steps: int = 10) -> list[Point]:
    """A smooth curve through the points (Catmull-Rom)."""
    ring = [points[-1], *points, *points[:2]] if closed else [points[0], *points, points[-1]]
    spans = zip(ring, ring[1:], ring[2:], ring[3:], strict=False)
    shares = [step / steps for step in range(steps)]
    axes = (tuple(zip(*span, strict=True)) for span in spans)
    found = [(_cubic(*xs, t), _cubic(*ys, t)) for xs, ys in axes for t in shares]
    return found if closed else [*found, points[-1]]


def _cubic(a: float, b: float, c: float, d: float, t: float) -> float:
    return b + t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))) / 2


def _stencil(points: Sequence[Point], margin: int) -> tuple[Image.Image, list[Point], tuple[int, int]]:
    """An empty mask around the points, their places on it, and where its corner is."""
    left, top = (int(min(p[axis] for p in points)) - margin for axis in (0, 1))
    right, low = (int(max(p[axis] for p in points)) + margin + 1 for axis in (0, 1))
    return Image.new("L", (right - left, low - top)), [(x - left, y - top) for x, y in points], (left, top)


class Canvas:
    """A picture being painted. Places are in canvas pixels, ``width`` by ``height``."""

    def __init__(self, image: Image.Image) -> None:
        self.image = image
        self.draw = ImageDraw.Draw(image, "RGBA")
        self.width, self.height = image.size

    @classmethod
    def blank(cls, size: tuple[int, int]) -> Canvas:
        return cls(Image.new("RGB", (size[0] * _FINER, size[1] * _FINER)))

    @classmethod
    def over(cls, picture: Image.Image) -> Canvas:
        """Paint on top of a finished picture."""
        size = (picture.width * _FINER, picture.height * _FINER)
        return cls(picture.convert("RGB").resize(size, Image.Resampling.BICUBIC))

    def finished(self) -> Image.Image:
        return self.image.reduce(_FINER)

    def area(self, points: Sequence[Point], stops: Sequence[Colour], alpha: float = 1.0) -> None:
        """A filled outline; several colours run from its top to its bottom."""
        if len(stops) == 1:
            self.draw.polygon(list(points), fill=(*stops[0], round(255 * alpha)))
            return
        mask, moved, corner = _stencil(points, 0)
        ImageDraw.Draw(mask).polygon(moved, fill=round(255 * alpha))
        self.image.paste(column(stops, *mask.size), corner, mask)

    def oval(self, centre: Point, size: Point, fill: Colour, alpha: float = 1.0, width: float = 0) -> None:
        """An ellipse by its half axes; with a width, only its outline."""
        (x, y), (across, down), tone = centre, size, (*fill, round(255 * alpha))
        box = (x - across, y - down, x + across, y + down)
        if width:
            self.draw.ellipse(box, outline=tone, width=max(1, round(width)))
        else:
            self.draw.ellipse(box, fill=tone)

    def stroke(self, points: Sequence[Point], width: float, fill: Colour, alpha: float = 1.0) -> None:
        """A line with round joints and ends."""
        wide, tone = max(1, round(width)), round(255 * alpha)
        if wide < 3:
            self.draw.line(list(points), fill=(*fill, tone), width=wide)
            return
        # By way of a mask: where the joints of a transparent line overlap, they would show.
        mask, moved, corner = _stencil(points, wide)
        pen = ImageDraw.Draw(mask)
        pen.line(moved, fill=tone, width=wide, joint="curve")
        for end in (moved[0], moved[-1]):
            pen.circle(end, wide / 2, fill=tone)
        self.image.paste(fill, corner, mask)

    def glow(self, centre: Point, across: float, down: float, fill: Colour, strength: float = 1.0) -> None:
        """Light around a place, by its half axes."""
        x, y = centre[0] - across, centre[1] - down
        left, top = max(0, math.ceil(x)), max(0, math.ceil(y))
        right, low = min(self.width, int(x + 2 * across)), min(self.height, int(y + 2 * down))
        if right > left and low > top:  # only what is seen of it is made
            mask, scale_x, scale_y = _halo(), 128 / max(across, 1), 128 / max(down, 1)
            ends = (min(256.0, (right - x) * scale_x), min(256.0, (low - y) * scale_y))
            box = ((left - x) * scale_x, (top - y) * scale_y, *ends)
            shown = mask.point([round(v * min(1.0, strength)) for v in range(256)])
            seen = shown.resize((right - left, low - top), Image.Resampling.BILINEAR, box=box)
            self.image.paste(fill, (left, top), seen)
