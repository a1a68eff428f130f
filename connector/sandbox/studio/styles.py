"""What each style preset makes of a painted scene."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from connector.sandbox.studio.colour import Colour, colour, lighter, luminance
from connector.sandbox.studio.prompt import digest
from connector.sandbox.studio.tones import (
    LEVELS,
    bloom,
    contrast,
    curve,
    grain,
    ink,
    mapped,
    relief,
    saturated,
)

Style = Callable[[Image.Image, random.Random], Image.Image]


def styled(image: Image.Image, preset: str, seed: int) -> Image.Image:
    """The picture in that style; an unknown or absent one changes nothing."""
    style = STYLES.get(preset)
    return style(image, random.Random(digest("style", preset, seed))) if style else image


def _inked(image: Image.Image, fill: Colour, threshold: int = 18, width: int = 1) -> Image.Image:
    done = image.copy()
    done.paste(fill, (0, 0), ink(image, threshold, width))
    return done


def _flat(image: Image.Image, colours: int) -> Image.Image:
    calm = image.filter(ImageFilter.BoxBlur(max(image.size) / 500))
    return calm.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")


def _enhance(image: Image.Image, dice: random.Random) -> Image.Image:
    return saturated(curve(image, contrast(0.35)), 1.28).filter(ImageFilter.UnsharpMask(2, 60, 2))


def _anime(image: Image.Image, dice: random.Random) -> Image.Image:
    """Cel shading: few steps of brightness, the colours left as they are."""
    light, blue, red = image.convert("YCbCr").split()
    steps = light.filter(ImageFilter.BoxBlur(1)).point(
        [min(255, round((v // 28 + 0.6) * 29)) for v in LEVELS]
    )
    bands = Image.merge("YCbCr", (Image.blend(light, steps, 0.6), blue, red)).convert("RGB")
    return _inked(bloom(saturated(bands, 1.45), 0.6), (58, 38, 74), 22)


def _photographic(image: Image.Image, dice: random.Random) -> Image.Image:
    """A shallow depth of field and a lens's tones."""
    far = image.filter(ImageFilter.GaussianBlur(max(image.size) / 190))
    focus = (
        Image.linear_gradient("L").point([max(0, min(255, (v - 70) * 3)) for v in LEVELS]).resize(image.size)
    )
    return grain(curve(Image.composite(image, far, focus), contrast(0.4)), dice, 0.09)


def _digital_art(image: Image.Image, dice: random.Random) -> Image.Image:
    return bloom(saturated(curve(image, contrast(0.25)), 1.4), 0.8, 130)


def _comic(image: Image.Image, dice: random.Random) -> Image.Image:
    flat = saturated(curve(_flat(image, 28), [round(255 * (v / 255) ** 0.78) for v in contrast(0.3)]), 1.5)
    return _inked(ImageChops.multiply(flat, _halftone(image)), (20, 16, 28), 14)


