"""Image effects: tones and outlines, and the style presets, which are SVG filters in ``styles.svg``."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable, Sequence
from importlib.resources import files

import numpy as np
from PIL import Image, ImageChops, ImageFilter, ImageOps

from connector.sandbox.studio import sizes
from connector.sandbox.studio.colour import Colour, to_hsv
from connector.sandbox.studio.svg import rendered

LEVELS = range(256)
_FILE = files(__package__).joinpath("styles.svg").read_text("utf-8")
_STYLE = re.compile(r'<g id="([\w-]+)"(?: data-cells="(\d+)")?(?: data-colours="(\d+)")?>')
STYLES = {name: (int(cells or 0), int(colours or 0)) for name, cells, colours in _STYLE.findall(_FILE)}


def curve(image: Image.Image, *tables: Iterable[float]) -> Image.Image:
    """One lookup for all channels, or one for each."""
    bounded = [max(0, min(255, round(v))) for table in tables for v in table]
    return image.point(bounded * (len(image.getbands()) // len(tables)))


def grey(sheet: Image.Image) -> Image.Image:
    """One channel as a picture of three."""
    return Image.merge("RGB", [sheet] * 3)


def mapped(image: Image.Image, stops: Sequence[Colour]) -> Image.Image:
    """Dark to light becomes a walk along a gradient."""
    sheet, places = ImageOps.autocontrast(image.convert("L"), cutoff=1), np.linspace(0, 255, len(stops))
    return curve(grey(sheet), *(np.interp(LEVELS, places, band) for band in zip(*stops, strict=True)))


def lines(image: Image.Image, threshold: int) -> Image.Image:
    """Where outlines are: white on black."""
    sheet = image.filter(ImageFilter.BoxBlur(1)).convert("L")
    high, low = sheet.filter(ImageFilter.MaxFilter(3)), sheet.filter(ImageFilter.MinFilter(3))
    return curve(ImageChops.subtract(high, low), [(v - threshold) * 9 for v in LEVELS])


def recoloured(image: Image.Image, tone: Colour) -> Image.Image:
    """The same light and shade in another colour."""
    hue, saturation, value = to_hsv(tone)
    strong = [255 * saturation * (0.55 + 0.45 * v / 255) for v in LEVELS]
    shade = [v * (0.42 + 0.68 * value) for v in LEVELS]
    return curve(image.convert("HSV"), [255 * hue] * 256, strong, shade).convert("RGB")


def withheld(image: Image.Image) -> Image.Image:
    """Blurred until nothing can be made out, as the vendor delivers what its filter caught."""
    return image.filter(ImageFilter.GaussianBlur(max(image.size) / 8))


def grain(image: Image.Image, amount: float, seed: int) -> Image.Image:
    noise = np.random.default_rng(seed).normal(0, 50 * amount, (image.height, image.width, 1))
    return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))


def styled(image: Image.Image, preset: str) -> Image.Image:
    """The picture in the style that ``styles.svg`` tells; an unknown or absent one changes nothing."""
    if preset not in STYLES:
        return image
    wide, high = (1000 * side / max(image.size) for side in image.size)
    (cells, colours), out = STYLES[preset], io.BytesIO()
    size = sizes.drawn(image.size)
    small = (round(wide * cells / 1000), round(high * cells / 1000)) if cells else size
    shown = image.resize(small, Image.Resampling.BOX)
    shown = shown.quantize(colours, dither=Image.Dither.NONE) if colours else shown
    shown.save(out, "PNG", compress_level=0)
    data = f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"
    sides = f'width="{wide}" height="{high}" preserveAspectRatio="none" image-rendering="optimizeSpeed"'
    square = f'<use id="square" href="#picture" transform="scale({1000 / wide} {1000 / high})"/>'
    pictures = f'<image id="picture" {sides} href="{data}"/>{square}'
    body = f'<defs>{pictures}</defs>{_FILE}<use href="#{preset}"/>'
    return rendered(body, (0, 0, wide, high), size).convert("RGB").resize(image.size)
