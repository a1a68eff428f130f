"""The mark in the lower left corner that says a picture was made by the sandbox.

It lies inside ``area(size)``, whatever it says: an edit promises nothing about the pixels in there.
"""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

Box = tuple[int, int, int, int]
_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def _unit(size: tuple[int, int]) -> float:
    """The height of the letters: small, and still legible on the smallest picture."""
    return max(7.0, min(size) * 0.0165)


def area(size: tuple[int, int]) -> Box:
    """Where the label may be; clear of the very corner."""
    unit = _unit(size)
    left, low = round(unit * 0.8), size[1] - round(unit * 0.8)
    return (left, low - round(unit * 1.75), min(size[0] - left, left + round(unit * 27)), low)


@lru_cache(maxsize=32)
def _font(height: float) -> _Font:
    return ImageFont.load_default(height)


def _plain(text: str) -> str:
    """Pillow's own font has Latin letters only."""
    return " ".join("".join(c if c.isprintable() and ord(c) < 0x180 else " " for c in text).split())


def _words(size: tuple[int, int], seed: int, prompt: str, room: float) -> str:
    """As much of ``sandbox  seed N  prompt`` as there is room for."""
    font = _font(_unit(size))
    known = "sandbox" if font.getlength(f"sandbox  seed {seed}") > room else f"sandbox  seed {seed}"
    text = _plain(prompt)
    whole = f"{known}  {text}" if text else known
    while len(whole) > len(known) and font.getlength(whole) > room:
        whole = whole[: max(len(known), len(whole) - 4)].rstrip() + (
            "..." if len(whole) - 4 > len(known) + 4 else ""
        )
        whole = whole if font.getlength(whole) <= room else whole.removesuffix("...")
    return whole


def stamp(picture: Image.Image, seed: int, prompt: str) -> tuple[Image.Image, Box]:
    """The picture with its label, and where that is."""
    left, top, right, low = area(picture.size)
    unit = _unit(picture.size)
    text = _words(picture.size, seed, prompt, right - left - unit * 1.3)
    wide = min(right - left, round(_font(unit).getlength(text) + unit * 1.3))
    pill, letters = _pill((wide, low - top), text, unit)
    marked = picture.copy()
    opaque = Image.new("RGBA" if "A" in picture.mode else "RGB", pill.size, (16, 18, 32))
    marked.paste(opaque, (left, top), pill)
    opaque.paste((255, 255, 255), (0, 0, *pill.size))
    marked.paste(opaque, (left, top), letters)
    return marked, (left, top, left + wide, low)


def _pill(size: tuple[int, int], text: str, unit: float) -> tuple[Image.Image, Image.Image]:
    """The masks of the plate and of the letters on it."""
    back, front = Image.new("L", (size[0] * 2, size[1] * 2)), Image.new("L", size)
    ImageDraw.Draw(back).rounded_rectangle((0, 0, size[0] * 2 - 1, size[1] * 2 - 1), size[1] * 0.7, fill=104)
    ImageDraw.Draw(front).text((unit * 0.65, size[1] / 2), text, fill=235, font=_font(unit), anchor="lm")
    return back.reduce(2), front
