"""Fill a hole in a picture from what surrounds it, so that nobody sees there was something.

Each row is continued from the left side of the hole to its right one, as it would be across a horizon, if
the two look alike. Then what that guess differs by along the rim is spread evenly over the hole, from coarse
to fine; with no guess, that alone averages the surroundings inwards.
"""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter, ImageStat

_ALIKE = 14.0  # mean difference of the sides up to which rows lead from one to the other

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
    left, top = max(0, box[0] - margin), max(0, box[1] - margin)
    around = (left, top, min(hole.width, box[2] + margin), min(hole.height, box[3] + margin))
    part, gap, result = image.crop(around), hole.crop(around), image.copy()
    result.paste(_infilled(part.convert("RGB"), gap).convert(image.mode), (left, top), gap)
    return result


def _infilled(image: Image.Image, hole: Image.Image) -> Image.Image:
    guess = _rows(image, hole)
    # Halves, so that differences of either sign fit into eight bits; they are added twice.
    gap = ImageChops.subtract(image, guess, scale=2.0, offset=128)
    gap.putalpha(ImageChops.invert(hole.filter(ImageFilter.MaxFilter(3))))
    spread = _smooth(gap)
    return ImageChops.add(ImageChops.add(guess, spread, 1, -128), spread, 1, -128)


def _rows(image: Image.Image, hole: Image.Image) -> Image.Image:
    """Each row of the hole from its left side to its right one; grey where these are not alike."""
    left, top, right, low = hole.getbbox() or (0, 0, 0, 0)
    reach, size, box = min(12, left, image.width - right), (right - left, low - top), Image.Resampling.BOX
    if reach:
        ends = ((left - reach, top, left, low), (right, top, right + reach, low))
        before, after = (image.crop(end).resize((1, max(2, size[1] // 4)), box) for end in ends)
        if sum(ImageStat.Stat(ImageChops.difference(before, after)).mean) / 3 < _ALIKE:
            ramp, done = Image.linear_gradient("L").rotate(90).resize(size), image.copy()
            done.paste(Image.composite(after.resize(size), before.resize(size), ramp), (left, top))
            return done
    return Image.new("RGB", image.size, (128, 128, 128))


def _smooth(level: Image.Image) -> Image.Image:
    """What is known replaces a guess made at half the size, and the guess is smoothed against it."""
    if max(level.size) == 1:
        return level.convert("RGB")
    guess = _smooth(_halved(level)).resize(level.size, Image.Resampling.BICUBIC)
    alpha, known = level.getchannel("A"), level.convert("RGB")
    for _ in range(4 if max(level.size) <= 256 else 1):
        guess = Image.composite(known, guess, alpha).filter(ImageFilter.BoxBlur(1))
    return Image.composite(known, guess, alpha)


def _halved(level: Image.Image) -> Image.Image:
    """Half the size; transparent pixels have no weight, and any that is partly known becomes known."""
    small = level.resize(((level.width + 1) // 2, (level.height + 1) // 2), Image.Resampling.BOX)
    small.putalpha(small.getchannel("A").point([0, *(min(255, 96 + v * 2) for v in range(1, 256))]))
    return small
