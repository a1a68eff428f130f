"""Image effects: tones, outlines, relief, and the style presets that are made of them.

A style in ``styles.yaml`` is a list of steps, each a function of this module with its settings; lengths are
shares of the picture's longer side, so that a style looks the same at every size.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import numpy as np
import yaml
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from connector.sandbox.studio.colour import Colour, along, colour, to_hsv

LEVELS = range(256)
Steps = list[dict[str, Any]]

_FILE: dict[str, dict[str, Steps]] = yaml.safe_load(files(__package__).joinpath("styles.yaml").read_bytes())
STYLES = _FILE["styles"]


def curve(image: Image.Image, *tables: Sequence[float]) -> Image.Image:
    """One lookup for all channels, or one for each."""
    bounded = [max(0, min(255, round(v))) for table in tables for v in table]
    return image.point(bounded * (len(image.getbands()) // len(tables)))


def grey(sheet: Image.Image) -> Image.Image:
    """One channel as a picture of three."""
    return Image.merge("RGB", [sheet] * 3)


def painted(sheet: Image.Image, colours: Sequence[Colour]) -> Image.Image:
    """A colour for each value of one channel."""
    indexed = sheet.copy()
    indexed.putpalette([band for tone in colours for band in tone])
    return indexed.convert("RGB")


def mapped(image: Image.Image, stops: Sequence[Colour]) -> Image.Image:
    """Dark to light becomes a walk along a gradient."""
    sheet = ImageOps.autocontrast(image.convert("L"), cutoff=1)
    return painted(sheet, [along(stops, v / 255) for v in LEVELS])


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


def mirrored(image: Image.Image, size: tuple[int, int], at: tuple[int, int]) -> Image.Image:
    """The plane around a picture, covered with its mirror images, so that every edge continues."""
    (left, top), (wide, high) = at, image.size
    room = ((top, size[1] - high - top), (left, size[0] - wide - left), (0, 0))
    return Image.fromarray(np.pad(np.asarray(image), room, "symmetric"))


def enhance(image: Image.Image, **factors: float) -> Image.Image:
    """Pillow's own enhancers, by their names."""
    for name, factor in factors.items():
        image = getattr(ImageEnhance, name)(image).enhance(factor)
    return image


def smooth(image: Image.Image, median: int, soft: float = 0) -> Image.Image:
    return image.filter(ImageFilter.MedianFilter(median)).filter(ImageFilter.GaussianBlur(soft))


