"""Tones of a finished picture: curves, colour, bloom, grain, outlines, relief."""

from __future__ import annotations

import random
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageEnhance, ImageFilter, ImageOps

from connector.sandbox.studio.colour import Colour, along

LEVELS = range(256)


def curve(image: Image.Image, *tables: Sequence[int]) -> Image.Image:
    """One lookup for all channels, or one for each."""
    return image.point([v for table in (tables if len(tables) == 3 else tables * 3) for v in table])


def mapped(image: Image.Image, stops: Sequence[Colour]) -> Image.Image:
    """Dark to light becomes a walk along a gradient."""
    colours = [along(stops, v / 255) for v in LEVELS]
    grey = ImageOps.autocontrast(image.convert("L"), cutoff=1)
    return Image.merge("RGB", [grey.point([c[i] for c in colours]) for i in range(3)])


def contrast(amount: float) -> list[int]:
    """An S-shaped tone curve."""
    return [round(v + amount * 255 * ((v / 255) ** 2 * (3 - 2 * v / 255) - v / 255)) for v in LEVELS]


def saturated(image: Image.Image, amount: float) -> Image.Image:
    return ImageEnhance.Color(image).enhance(amount)


def bloom(image: Image.Image, strength: float, above: int = 150) -> Image.Image:
    """Bright parts shine over their edges."""
    small = image.reduce(8).point([max(0, v - above) * 255 // (255 - above) for v in LEVELS] * 3)
    light = small.filter(ImageFilter.GaussianBlur(max(image.size) / 300)).resize(
        image.size, Image.Resampling.BICUBIC
    )
    return Image.blend(image, ImageChops.screen(image, light), strength)


def grain(image: Image.Image, dice: random.Random, amount: float) -> Image.Image:
    noise = Image.frombytes("L", image.size, dice.randbytes(image.width * image.height))
    soft = noise.filter(ImageFilter.BoxBlur(0.6)).point([round(128 + (v - 128) * amount) for v in LEVELS])
    return ImageChops.add(image, Image.merge("RGB", [soft] * 3), 1, -128)


def ink(image: Image.Image, threshold: int = 18, width: int = 1) -> Image.Image:
    """Where outlines are: white lines on black."""
    grey = image.filter(ImageFilter.BoxBlur(1)).convert("L")
    thick = 3 + 2 * (width - 1)
    edges = ImageChops.subtract(grey.filter(ImageFilter.MaxFilter(3)), grey.filter(ImageFilter.MinFilter(3)))
    broad = edges.filter(ImageFilter.MaxFilter(thick)) if thick > 3 else edges
    return broad.point([max(0, min(255, (v - threshold) * 9)) for v in LEVELS])


def relief(image: Image.Image, depth: float, soft: float) -> Image.Image:
    """Light from the upper left on a surface whose height is the picture's brightness."""
    height = image.convert("L").filter(ImageFilter.GaussianBlur(soft))
    reach = max(1, round(soft))
    slope = ImageChops.subtract(height, ImageChops.offset(height, -reach, -reach), 1, 128)
    light = slope.point([max(0, min(255, round(128 - (v - 128) * depth))) for v in LEVELS])
    return ImageChops.overlay(image, Image.merge("RGB", [light] * 3))


def withheld(image: Image.Image) -> Image.Image:
    """Blurred until nothing can be made out, as the vendor delivers what its filter caught."""
    small = image.resize((max(1, image.width // 40), max(1, image.height // 40)), Image.Resampling.BOX)
    return small.filter(ImageFilter.GaussianBlur(1.2)).resize(image.size, Image.Resampling.BICUBIC)
