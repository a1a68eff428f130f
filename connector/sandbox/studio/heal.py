"""Fill a hole in a picture from what surrounds it, so that nobody sees there was something.

Two ways, and the better is taken. A *patch* moves another part of the picture into the hole where the
rims agree, and spreads what difference remains evenly over it. A *diffusion* averages the surroundings
inwards, from coarse to fine; it always works.
"""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter, ImageStat

_SMALL = 96  # patches are looked for at this size
_RIM = 3  # how wide a rim must agree, in small pixels
_GOOD = 26.0  # mean difference of the rims up to which a patch is better than averaging

Box = tuple[int, int, int, int]


def box_mask(size: tuple[int, int], box: Box) -> Image.Image:
    mask = Image.new("L", size)
    mask.paste(255, box)
    return mask


def filled(image: Image.Image, hole: Image.Image) -> Image.Image:
    """The picture with the white of the mask filled; not one pixel elsewhere is touched."""
    around = _around(hole)
    if not around:
        return image
    part, gap = image.crop(around), hole.crop(around)
    done = _patched(part.convert("RGB"), gap) or diffused(part.convert("RGB"), gap)
    result = image.copy()
    result.paste(done.convert(image.mode), around[:2], gap)
    return result


def _around(hole: Image.Image) -> Box | None:
    """The hole's bounding box with a generous margin: enough to judge and to borrow from."""
    box = hole.getbbox()
    if not box:
        return None
    margin = max(16, (box[2] - box[0]) * 3 // 2, (box[3] - box[1]) * 3 // 2)
    return (max(0, box[0] - margin), max(0, box[1] - margin), min(hole.width, box[2] + margin), min(hole.height, box[3] + margin))


def diffused(image: Image.Image, hole: Image.Image) -> Image.Image:
    """The surroundings, averaged inwards."""
    levels = [_known(image, hole)]
    while max(levels[-1].size) > 1:
        levels.append(_halved(levels[-1]))
    smooth = levels[-1].convert("RGB")
    for level in reversed(levels[:-1]):
        smooth = _refined(smooth, level)
    return smooth


def _known(image: Image.Image, hole: Image.Image) -> Image.Image:
    known = image.convert("RGB")
    known.putalpha(ImageChops.invert(hole))
    return known


def _halved(level: Image.Image) -> Image.Image:
    """Half the size; transparent pixels have no weight, and any that is partly known becomes known."""
    small = level.resize(((level.width + 1) // 2, (level.height + 1) // 2), Image.Resampling.BOX)
    small.putalpha(small.getchannel("A").point([0, *(min(255, 96 + v * 2) for v in range(1, 256))]))
    return small


def _refined(coarse: Image.Image, level: Image.Image) -> Image.Image:
    """One level finer: what is known replaces the guess, and the guess is smoothed against it."""
    guess = coarse.resize(level.size, Image.Resampling.BICUBIC)
    alpha = level.getchannel("A")
    known = level.convert("RGB")
    for _ in range(4 if max(level.size) <= 256 else 1):
        guess = Image.composite(known, guess, alpha).filter(ImageFilter.BoxBlur(1))
    return Image.composite(known, guess, alpha)


def _patched(image: Image.Image, hole: Image.Image) -> Image.Image | None:
    scale = max(1.0, max(image.size) / _SMALL)
    shift = _best_shift(image, hole, scale)
    if shift is None:
        return None
    moved = ImageChops.offset(image, round(shift[0] * scale), round(shift[1] * scale))
    # What the patch differs by at the rim, diffused over the hole, takes the seam away.
    gap = ImageChops.subtract(image, moved, scale=2.0, offset=128)
    spread = diffused(gap, hole.filter(ImageFilter.MaxFilter(3)))
    half = ImageChops.add(moved.point([v // 2 for v in range(256)] * 3), spread, scale=1.0, offset=-128)
    return ImageChops.add(half, ImageChops.add(half, moved.point([v & 1 for v in range(256)] * 3)))


def _best_shift(image: Image.Image, hole: Image.Image, scale: float) -> tuple[int, int] | None:
    """How far away, in small pixels, the patch lies whose rim agrees best with the hole's."""
    size = (max(1, round(image.width / scale)), max(1, round(image.height / scale)))
    small, gap = image.resize(size, Image.Resampling.BOX), _spread(hole.resize(size, Image.Resampling.BOX).point([0, *[255] * 255]), 1)
    rim = ImageChops.subtract(_spread(gap, _RIM), gap)
    box, mouth = _spread(gap, _RIM).getbbox(), gap.getbbox()
    if not box or not mouth or not rim.getbbox():
        return None
    found = [(_cost(small, gap, rim, box, mouth, shift), shift) for shift in _shifts(size, box, mouth)]
    cost, shift = min(found, default=(_GOOD, None))
    return shift if cost < _GOOD else None


def _spread(mask: Image.Image, reach: int) -> Image.Image:
    for _ in range(reach):
        mask = mask.filter(ImageFilter.MaxFilter(3))
    return mask


def _shifts(size: tuple[int, int], box: Box, mouth: Box) -> list[tuple[int, int]]:
    """Every place for the patch that lies in the picture and clear of the hole, on a coarse grid."""
    wide, high = mouth[2] - mouth[0], mouth[3] - mouth[1]
    step = max(2, min(size) // 32)
    across = range(-box[0] // step * step, size[0] - box[2] + 1, step)
    down = [dy for dy in (*range(-8, 9, 2), *range(-48, 49, 8)) if -box[1] <= dy <= size[1] - box[3]]
    inside = [dx for dx in across if -box[0] <= dx <= size[0] - box[2]]
    return [(-dx, -dy) for dy in dict.fromkeys(down) for dx in inside if abs(dx) >= wide or abs(dy) >= high]


def _cost(small: Image.Image, gap: Image.Image, rim: Image.Image, box: Box, mouth: Box, shift: tuple[int, int]) -> float:
    """How badly the rims agree, and how much would be copied in besides: a plain patch is preferred."""
    moved = small.crop((box[0] - shift[0], box[1] - shift[1], box[2] - shift[0], box[3] - shift[1]))
    edge = ImageStat.Stat(ImageChops.difference(small.crop(box), moved), rim.crop(box))
    inner = ImageStat.Stat(moved, gap.crop(box))
    outer = ImageStat.Stat(moved, rim.crop(box))
    strange = sum(abs(a - b) for a, b in zip(inner.mean, outer.mean, strict=True)) / 3
    busy = max(0.0, sum(inner.stddev) - sum(outer.stddev)) / 3
    return sum(edge.mean) / 3 + 0.4 * strange + 0.5 * busy
