"""Shapes on a canvas that is larger than the picture, so that its edges come out smooth."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageDraw

from connector.sandbox.studio.colour import Colour, along

Point = tuple[float, float]
_FINER = 2  # drawn at twice the size, and averaged down at the end


def column(stops: Sequence[Colour], width: int, height: int) -> Image.Image:
    """A gradient from top to bottom."""
    rows = max(2, min(height, 1024))
    strip = Image.new("RGB", (1, rows))
    strip.putdata([along(stops, row / (rows - 1)) for row in range(rows)])
    return strip.resize((width, height), Image.Resampling.BILINEAR)


@lru_cache(maxsize=1)
def _halo() -> Image.Image:
    """A soft disc, brightest in the middle; squared, because light falls off faster than a cone."""
    return Image.radial_gradient("L").point([round(max(0, 1 - v / 180) ** 2 * 255) for v in range(256)])


def spline(points: Sequence[Point], closed: bool, steps: int = 10) -> list[Point]:
    """A smooth curve through the points (Catmull-Rom)."""
    count = len(points)
    spans = range(count if closed else count - 1)
    found = [p for i in spans for p in _span(_four(points, i, closed), steps)]
    return found if closed else [*found, points[-1]]


def _four(points: Sequence[Point], index: int, closed: bool) -> list[Point]:
    count = len(points)
    wanted = range(index - 1, index + 3)
    return [points[i % count] if closed else points[min(max(i, 0), count - 1)] for i in wanted]


def _span(four: Sequence[Point], steps: int) -> list[Point]:
    return [(_between(four, 0, s / steps), _between(four, 1, s / steps)) for s in range(steps)]


def _between(four: Sequence[Point], axis: int, t: float) -> float:
    a, b, c, d = (point[axis] for point in four)
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


def _round_ends(pen: ImageDraw.ImageDraw, points: Sequence[Point], radius: float, fill: Colour | int) -> None:
    for x, y in (points[0], points[-1]):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)


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
        width, height = picture.size
        return cls(picture.convert("RGB").resize((width * _FINER, height * _FINER), Image.Resampling.BICUBIC))

    def finished(self) -> Image.Image:
        return self.image.reduce(_FINER)

    def gradient(self, stops: Sequence[Colour], top: float, bottom: float) -> None:
        """A full-width band of colour."""
        first, last = int(top), max(int(top) + 1, int(bottom) + 1)
        self.image.paste(column(stops, self.width, last - first), (0, first))

    def area(self, points: Sequence[Point], *stops: Colour, alpha: float = 1.0) -> None:
        """A filled outline; several colours run from its top to its bottom."""
        if len(stops) == 1:
            self.draw.polygon(list(points), fill=(*stops[0], round(255 * alpha)))
            return
        self._graded(points, stops, alpha)

    def _graded(self, points: Sequence[Point], stops: Sequence[Colour], alpha: float) -> None:
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        left, top = max(0, int(min(xs))), max(0, int(min(ys)))
        right, bottom = min(self.width, int(max(xs)) + 1), min(self.height, int(max(ys)) + 1)
        if right <= left or bottom <= top:
            return
        mask = Image.new("L", (right - left, bottom - top))
        moved = [(x - left, y - top) for x, y in points]
        ImageDraw.Draw(mask).polygon(moved, fill=round(255 * alpha))
        self.image.paste(column(stops, *mask.size), (left, top), mask)

    def oval(self, centre: Point, across: float, down: float, fill: Colour, alpha: float = 1.0) -> None:
        """An ellipse by its half axes."""
        x, y = centre
        box = (x - across, y - down, x + across, y + down)
        self.draw.ellipse(box, fill=(*fill, round(255 * alpha)))

    def stroke(self, points: Sequence[Point], width: float, fill: Colour, alpha: float = 1.0) -> None:
        """A line with round joints and ends."""
        wide = max(1, round(width))
        if alpha < 1 and wide > 3:
            self._veiled(points, wide, fill, alpha)
            return
        self.draw.line(list(points), fill=(*fill, round(255 * alpha)), width=wide, joint="curve")
        if wide > 2:
            _round_ends(self.draw, points, wide / 2, fill)

    def _veiled(self, points: Sequence[Point], wide: int, fill: Colour, alpha: float) -> None:
        """By way of a mask: where the joints of a transparent line overlap, they would show."""
        left, top = (int(min(p[axis] for p in points)) - wide for axis in (0, 1))
        right, low = (int(max(p[axis] for p in points)) + wide for axis in (0, 1))
        mask = Image.new("L", (right - left, low - top))
        pen, moved = ImageDraw.Draw(mask), [(x - left, y - top) for x, y in points]
        pen.line(moved, fill=round(255 * alpha), width=wide, joint="curve")
        _round_ends(pen, moved, wide / 2, round(255 * alpha))
        self.image.paste(fill, (left, top), mask)

    def glow(
        self, centre: Point, radius: float, fill: Colour, strength: float = 1.0, flat: float = 1.0
    ) -> None:
        """Light around a place; ``flat`` below 1 makes it a pool."""
        across, down = max(1, int(radius)), max(1, int(radius * flat))
        halo = _halo().resize((across * 2, down * 2), Image.Resampling.BILINEAR)
        mask = halo.point([round(v * strength) for v in range(256)])
        self.image.paste(fill, (int(centre[0]) - across, int(centre[1]) - down), mask)