def _halftone(image: Image.Image) -> Image.Image:
    """Dots where the picture is neither dark nor light."""
    cell = max(6, max(image.size) // 150)
    dot = ImageOps.invert(Image.radial_gradient("L")).resize((cell, cell))
    screen = Image.new("L", image.size)
    for y in range(0, image.height, cell):
        for x in range((y // cell % 2) * -(cell // 2), image.width, cell):
            screen.paste(dot, (x, y))
    tone = ImageChops.add(image.convert("L"), screen, 1, -128).point([190 if v < 40 else 255 for v in LEVELS])
    return Image.merge("RGB", [tone] * 3)


def _fantasy(image: Image.Image, dice: random.Random) -> Image.Image:
    dream = Image.blend(
        image, mapped(image, [colour(c) for c in ("#1d1040", "#6a2f8f", "#d8669c", "#ffd78a")]), 0.42
    )
    return _sparkles(bloom(saturated(dream, 1.3), 0.9, 120), dice)


def _sparkles(image: Image.Image, dice: random.Random) -> Image.Image:
    pen, unit = ImageDraw.Draw(image, "RGBA"), min(image.size) / 1000
    for _ in range(60):
        x, y, size = (
            dice.random() * image.width,
            dice.random() * image.height,
            unit * dice.choice((2, 3, 5, 9)),
        )
        for dx, dy in ((1, 0.12), (0.12, 1)):
            pen.polygon(
                [(x - size * dx, y), (x, y - size * dy), (x + size * dx, y), (x, y + size * dy)],
                fill=(255, 246, 214, 190),
            )
    return image


def _line_art(image: Image.Image, dice: random.Random) -> Image.Image:
    paper = Image.new("RGB", image.size, (250, 247, 240))
    shade = image.convert("L").filter(ImageFilter.BoxBlur(3)).point([min(255, 214 + v // 5) for v in LEVELS])
    lined = ImageChops.multiply(paper, Image.merge("RGB", [shade] * 3))
    lined.paste((28, 30, 44), (0, 0), ink(image, 9))
    return lined


def _analog(image: Image.Image, dice: random.Random) -> Image.Image:
    """Faded blacks, a warm cast, a light leak and grain."""
    red, green, blue = (
        [round(low + v * (high - low) / 255) for v in contrast(0.3)]
        for low, high in ((34, 255), (26, 240), (40, 205))
    )
    faded = saturated(curve(image, red, green, blue), 0.86)
    leak = (
        Image.radial_gradient("L")
        .resize((image.width * 2, image.height * 2))
        .crop((image.width, image.height // 2, image.width * 2, image.height * 3 // 2))
    )
    faded.paste((255, 120, 60), (0, 0), ImageOps.mirror(leak).point([max(0, 78 - v) for v in LEVELS]))
    return grain(faded, dice, 0.26)


def _neon(image: Image.Image, dice: random.Random) -> Image.Image:
    night = mapped(image, [colour(c) for c in ("#07031c", "#1d0a4c", "#5a1a8c", "#c02a9c", "#ff7ac0")])
    base = Image.blend(curve(night, [round(v * 0.72) for v in LEVELS]), saturated(image, 1.7), 0.2)
    lines = ink(image, 12)
    for fill, spread, power in (((0, 240, 255), 9, 2.4), ((255, 40, 200), 3, 1.2), ((235, 255, 255), 0, 1.0)):
        mask = lines.filter(ImageFilter.BoxBlur(spread)) if spread else lines
        tint = Image.merge(
            "RGB", [mask.point([min(255, round(v * power * part / 255)) for v in LEVELS]) for part in fill]
        )
        base = ImageChops.screen(base, tint)
    return base


def _cinematic(image: Image.Image, dice: random.Random) -> Image.Image:
    """Teal shadows, orange lights, and the bars of a wide screen."""
    red = [min(255, round(v * 1.05)) for v in contrast(0.5)]
    blue = [round(22 + v * 0.82) for v in contrast(0.35)]
    graded = bloom(curve(image, red, contrast(0.42), blue), 0.4)
    bar = max(0, round(image.height * 0.075))
    for top in (0, image.height - bar):
        graded.paste((6, 6, 9), (0, top, image.width, top + bar))
    return grain(graded, dice, 0.05)


Triangle = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]


def _mesh(image: Image.Image, dice: random.Random, cells: int) -> list[Triangle]:
    """The picture's plane in triangles with shaken corners."""
    step = max(image.size) / cells
    across, down = round(image.width / step), round(image.height / step)
    points = {
        (i, j): _shaken(dice, i, j, across, down, image.size)
        for i in range(across + 1)
        for j in range(down + 1)
    }
    found: list[Triangle] = []
    for i in range(across):
        for j in range(down):
            a, b, c, d = points[i, j], points[i + 1, j], points[i + 1, j + 1], points[i, j + 1]
            found += [(a, b, c), (a, c, d)] if dice.random() < 0.5 else [(a, b, d), (b, c, d)]
    return found


def _shaken(
    dice: random.Random, i: int, j: int, across: int, down: int, size: tuple[int, int]
) -> tuple[float, float]:
    dx = dice.uniform(-0.36, 0.36) if 0 < i < across else 0.0
    dy = dice.uniform(-0.36, 0.36) if 0 < j < down else 0.0
    return ((i + dx) * size[0] / across, (j + dy) * size[1] / down)


def _tone(small: Image.Image, scale: float, triangle: Sequence[tuple[float, float]]) -> Colour:
    x, y = sum(p[0] for p in triangle) / 3 * scale, sum(p[1] for p in triangle) / 3 * scale
    red, green, blue = small.getpixel((min(small.width - 1, int(x)), min(small.height - 1, int(y))))  # type: ignore[misc]
    return (int(red), int(green), int(blue))


def _faceted(image: Image.Image, dice: random.Random, cells: int, spread: float, crease: bool) -> Image.Image:
    scale = min(1.0, 2 * cells / max(image.size))
    small = image.resize(
        (max(1, round(image.width * scale)), max(1, round(image.height * scale))), Image.Resampling.BOX
    )
    done = image.resize((image.width * 2, image.height * 2), Image.Resampling.NEAREST)
    pen = ImageDraw.Draw(done, "RGBA")
    for triangle in _mesh(image, dice, cells):
        doubled = [(x * 2, y * 2) for x, y in triangle]
        pen.polygon(doubled, fill=lighter(_tone(small, scale, triangle), dice.uniform(-spread, spread)))
        if crease:
            pen.line([*doubled, doubled[0]], fill=(255, 255, 255, 70), width=2)
    return done.reduce(2)


def _low_poly(image: Image.Image, dice: random.Random) -> Image.Image:
    return _faceted(saturated(image, 1.2), dice, 58, 0.07, False)


def _origami(image: Image.Image, dice: random.Random) -> Image.Image:
    """Large folds of pale paper."""
    pale = Image.blend(
        _faceted(saturated(image, 1.3), dice, 40, 0.1, True),
        Image.new("RGB", image.size, (255, 250, 240)),
        0.12,
    )
    return grain(relief(pale, 3.0, 1.5), dice, 0.05)


def _isometric(image: Image.Image, dice: random.Random) -> Image.Image:
    """A field of little columns, seen from above at an angle; brighter ones stand higher."""
    step = max(10, max(image.size) // 52)
    columns, rows = image.width // step + 2, image.height * 2 // step + 8
    small = image.resize((columns, max(1, rows)), Image.Resampling.BOX)
    done = Image.new("RGB", (image.width * 2, image.height * 2), (24, 24, 40))
    pen = ImageDraw.Draw(done)
    for row in range(rows):
        for column in range(columns):
            tone = small.getpixel((column, min(row, rows - 1)))
            _column(pen, (column + 0.5 * (row % 2)) * step * 2, (row - 2) * step, step, tone)  # type: ignore[arg-type]
    return done.reduce(2)


def _column(pen: ImageDraw.ImageDraw, x: float, y: float, half: int, tone: Colour) -> None:
    high = half * (0.4 + 2.2 * luminance(tone))
    top, low = y - high + half * 1.6, y + half * 3.2
    pen.polygon([(x - half, top), (x, top + half / 2), (x, low), (x - half, low)], fill=lighter(tone, -0.2))
    pen.polygon([(x + half, top), (x, top + half / 2), (x, low), (x + half, low)], fill=lighter(tone, -0.42))
    pen.polygon(
        [(x - half, top), (x, top - half / 2), (x + half, top), (x, top + half / 2)], fill=lighter(tone, 0.14)
    )


def _clay(image: Image.Image, dice: random.Random) -> Image.Image:
    soft = _flat(image, 40).filter(ImageFilter.MedianFilter(3)).filter(ImageFilter.GaussianBlur(1.6))
    return grain(saturated(relief(relief(soft, 2.6, max(image.size) / 260), 3.0, 3), 1.15), dice, 0.07)


def _model(image: Image.Image, dice: random.Random) -> Image.Image:
    """Rounded, glossy volumes."""
    soft = image.filter(ImageFilter.MedianFilter(5))
    shaped = relief(relief(soft, 2.0, max(image.size) / 120), 2.0, max(image.size) / 340)
    return bloom(curve(shaped, contrast(0.2)), 0.6, 185)


def _pixel_art(image: Image.Image, dice: random.Random) -> Image.Image:
    block = max(2, round(max(image.size) / 144))
    small = image.resize((-(-image.width // block), -(-image.height // block)), Image.Resampling.BOX)
    few = (
        saturated(curve(small, contrast(0.3)), 1.25)
        .quantize(28, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        .convert("RGB")
    )
    return few.resize((few.width * block, few.height * block), Image.Resampling.NEAREST).crop(
        (0, 0, *image.size)
    )


def _tile(image: Image.Image, dice: random.Random) -> Image.Image:
    """A tile that repeats without a seam: the picture and its mirror images."""
    quarter = image.resize((-(-image.width // 2), -(-image.height // 2)), Image.Resampling.LANCZOS)
    done = Image.new("RGB", (quarter.width * 2, quarter.height * 2))
    for column in (0, 1):
        for row in (0, 1):
            part = ImageOps.mirror(quarter) if column else quarter
            done.paste(ImageOps.flip(part) if row else part, (column * quarter.width, row * quarter.height))
    return done.crop((0, 0, *image.size))


STYLES: dict[str, Style] = {
    "enhance": _enhance,
    "anime": _anime,
    "photographic": _photographic,
    "digital-art": _digital_art,
    "comic-book": _comic,
    "fantasy-art": _fantasy,
    "line-art": _line_art,
    "analog-film": _analog,
    "neon-punk": _neon,
    "isometric": _isometric,
    "low-poly": _low_poly,
    "origami": _origami,
    "modeling-compound": _clay,
    "cinematic": _cinematic,
    "3d-model": _model,
    "pixel-art": _pixel_art,
    "tile-texture": _tile,
}
