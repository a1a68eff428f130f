"""Image effects: tones, outlines, relief, and the style presets that are made of them.

A step takes the picture, the dice, and whatever else ``styles.yaml`` gives it, where each style is a list of
steps; lengths are shares of the
picture's longer side, so that a style looks the same at every size.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from importlib.resources import files
from itertools import product
from typing import Any

import yaml
from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from connector.sandbox.studio.colour import Colour, along, colour, lighter, luminance, to_hsv
from connector.sandbox.studio.prompt import digest

LEVELS = range(256)
Dice = random.Random
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


def lines(image: Image.Image, threshold: int = 18) -> Image.Image:
    """Where outlines are: white on black."""
    sheet = image.filter(ImageFilter.BoxBlur(1)).convert("L")
    edges = ImageChops.subtract(
        sheet.filter(ImageFilter.MaxFilter(3)), sheet.filter(ImageFilter.MinFilter(3))
    )
    return curve(edges, [(v - threshold) * 9 for v in LEVELS])


def few(image: Image.Image, colours: int) -> Image.Image:
    """The picture in so many of its own colours."""
    method, plain = Image.Quantize.MEDIANCUT, Image.Dither.NONE
    return image.quantize(colours, method=method, dither=plain).convert("RGB")


def recoloured(image: Image.Image, tone: Colour) -> Image.Image:
    """The same light and shade in another colour."""
    hue, saturation, value = to_hsv(tone)
    strong = [255 * saturation * (0.55 + 0.45 * v / 255) for v in LEVELS]
    shade = [v * (0.42 + 0.68 * value) for v in LEVELS]
    return curve(image.convert("HSV"), [255 * hue] * 256, strong, shade).convert("RGB")


def withheld(image: Image.Image) -> Image.Image:
    """Blurred until nothing can be made out, as the vendor delivers what its filter caught."""
    small = image.resize((max(1, image.width // 40), max(1, image.height // 40)), Image.Resampling.BOX)
    return small.filter(ImageFilter.GaussianBlur(1.2)).resize(image.size, Image.Resampling.BICUBIC)


def contrast(image: Image.Image, dice: Dice, amount: float) -> Image.Image:
    """An S-shaped tone curve."""
    return curve(image, [v + amount * 255 * ((v / 255) ** 2 * (3 - 2 * v / 255) - v / 255) for v in LEVELS])


def levels(image: Image.Image, dice: Dice, **ends: Sequence[float]) -> Image.Image:
    """Each channel between two values: a cast, faded blacks, dimmed lights."""
    pairs = (ends.get(name, (0, 255)) for name in ("red", "green", "blue"))
    return curve(image, *([low + v * (high - low) / 255 for v in LEVELS] for low, high in pairs))


def saturate(image: Image.Image, dice: Dice, amount: float) -> Image.Image:
    return ImageEnhance.Color(image).enhance(amount)


def sharpen(image: Image.Image, dice: Dice, percent: int) -> Image.Image:
    return image.filter(ImageFilter.UnsharpMask(2, percent, 2))


def smooth(image: Image.Image, dice: Dice, median: int, soft: float = 0) -> Image.Image:
    return image.filter(ImageFilter.MedianFilter(median)).filter(ImageFilter.GaussianBlur(soft))


def bloom(image: Image.Image, dice: Dice, strength: float, above: int = 150) -> Image.Image:
    """Bright parts shine over their edges."""
    small = curve(image.reduce(8), [(v - above) * 255 / (255 - above) for v in LEVELS])
    soft = small.filter(ImageFilter.GaussianBlur(max(image.size) / 300))
    light = soft.resize(image.size, Image.Resampling.BICUBIC)
    return Image.blend(image, ImageChops.screen(image, light), strength)


def grain(image: Image.Image, dice: Dice, amount: float) -> Image.Image:
    noise = Image.frombytes("L", image.size, dice.randbytes(image.width * image.height))
    soft = curve(noise.filter(ImageFilter.BoxBlur(0.6)), [128 + (v - 128) * amount for v in LEVELS])
    return ImageChops.add(image, grey(soft), 1, -128)


def relief(image: Image.Image, dice: Dice, depth: float, soft: float) -> Image.Image:
    """Light from the upper left on a surface whose height is the picture's brightness."""
    reach = max(1.0, soft * max(image.size))
    height = image.convert("L").filter(ImageFilter.GaussianBlur(reach))
    slope = ImageChops.subtract(height, ImageChops.offset(height, -round(reach), -round(reach)), 1, 128)
    return ImageChops.overlay(image, grey(curve(slope, [128 - (v - 128) * depth for v in LEVELS])))


def flat(image: Image.Image, dice: Dice, colours: int) -> Image.Image:
    return few(image.filter(ImageFilter.BoxBlur(max(image.size) / 500)), colours)


