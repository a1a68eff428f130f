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
    found = [_between(span, step / steps) for span in spans for step in range(steps)]
    return found if closed else [*found, points[-1]]


def _between(span: Sequence[Point], t: float) -> Point:
    a, b, c, d = span
    x, y = (
        b[i]
        + t
        * (c[i] - a[i] + t * (2 * a[i] - 5 * b[i] + 4 * c[i] - d[i] + t * (3 * (b[i] - c[i]) + d[i] - a[i])))
        / 2
        for i in (0, 1)
    )
    return (x, y)


class Canvas:
    """A picture being painted. Places are in canvas pixels, ``width`` by ``height``."""

    def __init__(self, image: Image.Image) -> None:
        self.image = image
        self.draw = ImageDraw.Draw(image, "RGBA" if image.mode == "RGB" else None)
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

    def gradient(self, stops: Sequence[Colour], top: float, bottom: float) -> None:
        """A full-width band of colour."""
        high, pair = max(1, int(bottom) + 1 - int(top)), stops if len(stops) > 1 else [*stops, *stops]
        self.image.paste(column(pair, self.width, high), (0, int(top)))

    def area(self, points: Sequence[Point], stops: Sequence[Colour], alpha: float = 1.0) -> None:
        """A filled outline; several colours run from its top to its bottom."""
        if len(stops) == 1:
            self.draw.polygon(list(points), fill=(*stops[0], round(255 * alpha)))
            return
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        left, top = max(0, int(min(xs))), max(0, int(min(ys)))
        right, bottom = min(self.width, int(max(xs)) + 1), min(self.height, int(max(ys)) + 1)
        if right > left and bottom > top:
            mask = Image.new("L", (right - left, bottom - top))
            moved = [(x - left, y - top) for x, y in points]
            ImageDraw.Draw(mask).polygon(moved, fill=round(255 * alpha))
            self.image.paste(column(stops, *mask.size), (left, top), mask)

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
        wide = max(1, round(width))
        if wide < 3:
            self.draw.line(list(points), fill=(*fill, round(255 * alpha)), width=wide)
            return
        # By way of a mask: where the joints of a transparent line overlap, they would show.
        left, top = (int(min(p[axis] for p in points)) - wide for axis in (0, 1))
        right, low = (int(max(p[axis] for p in points)) + wide for axis in (0, 1))
        line = Canvas(Image.new("L", (right - left, low - top)))
        moved = [(x - left, y - top) for x, y in points]
        line.draw.line(moved, fill=round(255 * alpha), width=wide, joint="curve")
        for x, y in (moved[0], moved[-1]):
            line.draw.ellipse(
                (x - wide / 2, y - wide / 2, x + wide / 2, y + wide / 2), fill=round(255 * alpha)
            )
        self.image.paste(fill, (left, top), line.image)

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
