"""The mark in the lower left corner that says a picture was made by the sandbox.

It lies inside ``area(size)``, whatever it says: an edit promises nothing about the pixels in there.
"""

from __future__ import annotations

from PIL import Image, ImageDraw, ImageFont

Box = tuple[int, int, int, int]


def area(size: tuple[int, int]) -> Box:
    """Where the label may be; clear of the very corner."""
    unit = _unit(size)
    left, low = round(unit * 0.8), size[1] - round(unit * 0.8)
    return (left, low - round(unit * 1.75), min(size[0] - left, left + round(unit * 27)), low)


def _unit(size: tuple[int, int]) -> float:
    """The height of the letters: small, and still legible on the smallest picture."""
    return max(7.0, min(size) * 0.0165)


def stamp(picture: Image.Image, seed: int) -> tuple[Image.Image, Box]:
    """The picture with its label, which has the seed where there is room, and where that is."""
    left, top, right, low = area(picture.size)
    unit, high = _unit(picture.size), low - top
    font = ImageFont.load_default(unit)
    text, room = f"sandbox  seed {seed}", right - left - unit * 1.3
    text = text if font.getlength(text) < room else "sandbox"
    side = round(min(font.getlength(text), room) + unit * 1.3)
    plate, letters = Image.new("L", (side * 2, high * 2)), Image.new("L", (side, high))
    ImageDraw.Draw(plate).rounded_rectangle((0, 0, plate.width - 1, plate.height - 1), high * 0.7, fill=104)
    ImageDraw.Draw(letters).text((unit * 0.65, high / 2), text, fill=235, font=font, anchor="lm")
    marked = picture.copy()
    marked.paste((16, 18, 32), (left, top), plate.reduce(2))
    marked.paste((255, 255, 255), (left, top), letters)
    return marked, (left, top, left + side, low)