def cel(image: Image.Image, dice: Dice, step: int, share: float) -> Image.Image:
    """Few steps of brightness, the colours left as they are."""
    light, blue, red = image.convert("YCbCr").split()
    steps = curve(light.filter(ImageFilter.BoxBlur(1)), [(v // step + 0.6) * (step + 1) for v in LEVELS])
    return Image.merge("YCbCr", (Image.blend(light, steps, share), blue, red)).convert("RGB")


def outline(image: Image.Image, dice: Dice, fill: str, threshold: int) -> Image.Image:
    done = image.copy()
    done.paste(colour(fill), (0, 0), lines(image, threshold))
    return done


def focus(image: Image.Image, dice: Dice, blur: float) -> Image.Image:
    """A shallow depth of field: what is above is far, and out of focus."""
    far = image.filter(ImageFilter.GaussianBlur(max(image.size) * blur))
    near = curve(Image.linear_gradient("L"), [(v - 70) * 3 for v in LEVELS]).resize(image.size)
    return Image.composite(image, far, near)


def halftone(image: Image.Image, dice: Dice) -> Image.Image:
    """Dots where the picture is neither dark nor light."""
    cell = max(6, max(image.size) // 150)
    dot = ImageOps.invert(Image.radial_gradient("L")).resize((cell, cell))
    screen = Image.new("L", image.size)
    for row, x in product(range(-(-image.height // cell)), range(0, image.width + cell, cell)):
        screen.paste(dot, (x - row % 2 * (cell // 2), row * cell))
    tone = ImageChops.add(image.convert("L"), screen, 1, -128).point([190 if v < 40 else 255 for v in LEVELS])
    return ImageChops.multiply(image, grey(tone))


def tint(image: Image.Image, dice: Dice, stops: str, share: float) -> Image.Image:
    """The picture's brightness in other colours, laid over it."""
    return Image.blend(image, mapped(image, [colour(stop) for stop in stops.split()]), share)


def sparkle(image: Image.Image, dice: Dice, count: int) -> Image.Image:
    done, unit = image.copy(), min(image.size) / 1000
    pen = ImageDraw.Draw(done, "RGBA")
    for _ in range(count):
        x, y, size = dice.random() * done.width, dice.random() * done.height, unit * dice.choice((2, 3, 5, 9))
        for dx, dy in ((size, size * 0.12), (size * 0.12, size)):
            pen.polygon([(x - dx, y), (x, y - dy), (x + dx, y), (x, y + dy)], fill=(255, 246, 214, 190))
    return done


def sketch(image: Image.Image, dice: Dice, paper: str, ink: str, threshold: int) -> Image.Image:
    """Ink on paper, and a hint of the picture's shade."""
    shade = curve(image.convert("L").filter(ImageFilter.BoxBlur(3)), [214 + v / 5 for v in LEVELS])
    done = ImageChops.multiply(Image.new("RGB", image.size, colour(paper)), grey(shade))
    done.paste(colour(ink), (0, 0), lines(image, threshold))
    return done


def leak(image: Image.Image, dice: Dice, fill: str) -> Image.Image:
    """Light that has got into the camera from the side."""
    done, (width, height) = image.copy(), image.size
    halo = Image.radial_gradient("L").resize((width * 2, height * 2))
    side = halo.crop((0, height // 2, width, height // 2 + height))
    done.paste(colour(fill), (0, 0), curve(side, [78 - v for v in LEVELS]))
    return done


def neon(
    image: Image.Image, dice: Dice, night: str, threshold: int, tubes: Sequence[Sequence[str | float]]
) -> Image.Image:
    """The picture by night, and its outlines shining: in each colour, so wide and so strong."""
    dark = ImageEnhance.Brightness(tint(image, dice, night, 1)).enhance(0.72)
    done, edges = Image.blend(dark, saturate(image, dice, 1.7), 0.2), lines(image, threshold)
    for fill, spread, power in tubes:
        mask = edges.filter(ImageFilter.BoxBlur(float(spread)))
        bands = [curve(mask, [v * float(power) * part / 255 for v in LEVELS]) for part in colour(str(fill))]
        done = ImageChops.screen(done, Image.merge("RGB", bands))
    return done


def bars(image: Image.Image, dice: Dice, share: float) -> Image.Image:
    """The bars of a wide screen."""
    high = round(image.height * share)
    return ImageOps.expand(image.crop((0, high, image.width, image.height - high)), (0, high), (6, 6, 9))


def facets(image: Image.Image, dice: Dice, cells: int, spread: float, crease: bool = False) -> Image.Image:
    """The picture's plane in triangles with shaken corners, each of one tone."""
    done = image.resize((image.width * 2, image.height * 2), Image.Resampling.NEAREST)
    pen, step = ImageDraw.Draw(done, "RGBA"), 2 * max(image.size) / cells
    across, down = round(done.width / step), round(done.height / step)
    small = image.resize((across * 2, down * 2), Image.Resampling.BOX)
    corners = {}
    for i, j in product(range(across + 1), range(down + 1)):
        x, y = dice.uniform(-0.36, 0.36), dice.uniform(-0.36, 0.36)
        corners[i, j] = (i + x * (0 < i < across), j + y * (0 < j < down))
    scale = (done.width / across, done.height / down)
    for i, j in product(range(across), range(down)):
        a, b, c, d = (corners[i + di, j + dj] for di, dj in ((0, 0), (1, 0), (1, 1), (0, 1)))
        for triangle in ((a, b, c), (a, c, d)) if dice.random() < 0.5 else ((a, b, d), (b, c, d)):
            x, y = (int(2 * sum(corner[axis] for corner in triangle) / 3) for axis in (0, 1))
            tone: Colour = small.getpixel((x, y))  # type: ignore[assignment]  # the picture is RGB
            points = [(x * scale[0], y * scale[1]) for x, y in triangle]
            pen.polygon(points, fill=lighter(tone, dice.uniform(-spread, spread)))
            if crease:
                pen.line([*points, points[0]], fill=(255, 255, 255, 70), width=2)
    return done.reduce(2)


def columns(image: Image.Image, dice: Dice, cells: int) -> Image.Image:
    """A field of little columns, seen from above at an angle; brighter ones stand higher."""
    step = max(10, max(image.size) // cells)
    across, down = image.width // step + 2, image.height * 2 // step + 8
    small = image.resize((across, down), Image.Resampling.BOX)
    done = Image.new("RGB", (image.width * 2, image.height * 2), (24, 24, 40))
    pen = ImageDraw.Draw(done)
    for row, column in product(range(down), range(across)):
        tone: Colour = small.getpixel((column, row))  # type: ignore[assignment]  # the picture is RGB
        x, y = (column + 0.5 * (row % 2)) * step * 2, (row - 2) * step
        top, low, left, right = y + step * (1.2 - 2.2 * luminance(tone)), y + step * 3.2, x - step, x + step
        half = top + step / 2
        pen.polygon([(left, top), (x, half), (x, low), (left, low)], fill=lighter(tone, -0.2))
        pen.polygon([(right, top), (x, half), (x, low), (right, low)], fill=lighter(tone, -0.42))
        pen.polygon([(left, top), (x, top - step / 2), (right, top), (x, half)], fill=lighter(tone, 0.14))
    return done.reduce(2)


def pixels(image: Image.Image, dice: Dice, cells: int, colours: int) -> Image.Image:
    block = max(2, round(max(image.size) / cells))
    size = (-(-image.width // block), -(-image.height // block))
    coarse = few(image.resize(size, Image.Resampling.BOX), colours)
    large = coarse.resize((size[0] * block, size[1] * block), Image.Resampling.NEAREST)
    return large.crop((0, 0, *image.size))


def mirrored(image: Image.Image, size: tuple[int, int], at: tuple[int, int]) -> Image.Image:
    """The plane around a picture, covered with its mirror images, so that every edge continues."""
    wide = Image.new("RGB", size)
    for x in range(-at[0] // image.width, -(-(size[0] - at[0]) // image.width)):
        for y in range(-at[1] // image.height, -(-(size[1] - at[1]) // image.height)):
            part = ImageOps.mirror(image) if x % 2 else image
            part = ImageOps.flip(part) if y % 2 else part
            wide.paste(part, (at[0] + x * image.width, at[1] + y * image.height))
    return wide


def tile(image: Image.Image, dice: Dice) -> Image.Image:
    """A tile that repeats without a seam: the picture and its mirror images."""
    quarter = image.resize((-(-image.width // 2), -(-image.height // 2)), Image.Resampling.LANCZOS)
    return mirrored(quarter, image.size, (0, 0))


def styled(image: Image.Image, preset: str, seed: int) -> Image.Image:
    """The picture in that style; an unknown or absent one changes nothing."""
    return _stepped(image, STYLES.get(preset, []), Dice(digest("style", preset, seed)))


def in_hand(image: Image.Image, model: str) -> Image.Image:
    """The picture as that model has it: each has more or less colour, more or less contrast."""
    return _stepped(image, _FILE["models"].get(model, []), Dice(model))


def _stepped(image: Image.Image, steps: Steps, dice: Dice) -> Image.Image:
    for name, settings in ((name, step[name]) for step in steps for name in step):
        image = globals()[name](image, dice, **settings)
    return image
