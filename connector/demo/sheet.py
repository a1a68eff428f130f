"""A contact sheet: pictures in rows, each with what it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from connector.demo.tile import Tile

if TYPE_CHECKING:
    from PIL import Image, ImageDraw

_PAPER = (250, 249, 246)
_FRAME = (232, 229, 222)
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
    pen.rounded_rectangle((left, top, left + wide, top + high), 6, fill=_FRAME)
    picture = _picture(tile, wide, high)
    if picture is None:
        _write(pen, _kind(tile), left + 14, top + high // 2 - 12, wide - 28, 18, _QUIET)
    else:
        inset = (left + (wide - picture.width) // 2, top + (high - picture.height) // 2)
        paper.paste(picture, inset, picture)
    _write(pen, tile.title, left, top + high + 9, wide, 17, _INK)
    _write(pen, tile.facts, left, top + high + 32, wide, 14, _ALARM if tile.failed else _QUIET)


def _kind(tile: Tile) -> str:
    return tile.picture.suffix.lstrip(".").upper() if tile.picture else "no answer"


def _write(
    pen: ImageDraw.ImageDraw, text: str, left: int, top: int, wide: int, size: int, ink: tuple[int, int, int]
) -> None:
    from PIL import ImageFont

    font = ImageFont.load_default(size)
    shown = text
    while shown and pen.textlength(shown, font=font) > wide:
        shown = shown.rstrip("…")[:-1].rstrip() + "…"
    pen.text((left, top), shown, font=font, fill=ink)


def _picture(tile: Tile, wide: int, high: int) -> Image.Image | None:
    """The tile's picture, cropped and fitted; transparency shows as a chequered ground."""
    opened = _opened(tile.picture) if tile.picture else None
    if opened is None:
        return None
    if tile.crop is not None:
        left, top, right, bottom = tile.crop
        opened = opened.crop(
            (
                round(left * opened.width),
                round(top * opened.height),
                round(right * opened.width),
                round(bottom * opened.height),
            )
        )
        # A detail is enlarged as it is, so that the two can be compared.
        scale = min(wide / opened.width, high / opened.height)
        opened = opened.resize((round(opened.width * scale), round(opened.height * scale)))
    opened.thumbnail((wide, high))
    return _on_chequers(opened)


def _on_chequers(picture: Image.Image) -> Image.Image:
    from PIL import Image, ImageDraw

    if picture.getchannel("A").getextrema() == (255, 255):
        return picture
    ground = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    pen = ImageDraw.Draw(ground)
    for y in range(0, ground.height, 12):
        for x in range((y // 12 % 2) * 12, ground.width, 24):
            pen.rectangle((x, y, x + 11, y + 11), fill=(222, 222, 222, 255))
    ground.alpha_composite(picture)
    return ground


def _opened(path: Path) -> Image.Image | None:
    """A picture, the middle frame of a video, or None for what cannot be seen."""
    from PIL import Image, UnidentifiedImageError

    if path.suffix == ".mp4":
        return _frame(path)
    try:
        with Image.open(path) as image:
            return image.convert("RGBA")
    except UnidentifiedImageError:
        return None


def _frame(path: Path) -> Image.Image:
    import av

    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    image: Image.Image = frames[len(frames) // 2].to_image()  # type: ignore[no-untyped-call]
    return image.convert("RGBA")
