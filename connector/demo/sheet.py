"""A contact sheet: pictures in rows, each with what it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from connector.demo.look import GROUND, fitted
from connector.demo.tile import Tile

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

_PAPER = (250, 249, 246)
_INK = (34, 38, 46)
_QUIET = (118, 120, 126)
_ALARM = (176, 42, 48)
_GAP, _CAPTION, _MARGIN = 24, 58, 36
_WIDTH = 1560


def draw(tiles: Sequence[Tile], target: Path, *, columns: int) -> Path:
    """Draws the tiles into one picture. An earlier sheet of that name is replaced."""
    from PIL import Image, ImageDraw

    wide = (_WIDTH - 2 * _MARGIN - (columns - 1) * _GAP) // columns
    high = wide * 2 // 3
    rows = -(-len(tiles) // columns)
    paper = Image.new("RGB", (_WIDTH, 2 * _MARGIN + rows * (high + _CAPTION + _GAP) - _GAP), _PAPER)
    pen = ImageDraw.Draw(paper)
    for number, tile in enumerate(tiles):
        left = _MARGIN + (number % columns) * (wide + _GAP)
        top = _MARGIN + (number // columns) * (high + _CAPTION + _GAP)
        _place(paper, pen, tile, (left, top, wide, high))
    paper.save(target)
    return target


def _place(paper: Image.Image, pen: ImageDraw.ImageDraw, tile: Tile, box: tuple[int, int, int, int]) -> None:
    left, top, wide, high = box
    pen.rounded_rectangle((left, top, left + wide, top + high), 6, fill=GROUND)
    picture = fitted(tile, wide, high)
    if picture is not None:
        inset = (left + (wide - picture.width) // 2, top + (high - picture.height) // 2)
        paper.paste(picture, inset, picture)
    _write(pen, tile.title, left, top + high + 9, wide, 17, _INK)
    _write(pen, tile.facts, left, top + high + 32, wide, 14, _ALARM if tile.failed else _QUIET)


def _write(
    pen: ImageDraw.ImageDraw, text: str, left: int, top: int, wide: int, size: int, ink: tuple[int, int, int]
) -> None:
    from PIL import ImageFont

    font = ImageFont.load_default(size)
    shown = text
    while shown and pen.textlength(shown, font=font) > wide:
        shown = shown.rstrip("…")[:-1].rstrip() + "…"
    pen.text((left, top), shown, font=font, fill=ink)
