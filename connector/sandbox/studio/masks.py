"""Masks: white is where something happens."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter, ImageOps

from connector.sandbox.studio.files import Picture, decode


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
    """Wider by so many pixels on every side, in few steps: each doubles what is already there."""
    if reach <= 0 or not mask.getbbox():
        return mask
    wide = ImageOps.expand(mask, reach)
    for across, down in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        done = 0
        while done < reach:
            step = min(done + 1, reach - done)
            wide = ImageChops.lighter(wide, ImageChops.offset(wide, across * step, down * step))
            done += step
    return wide.crop((reach, reach, reach + mask.width, reach + mask.height))


def feathered(mask: Image.Image, reach: float) -> Image.Image:
    """A soft edge that lies wholly inside the mask, so that nothing outside is touched."""
    soft = mask.filter(ImageFilter.GaussianBlur(reach))
    return ImageChops.darker(mask, soft.point([max(0, (v - 128) * 2) for v in range(256)]))


def share(mask: Image.Image) -> float:
    """How much of the picture is white."""
    return mask.histogram()[255] / (mask.width * mask.height)