def few(image: Image.Image, colours: int) -> Image.Image:
    """The picture in so many of its own colours."""
    return image.quantize(colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")


def tint(image: Image.Image, stops: str, share: float) -> Image.Image:
    """The picture's brightness in other colours, laid over it."""
    return Image.blend(image, mapped(image, [colour(stop) for stop in stops.split()]), share)


def bloom(image: Image.Image, strength: float, above: int = 150) -> Image.Image:
    """Bright parts shine over their edges."""
    small = curve(image.reduce(8), [(v - above) * 255 / (255 - above) for v in LEVELS])
    soft = small.filter(ImageFilter.GaussianBlur(max(image.size) / 300))
    light = soft.resize(image.size, Image.Resampling.BICUBIC)
    return Image.blend(image, ImageChops.screen(image, light), strength)


def grain(image: Image.Image, amount: float, seed: int = 0) -> Image.Image:
    noise = Image.frombytes("L", image.size, random.Random(seed).randbytes(image.width * image.height))
    soft = curve(noise.filter(ImageFilter.BoxBlur(0.6)), [128 + (v - 128) * amount for v in LEVELS])
    return ImageChops.add(image, grey(soft), 1, -128)


def relief(image: Image.Image, depth: float, soft: float) -> Image.Image:
    """Light from the upper left on a surface whose height is the picture's brightness."""
    reach = max(1.0, soft * max(image.size))
    height = image.convert("L").filter(ImageFilter.GaussianBlur(reach))
    slope = ImageChops.subtract(height, ImageChops.offset(height, -round(reach), -round(reach)), 1, 128)
    return ImageChops.overlay(image, grey(curve(slope, [128 - (v - 128) * depth for v in LEVELS])))


def outline(image: Image.Image, fill: str, threshold: int, wash: float = 0) -> Image.Image:
    """Ink on the outlines of a picture that is washed out towards white."""
    done = Image.blend(image, Image.new("RGB", image.size, "white"), wash)
    done.paste(colour(fill), (0, 0), lines(image, threshold))
    return done


def focus(image: Image.Image, blur: float) -> Image.Image:
    """A shallow depth of field: what is above is far, and out of focus."""
    near = curve(Image.linear_gradient("L"), [(v - 70) * 3 for v in LEVELS]).resize(image.size)
    return Image.composite(image, image.filter(ImageFilter.GaussianBlur(max(image.size) * blur)), near)


def bars(image: Image.Image, share: float) -> Image.Image:
    """The bars of a wide screen."""
    high = round(image.height * share)
    return ImageOps.expand(image.crop((0, high, image.width, image.height - high)), (0, high), (6, 6, 9))


def mosaic(image: Image.Image, cells: int, faces: Sequence[Sequence[float]] = ()) -> Image.Image:
    """Square cells of one tone each; over them faces: how bright one is, then its corners in its cell."""
    side = max(4, max(image.size) // cells)
    across, down = math.ceil(image.width / side), math.ceil(image.height / side)
    whole, done = (across * side, down * side), Image.new("RGB", (across * side, down * side))
    for bright, *places in faces or [[1, 0, 0, 1, 0, 1, 1, 0, 1]]:
        corners = np.reshape(places, (-1, 2)) * side
        shift = np.rint(side / 2 - corners.mean(0)).astype(int).tolist()
        tones = ImageChops.offset(image, *shift).resize((across, down), Image.Resampling.BOX)
        tile = Image.new("L", (side * 2, side * 2))
        ImageDraw.Draw(tile).polygon((corners * 2).ravel().tolist(), fill=255)
        mask = Image.fromarray(np.tile(np.asarray(tile.reduce(2)), (down, across)))
        done.paste(enhance(tones, Brightness=bright).resize(whole, Image.Resampling.NEAREST), (0, 0), mask)
    return done.crop((0, 0, *image.size))


def slab(image: Image.Image, back: str) -> Image.Image:
    """The picture as a slab that is seen from above at an angle, its edges below it."""
    wide, thick = min(image.size), max(2, min(image.size) // 24)
    turned = image.resize((wide, wide)).convert("RGBA").rotate(45, Image.Resampling.BICUBIC, expand=True)
    top = turned.resize((image.width, image.height - thick), Image.Resampling.BICUBIC)
    done, side = Image.new("RGB", image.size, colour(back)), enhance(top.convert("RGB"), Brightness=0.5)
    for low in range(thick, 0, -1):
        done.paste(side, (0, low), top)
    done.paste(top, (0, 0), top)
    return done


def tile(image: Image.Image) -> Image.Image:
    """A tile that repeats without a seam: the picture and its mirror images."""
    quarter = image.resize((math.ceil(image.width / 2), math.ceil(image.height / 2)))
    return mirrored(quarter, (quarter.width * 2, quarter.height * 2), (0, 0)).crop((0, 0, *image.size))


def styled(image: Image.Image, preset: str) -> Image.Image:
    """The picture in that style; an unknown or absent one changes nothing."""
    return _stepped(image, STYLES.get(preset, []))


def in_hand(image: Image.Image, model: str) -> Image.Image:
    """The picture as that model has it: each has more or less colour, more or less contrast."""
    return _stepped(image, _FILE["models"].get(model, []))


def _stepped(image: Image.Image, steps: Steps) -> Image.Image:
    for name, settings in ((name, step[name]) for step in steps for name in step):
        image = globals()[name](image, **settings)
    return image
