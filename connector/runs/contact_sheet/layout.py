"""A contact sheet: pictures in rows, each with what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import median
from typing import TYPE_CHECKING, Any

from connector.media import Media
from connector.runs.contact_sheet.tile import GROUND, Crop, fitted

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

_PAPER = (250, 249, 246)
_INK = (34, 38, 46)
_QUIET = (118, 120, 126)
_ALARM = (176, 42, 48)
_GAP, _MARGIN, _BELOW = 24, 36, 9
_WIDTH = 1560
_WIDEST_TILE = 732
_HEADING, _TITLE, _FACTS = 28, 17, 14
# Lines below a tile at most, of its title and of its facts each.
_MOST_LINES = 3
# A sheet of more would not fit into the memory of a small machine.
_MOST_PIXELS = 40_000_000
# The longest text that is measured.
_LONGEST = 400


class TooManyTiles(ValueError):
    """The sheet would be too large; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One picture, with what is said below it; None where there is nothing to see.

    ``crop`` is the part to show, in fractions of its width and height: left, top, right, bottom.
    """

    title: str
    facts: str
    picture: Media | None = None
    crop: Crop | None = None
    failed: bool = False


def draw(tiles: Sequence[Tile], *, columns: int = 3, title: str = "") -> Image.Image:
    """One tile or more in one picture, under a title. Raises TooManyTiles."""
    from PIL import Image, ImageDraw

    across = min(columns, len(tiles))
    layout = _layout(tiles, across, _HEADING * 2 if title else 0)
    paper = Image.new("RGB", layout.size, _PAPER)
    pen = ImageDraw.Draw(paper)
    if title:
        room = layout.size[0] - 2 * _MARGIN
        pen.text((_MARGIN, _MARGIN - 8), _lines(title, _HEADING, room, 1)[0], _INK, _font(title, _HEADING))
    for number, tile in enumerate(tiles):
        _place(paper, pen, tile, layout, number)
    return paper


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where everything stands: the size of a picture's box, the lines below it, and the whole."""

    across: int
    top: int
    box: tuple[int, int]
    lines: tuple[int, int]
    rows: int

    @property
    def row(self) -> int:
        """The height of a row with what is said below it."""
        return self.box[1] + _BELOW + self.lines[0] * _line(_TITLE) + self.lines[1] * _line(_FACTS) + _GAP

    @property
    def size(self) -> tuple[int, int]:
        across = 2 * _MARGIN + self.across * (self.box[0] + _GAP) - _GAP
        return across, 2 * _MARGIN + self.top + self.rows * self.row - _GAP

    def corner(self, number: int) -> tuple[int, int]:
        """Where a tile's box begins."""
        down, right = divmod(number, self.across)
        return _MARGIN + right * (self.box[0] + _GAP), _MARGIN + self.top + down * self.row


def _layout(tiles: Sequence[Tile], across: int, top: int) -> _Layout:
    wide = min(_WIDEST_TILE, (_WIDTH - 2 * _MARGIN - (across - 1) * _GAP) // across)
    titles = max(len(_lines(tile.title, _TITLE, wide, _MOST_LINES)) for tile in tiles)
    facts = max(len(_lines(tile.facts, _FACTS, wide, _MOST_LINES)) for tile in tiles)
    box = wide, round(wide / _aspect([tile.picture for tile in tiles if tile.picture is not None]))
    found = _Layout(across, top, box, (titles, facts), -(-len(tiles) // across))
    if found.size[0] * found.size[1] > _MOST_PIXELS:
        said = f"{len(tiles)} pictures in {across} columns are too much for one sheet"
        raise TooManyTiles(f"{said}; use more columns, or several sheets")
    return found


def _aspect(pictures: Sequence[Media]) -> float:
    """Width to height of a box: that of the usual picture, so that little of it stays empty."""
    known = [one.width / one.height for one in pictures if one.width and one.height]
    return min(2.0, max(0.8, median(known))) if known else 1.5


def _place(paper: Image.Image, pen: ImageDraw.ImageDraw, tile: Tile, layout: _Layout, number: int) -> None:
    (left, top), (wide, high) = layout.corner(number), layout.box
    pen.rounded_rectangle((left, top, left + wide, top + high), 6, fill=GROUND)
    if tile.picture is not None:
        look = fitted(tile.picture, layout.box, tile.crop)
        paper.paste(look, (left + (wide - look.width) // 2, top + (high - look.height) // 2), look)
    below = top + high + _BELOW
    below = _write(pen, tile.title, (left, below), wide, _TITLE, _MOST_LINES, _INK)
    _write(pen, tile.facts, (left, below), wide, _FACTS, _MOST_LINES, _ALARM if tile.failed else _QUIET)


def _write(pen: Any, text: str, at: tuple[int, int], wide: int, size: int, most: int, ink: Any) -> int:
    """Writes some lines; where the next would begin."""
    left, top = at
    for line in _lines(text, size, wide, most):
        pen.text((left, top), line, font=_font(line, size), fill=ink)
        top += _line(size)
    return top


def _line(size: int) -> int:
    return round(size * 1.35)


def _lines(text: str, size: int, wide: int, most: int) -> list[str]:
    """The text in lines that fit, the last one cut where there would be more."""
    lines: list[str] = []
    words = text[:_LONGEST].split()
    while words and len(lines) < most:
        taken = _taken(words, size, wide) if len(lines) < most - 1 else len(words)
        lines.append(_cut(" ".join(words[:taken]), size, wide))
        words = words[taken:]
    return lines


def _taken(words: Sequence[str], size: int, wide: int) -> int:
    """How many words go on one line; a word that is too long stands alone."""
    count = 1
    while count < len(words) and _length(" ".join(words[: count + 1]), size) <= wide:
        count += 1
    return count


def _cut(text: str, size: int, wide: int) -> str:
    shown = text
    while shown and _length(shown, size) > wide:
        shown = shown.rstrip("…")[:-1].rstrip() + "…"
    return shown


def _length(text: str, size: int) -> float:
    return float(_font(text, size).getlength(text))


def _font(text: str, size: int) -> Any:
    return _broad(size) if _is_beyond(text) else _plain(size)


def _is_beyond(text: str) -> bool:
    """Whether the font that comes with Pillow has no signs for it: it has Latin, and punctuation."""
    return any(ord(sign) > 0x17F and not 0x2010 <= ord(sign) <= 0x2026 for sign in text)


@lru_cache(maxsize=8)
def _plain(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(size)


@lru_cache(maxsize=8)
def _broad(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """A font of this machine that has the signs of more languages, where there is one."""
    from PIL import ImageFont

    for name in ("NotoSansCJK-Regular.ttc", "DejaVuSans.ttf", "Arial Unicode.ttf"):
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return _plain(size)
