"""Find the subject of a picture: what differs from the background that its edges show."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter

from connector.sandbox.studio import heal, masks
from connector.sandbox.studio.files import Picture, Thing
from connector.sandbox.studio.painting import differs

_WORK = 320  # the background is guessed at this size


def subject(picture: Picture) -> Image.Image:
    """White where the subject is, with a soft edge. What is transparent already stays so."""
    alpha = picture.alpha
    if alpha and alpha.getextrema()[0] == 0:
        return alpha
    known = max(picture.note.things.values(), key=_space, default=None)
    return known.mask(picture.size) if known else _from_edges(picture.rgb)


def _space(thing: Thing) -> int:
    return (thing.box[2] - thing.box[0]) * (thing.box[3] - thing.box[1])


def _from_edges(image: Image.Image) -> Image.Image:
    """Everything inside a frame along the border that the frame, averaged inwards, does not explain."""
    scale = min(1.0, _WORK / max(image.size))
    size = (max(8, round(image.width * scale)), max(8, round(image.height * scale)))
    small = image.resize(size, Image.Resampling.BOX)
    frame = max(4, min(size) // 24)
    inside = heal.box_mask(size, (frame, frame, size[0] - frame, size[1] - frame))
    behind = heal.smoothed(small, inside).resize(image.size, Image.Resampling.BICUBIC)
    return _solid(_marked(differs(image, behind), inside.resize(image.size)))


def _marked(distance: Image.Image, within: Image.Image) -> Image.Image:
    """Where the difference is on the far side of Otsu's threshold, inside the place allowed."""
    counts = Image.composite(distance, Image.new("L", distance.size), within).histogram(within)
    limit = min(60, max(14, _otsu(counts)))
    return ImageChops.darker(
        distance.point([255 if v > limit else 0 for v in range(256)]), masks.hard(within)
    )


def _otsu(counts: list[int]) -> int:
    """The grey value that best parts a histogram in two."""
    total, mass = sum(counts) or 1, sum(v * n for v, n in enumerate(counts))
    best, limit, below, weight = -1.0, 0, 0, 0
    for value, count in enumerate(counts):
        below, weight = below + count, weight + value * count
        if 0 < below < total:
            gap = (mass * below / total - weight) ** 2 / (below * (total - below))
            best, limit = max((best, limit), (gap, value))
    return limit


def _solid(mask: Image.Image) -> Image.Image:
    """Specks gone, holes filled, the edge soft."""
    reach = max(1, min(mask.size) // 260)
    closed = _eroded(masks.grown(mask.filter(ImageFilter.MedianFilter(3)), reach * 2), reach * 2)
    outside = _reached(ImageChops.invert(closed))
    return ImageChops.invert(outside).filter(ImageFilter.GaussianBlur(0.8))


def _eroded(mask: Image.Image, reach: int) -> Image.Image:
    return ImageChops.invert(masks.grown(ImageChops.invert(mask), reach))


def _reached(free: Image.Image) -> Image.Image:
    """The part of the free space that is connected to the border, found at a small size."""
    scale = min(1.0, 160 / max(free.size))
    size = (max(4, round(free.width * scale)), max(4, round(free.height * scale)))
    small = masks.hard(free.resize(size, Image.Resampling.BOX))
    found = ImageChops.subtract(small, heal.box_mask(size, (1, 1, size[0] - 1, size[1] - 1)))
    for _ in range(sum(size)):
        wider = ImageChops.darker(found.filter(ImageFilter.MaxFilter(3)), small)
        if wider.tobytes() == found.tobytes():
            break
        found = wider
    return ImageChops.darker(free, masks.grown(masks.hard(found.resize(free.size)), max(2, round(2 / scale))))
