"""Masks: white is where something happens."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter, ImageOps

from connector.sandbox.studio.files import Picture, decode

_HALF = [0] * 128 + [255] * 128


def hard(mask: Image.Image) -> Image.Image:
    """Nothing but black and white."""
    return mask.convert("L").point(_HALF)


def given(picture: Picture, content: bytes | None, grow: float) -> Image.Image:
    """The mask that came along, at the picture's size; without one, what is transparent in the picture."""
    return grown(hard(_told(picture, content)), round(grow))


def _told(picture: Picture, content: bytes | None) -> Image.Image:
    if content is None:
        alpha = picture.alpha
        return ImageOps.invert(alpha) if alpha else Image.new("L", picture.size)
    mask = decode(content, "mask").image
    # A transparent part of a mask is not white, whatever colour it hides.
    flat = Image.new("RGB", mask.size)
    flat.paste(mask.convert("RGB"), (0, 0), mask.getchannel("A") if mask.mode == "RGBA" else None)
    return flat.convert("L").resize(picture.size, Image.Resampling.BILINEAR)


def grown(mask: Image.Image, reach: int) -> Image.Image:
    """Wider by so many pixels on every side, in few steps: each doubles what is already there."""
    if reach <= 0 or not mask.getbbox():
        return mask
    wide = ImageOps.expand(mask, reach)
    for across, down in ((1, 0), (0, 1)):
        wide = _smeared(_smeared(wide, across * reach, down * reach), -across * reach, -down * reach)
    return wide.crop((reach, reach, reach + mask.width, reach + mask.height))


def _smeared(mask: Image.Image, dx: int, dy: int) -> Image.Image:
    """The mask and all its copies up to so far away, in one direction."""
    total, done, side = max(abs(dx), abs(dy)), 0, (dx > 0) - (dx < 0) or 0
    rise = (dy > 0) - (dy < 0)
    while done < total:
        step = min(done + 1, total - done)
        mask = ImageChops.lighter(mask, ImageChops.offset(mask, side * step, rise * step))
        done += step
    return mask


def feathered(mask: Image.Image, reach: float) -> Image.Image:
    """A soft edge that lies wholly inside the mask, so that nothing outside is touched."""
    if reach <= 0:
        return mask
    soft = ImageOps.expand(mask, 0).filter(ImageFilter.GaussianBlur(reach))
    return ImageChops.darker(mask, soft.point([max(0, (v - 128) * 2) for v in range(256)]))


def share(mask: Image.Image) -> float:
    """How much of the picture is white."""
    return mask.histogram()[255] / (mask.width * mask.height)
