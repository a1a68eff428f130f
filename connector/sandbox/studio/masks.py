"""Masks and segmentation: white is where something happens, or where the subject of a picture is."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter, ImageOps, ImageStat

from connector.sandbox.studio import infill
from connector.sandbox.studio.files import Picture, decode

_WORK = 320  # the background is guessed at this size


def hard(mask: Image.Image) -> Image.Image:
    """Nothing but black and white."""
    return mask.convert("L").point([0] * 128 + [255] * 128)


def given(picture: Picture, content: bytes | None, grow: float) -> Image.Image:
    """The mask that came along, at the picture's size; without one, what is transparent in the picture."""
    if content is None:
        told = ImageOps.invert(picture.alpha) if picture.alpha else Image.new("L", picture.size)
        return grown(hard(told), round(grow))
    mask = decode(content, "mask").image.convert("RGBA")
    # A transparent part of a mask is not white, whatever colour it hides.
    flat = Image.alpha_composite(Image.new("RGBA", mask.size, "black"), mask)
    return grown(hard(flat.convert("L").resize(picture.size, Image.Resampling.BILINEAR)), round(grow))


def grown(mask: Image.Image, reach: int) -> Image.Image:
    """Wider by so many pixels on every side: whatever a blur of that reach leaves a trace of."""
    for axes in ((reach, 0), (0, reach)):
        mask = mask.filter(ImageFilter.BoxBlur(axes)).point([0] + [255] * 255)
    return mask


def feathered(mask: Image.Image, reach: float) -> Image.Image:
    """A soft edge that lies wholly inside the mask, so that nothing outside is touched."""
    soft = mask.filter(ImageFilter.GaussianBlur(reach))
    return ImageChops.darker(mask, soft.point([max(0, (v - 128) * 2) for v in range(256)]))


def share(mask: Image.Image) -> float:
    """How much of the picture is white."""
    return mask.histogram()[255] / (mask.width * mask.height)


def subject(picture: Picture) -> Image.Image:
    """White where the subject is, with a soft edge. What is transparent already stays so."""
    if picture.alpha and picture.alpha.getextrema()[0] == 0:
        return picture.alpha
    known = max(map(picture.mask, picture.things), key=share, default=None)
    return known or _from_edges(picture.rgb)


def _from_edges(image: Image.Image) -> Image.Image:
    """Everything inside a frame along the border that the frame, continued inwards, does not explain."""
    small = ImageOps.contain(image, (_WORK, _WORK), Image.Resampling.BOX)
    frame = max(4, min(small.size) // 24)
    inside = infill.box_mask(small.size, (frame, frame, small.width - frame, small.height - frame))
    behind = infill.filled(small, inside).resize(image.size, Image.Resampling.BICUBIC)
    distance, within = differs(image, behind), hard(inside.resize(image.size))
    # Few pixels are the subject's, so it is well above the mean.
    limit = min(60, max(14, round(2 * ImageStat.Stat(distance, within).mean[0])))
    found = ImageChops.darker(distance.point([0] * (limit + 1) + [255] * (255 - limit)), within)
    # Specks gone, small holes closed, the edge soft.
    reach = max(2, min(image.size) // 100)
    wide = grown(found.filter(ImageFilter.MedianFilter(3)), reach)
    return ImageOps.invert(grown(ImageOps.invert(wide), reach)).filter(ImageFilter.GaussianBlur(0.8))


def differs(a: Image.Image, b: Image.Image) -> Image.Image:
    """How far two pictures are apart, pixel by pixel, in the channel that differs most."""
    red, green, blue = ImageChops.difference(a.convert("RGB"), b.convert("RGB")).split()
    return ImageChops.lighter(ImageChops.lighter(red, green), blue)
