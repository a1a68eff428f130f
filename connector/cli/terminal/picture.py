"""Pictures in the terminal: two points in each character."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from connector.cli.terminal import terminal

if TYPE_CHECKING:
    from connector.media.content import File

_LINES = 12
_HALF = "\u2580"  # the upper half block: its colour above, the background's below


def draw(file: File) -> list[str]:
    """The lines of the drawing, or one that says why there is none."""
    if not file.type.startswith("image/"):
        return [f"  (--show draws pictures, and this is {file.type})"]
    try:
        import PIL  # noqa: F401
    except ImportError:
        return ["  (--show needs Pillow: pip install 'stability-connector[sandbox]')"]
    try:
        with file.open() as reader:
            return _lines(reader)
    except (OSError, ValueError) as error:
        return [f"  (the picture cannot be drawn: {type(error).__name__})"]


def _lines(reader: BinaryIO) -> list[str]:
    from PIL import Image

    with Image.open(reader) as image:
        image.thumbnail((terminal.width() - 4, _LINES * 2))
        opaque = Image.new("RGB", image.size)
        shown = image.convert("RGBA")
        opaque.paste(shown, mask=shown)
    wide, high = opaque.size
    rows = range(0, high - high % 2, 2)
    return ["  " + "".join(_cell(opaque, x, y) for x in range(wide)) + "\x1b[0m" for y in rows]


def _cell(image: object, x: int, y: int) -> str:
    above, below = (image.getpixel((x, row)) for row in (y, y + 1))  # type: ignore[attr-defined]
    return f"\x1b[38;2;{_rgb(above)};48;2;{_rgb(below)}m{_HALF}"


def _rgb(point: tuple[int, int, int]) -> str:
    return ";".join(map(str, point))
