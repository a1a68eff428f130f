"""The mark in the lower left corner that says a picture was made by the sandbox.

It lies inside ``area(size)``, whatever it says: an edit promises nothing about the pixels in there.
"""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

Box = tuple[int, int, int, int]


def _unit(size: tuple[int, int]) -> float:
    """The height of the letters: small, and still legible on the smallest picture."""
    return max(7.0, min(size) * 0.0165)


def area(size: tuple[int, int]) -> Box:
    """Where the label may be; clear of the very corner."""
    unit = _unit(size)
    left, low = round(unit * 0.8), size[1] - round(unit * 0.8)
    return (left, low - round(unit * 1.75), min(size[0] - left, left + round(unit * 27)), low)


@lru_cache(maxsize=32)
def _font(height: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(height)


def _words(unit: float, seed: int, prompt: str, room: float) -> str:
    """As much of ``sandbox  seed N  prompt`` as there is room for, in the letters that the font has."""
    plain = "".join(c if c.isprintable() and ord(c) < 0x180 else " " for c in prompt[:200])
    known, long = f"sandbox  seed {seed}", _font(unit).getlength
    text = f"{known}  {' '.join(plain.split())}" if long(known) <= room else "sandbox"
    while long(text) > room and len(text) > len("sandbox"):
        text = text[:-1]
    return text.rstrip()


def stamp(picture: Image.Image, seed: int, prompt: str) -> tuple[Image.Image, Box]:
    """The picture with its label, and where that is."""
    left, top, right, low = area(picture.size)
    unit = _unit(picture.size)
    text = _words(unit, seed, prompt, right - left - unit * 1.3)
    wide, high = min(right - left, round(_font(unit).getlength(text) + unit * 1.3)), low - top
    plate, marked = Image.new("L", (wide * 2, high * 2)), picture.copy()
    ImageDraw.Draw(plate).rounded_rectangle((0, 0, wide * 2 - 1, high * 2 - 1), high * 0.7, fill=104)
    letters = Image.new("L", (wide, high))
    ImageDraw.Draw(letters).text((unit * 0.65, high / 2), text, fill=235, font=_font(unit), anchor="lm")
    marked.paste((16, 18, 32), (left, top), plate.reduce(2))
    marked.paste((255, 255, 255), (left, top), letters)
    return marked, (left, top, left + wide, low)
