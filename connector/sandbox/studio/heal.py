"""Fill a hole in a picture from what surrounds it, so that nobody sees there was something.

Three ways, tried in this order. A *patch* moves another part of the picture into the hole where the rims
agree, and spreads what difference remains evenly over it. *Rows* continue from the left rim to the right
one where the two agree, as they do across a horizon. A *diffusion* averages the surroundings inwards from
all sides, from coarse to fine; it always works.
"""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter, ImageStat

_SMALL = 96  # patches are looked for at this size
_RIM = 3  # how wide a rim must agree, in small pixels
_GOOD = 14.0  # mean difference of the rims up to which a patch or rows are taken

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
    plain = part.convert("RGB")
    done = _patched(plain, gap) or smoothed(plain, gap)
    result = image.copy()
    result.paste(done.convert(image.mode), around[:2], gap)
    return result


def _around(hole: Image.Image) -> Box | None:
    """The hole's bounding box with a generous margin: enough to judge and to borrow from."""
    box = hole.getbbox()
    if not box:
        return None
    margin = max(16, (box[2] - box[0]) * 3 // 2, (box[3] - box[1]) * 3 // 2)
    return (
        max(0, box[0] - margin),
        max(0, box[1] - margin),
        min(hole.width, box[2] + margin),
        min(hole.height, box[3] + margin),
    )


def smoothed(image: Image.Image, hole: Image.Image) -> Image.Image:
    """The hole filled with nothing but what leads across it."""
    return _in_rows(image, hole) or diffused(image, hole)


def diffused(image: Image.Image, hole: Image.Image, rows: bool = False) -> Image.Image:
    """The surroundings, averaged inwards; ``rows``: each row by itself."""
    levels = [_known(image, hole)]
    while levels[-1].width > 1 or (levels[-1].height > 1 and not rows):
        levels.append(_halved(levels[-1], rows))
    smooth = levels[-1].convert("RGB")
    for level in reversed(levels[:-1]):
        smooth = _refined(smooth, level, rows)
    return smooth


def _in_rows(image: Image.Image, hole: Image.Image) -> Image.Image | None:
    """Each row continued, if what stands left and right of the hole looks the same."""
    box = hole.getbbox()
    if not box or box[0] < _RIM or box[2] > image.width - _RIM:
        return None
    reach = min(12, box[0], image.width - box[2])
    sides = ((box[0] - reach, box[1], box[0], box[3]), (box[2], box[1], box[2] + reach, box[3]))
    left, right = (image.crop(side).resize((1, 64), Image.Resampling.BOX) for side in sides)
    apart = sum(ImageStat.Stat(ImageChops.difference(left, right)).mean) / 3
    if apart > _GOOD:
        return None
    flat = diffused(image, hole, rows=True)
    # Rows by themselves look combed; a little of their neighbours takes that away.
    return Image.composite(flat.filter(ImageFilter.BoxBlur((0, 2))), flat, hole)


def _known(image: Image.Image, hole: Image.Image) -> Image.Image:
    known = image.convert("RGB")
    known.putalpha(ImageChops.invert(hole))
    return known


def _halved(level: Image.Image, rows: bool) -> Image.Image:
    """Half the size; transparent pixels have no weight, and any that is partly known becomes known."""
    high = level.height if rows else (level.height + 1) // 2
    small = level.resize(((level.width + 1) // 2, high), Image.Resampling.BOX)
    small.putalpha(small.getchannel("A").point([0, *(min(255, 96 + v * 2) for v in range(1, 256))]))
    return small


def _refined(coarse: Image.Image, level: Image.Image, rows: bool) -> Image.Image:
    """One level finer: what is known replaces the guess, and the guess is smoothed against it."""
    guess = coarse.resize(level.size, Image.Resampling.BICUBIC)
    alpha = level.getchannel("A")
    known = level.convert("RGB")
    for _ in range(4 if max(level.size) <= 256 else 1):
        guess = Image.composite(known, guess, alpha).filter(ImageFilter.BoxBlur((1, 0 if rows else 1)))
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
    small, gap = (
        image.resize(size, Image.Resampling.BOX),
        _spread(hole.resize(size, Image.Resampling.BOX).point([0, *[255] * 255]), 1),
    )
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


def _cost(
    small: Image.Image, gap: Image.Image, rim: Image.Image, box: Box, mouth: Box, shift: tuple[int, int]
) -> float:
    """How badly the rims agree, and how much would be copied in besides: a plain patch is preferred."""
    moved = small.crop((box[0] - shift[0], box[1] - shift[1], box[2] - shift[0], box[3] - shift[1]))
    edge = ImageStat.Stat(ImageChops.difference(small.crop(box), moved), rim.crop(box))
    inner = ImageStat.Stat(moved, gap.crop(box))
    outer = ImageStat.Stat(moved, rim.crop(box))
    strange = sum(abs(a - b) for a, b in zip(inner.mean, outer.mean, strict=True)) / 3
    busy = max(0.0, sum(inner.stddev) - sum(outer.stddev)) / 3
    return sum(edge.mean) / 3 + 0.4 * strange + 0.5 * busy
