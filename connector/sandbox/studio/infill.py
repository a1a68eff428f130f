"""Fill a hole in a picture from what surrounds it, so that nobody sees there was something.

A *guess* comes first: another part of the picture whose rim agrees with the hole's, or each row continued
from the left rim to the right one where the two agree, as they do across a horizon. Then what the guess
differs by along the rim is spread evenly over the hole, from coarse to fine; with no good guess, that alone
averages the surroundings inwards.
"""

from __future__ import annotations

from collections.abc import Iterator

from PIL import Image, ImageChops, ImageFilter, ImageStat

_SMALL = 96  # guesses are judged at this size
_RIM = 3  # how wide a rim must agree, in small pixels
_GOOD = 14.0  # mean difference of the rims up to which a guess is taken

Box = tuple[int, int, int, int]


def box_mask(size: tuple[int, int], box: Box) -> Image.Image:
    mask = Image.new("L", size)
    mask.paste(255, box)
    return mask


def filled(image: Image.Image, hole: Image.Image) -> Image.Image:
    """The picture with the white of the mask filled; not one pixel elsewhere is touched."""
    box = hole.getbbox()
    if not box:
        return image
    # A generous margin: enough to judge and to borrow from.
    margin = max(16, (box[2] - box[0]) * 3 // 2, (box[3] - box[1]) * 3 // 2)
    left, top, right, low = box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin
    around = (max(0, left), max(0, top), min(hole.width, right), min(hole.height, low))
    part, gap, result = image.crop(around), hole.crop(around), image.copy()
    result.paste(_infilled(part.convert("RGB"), gap).convert(image.mode), around[:2], gap)
    return result


def _infilled(image: Image.Image, hole: Image.Image) -> Image.Image:
    guess = _guess(image, hole)
    # Halves, so that differences of either sign fit into eight bits.
    gap = ImageChops.subtract(image, guess, scale=2.0, offset=128)
    spread = _diffused(gap, hole.filter(ImageFilter.MaxFilter(3)))
    half = ImageChops.add(guess.point([v // 2 for v in range(256)] * 3), spread, scale=1.0, offset=-128)
    return ImageChops.add(half, ImageChops.add(half, guess.point([v & 1 for v in range(256)] * 3)))


def _guess(image: Image.Image, hole: Image.Image) -> Image.Image:
    """The better of the patch and the rows, or where neither is good, plain grey."""
    scale = min(1.0, _SMALL / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    gap = _spread(hole.resize(size, Image.Resampling.BOX).point([0, *[255] * 255]), 1)
    cost, (dx, dy) = _best_patch(image.resize(size, Image.Resampling.BOX), gap)
    rows, apart = _rows(image, hole)
    if min(cost, apart) >= _GOOD:
        return Image.new("RGB", image.size, (128, 128, 128))
    return ImageChops.offset(image, round(dx / scale), round(dy / scale)) if cost <= apart else rows


def _spread(mask: Image.Image, reach: int) -> Image.Image:
    for _ in range(reach):
        mask = mask.filter(ImageFilter.MaxFilter(3))
    return mask


def _best_patch(image: Image.Image, gap: Image.Image) -> tuple[float, tuple[int, int]]:
    """How badly the rim of the best patch agrees with the hole's, and how far away that patch is."""
    around = _spread(gap, _RIM)
    rim, box = ImageChops.subtract(around, gap), around.getbbox()
    if not box or not rim.getbbox():
        return _GOOD, (0, 0)
    inner, outer, here = gap.crop(box), rim.crop(box), image.crop(box)
    costs = {shift: _cost(here, _taken(image, box, shift), inner, outer) for shift in _shifts(gap, box)}
    return min(((cost, shift) for shift, cost in costs.items()), default=(_GOOD, (0, 0)))


def _taken(image: Image.Image, box: Box, shift: tuple[int, int]) -> Image.Image:
    (dx, dy), (left, top, right, low) = shift, box
    return image.crop((left - dx, top - dy, right - dx, low - dy))


def _shifts(gap: Image.Image, outer: Box) -> Iterator[tuple[int, int]]:
    """How far a patch may lie away: in the picture, clear of the hole, on a coarse grid."""
    left, top, right, low = gap.getbbox() or outer
    step = max(2, min(gap.size) // 32)
    for dy in dict.fromkeys((*range(-8, 9, 2), *range(-48, 49, 8))):
        for dx in range(-gap.width // step * step, gap.width, step):
            inside = (
                dx <= outer[0]
                and outer[2] - dx <= gap.width
                and dy <= outer[1]
                and outer[3] - dy <= gap.height
            )
            if inside and (abs(dx) >= right - left or abs(dy) >= low - top):
                yield dx, dy


def _cost(here: Image.Image, there: Image.Image, gap: Image.Image, rim: Image.Image) -> float:
    """How badly the rims agree, and how much would be copied in besides: a plain patch is preferred."""
    edge = ImageStat.Stat(ImageChops.difference(here, there), rim)
    inner, outer = ImageStat.Stat(there, gap), ImageStat.Stat(there, rim)
    strange = sum(abs(a - b) for a, b in zip(inner.mean, outer.mean, strict=True))
    busy = max(0.0, sum(inner.stddev) - sum(outer.stddev))
    return (sum(edge.mean) + 0.4 * strange + 0.5 * busy) / 3


def _rows(image: Image.Image, hole: Image.Image) -> tuple[Image.Image, float]:
    """Each row of the hole from its left side to its right one, and how far the two are apart."""
    left, top, right, low = hole.getbbox() or (0, 0, 0, 0)
    reach = min(12, left, image.width - right)
    if reach < _RIM:
        return image, _GOOD
    size, box = (right - left, low - top), Image.Resampling.BOX
    sides = [image.crop((x, top, x + reach, low)).resize((1, size[1]), box) for x in (left - reach, right)]
    apart = sum(ImageStat.Stat(ImageChops.difference(*sides)).mean) / 3
    ramp = Image.linear_gradient("L").rotate(90).resize(size)
    done = image.copy()
    done.paste(Image.composite(sides[1].resize(size), sides[0].resize(size), ramp), (left, top))
    return done, apart


def _diffused(image: Image.Image, hole: Image.Image) -> Image.Image:
    """The surroundings, averaged inwards."""
    known = image.copy()
    known.putalpha(ImageChops.invert(hole))
    levels = [known]
    while max(levels[-1].size) > 1:
        levels.append(_halved(levels[-1]))
    smooth = levels[-1].convert("RGB")
    for level in reversed(levels[:-1]):
        smooth = _refined(smooth, level)
    return smooth


def _halved(level: Image.Image) -> Image.Image:
    """Half the size; transparent pixels have no weight, and any that is partly known becomes known."""
    small = level.resize(((level.width + 1) // 2, (level.height + 1) // 2), Image.Resampling.BOX)
    small.putalpha(small.getchannel("A").point([0, *(min(255, 96 + v * 2) for v in range(1, 256))]))
    return small


def _refined(coarse: Image.Image, level: Image.Image) -> Image.Image:
    """One level finer: what is known replaces the guess, and the guess is smoothed against it."""
    guess = coarse.resize(level.size, Image.Resampling.BICUBIC)
    alpha, known = level.getchannel("A"), level.convert("RGB")
    for _ in range(4 if max(level.size) <= 256 else 1):
        guess = Image.composite(known, guess, alpha).filter(ImageFilter.BoxBlur(1))
    return Image.composite(known, guess, alpha)
