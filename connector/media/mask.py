"""Masks: which part of a picture is selected, as far as the pixels tell.

It is asked before something is paid for that would change nothing, or everything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeVar, cast

from connector.media.exif_transpose import MOST_PIXELS
from connector.media.file import Media

if TYPE_CHECKING:
    from PIL.Image import Image

T = TypeVar("T")
Part = Literal["white", "black", "transparent"]

# Of 255. A lossy file of one colour has pixels that are a little off, and so faint a grey changes nothing.
_FAINT, _STRONG = 16, 239


def doubt(mask: Media, selects: Part) -> str:
    """Why a mask is perhaps not what is meant, as a sentence that goes on after its name.

    Empty where nothing speaks against it, or where its pixels cannot be read.
    """
    return _read(mask, lambda picture: _doubt(picture, selects), "")


def is_opaque(media: Media) -> bool:
    """Whether a picture certainly has no transparent part."""
    return _read(media, lambda picture: _bounds(_alpha(picture))[0] == 255, False)


def _read(media: Media, act: Callable[[Image], T], unknown: T) -> T:
    try:
        from PIL import Image
    except ImportError:
        return unknown
    if not media.type.startswith("image/") or (media.width or 0) * (media.height or 0) > MOST_PIXELS:
        return unknown
    try:
        with media.open() as source, Image.open(source) as picture:
            return act(picture)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return unknown


def _doubt(picture: Image, selects: Part) -> str:
    alpha = _alpha(picture)
    least, most = _bounds(alpha if selects == "transparent" else _grey(picture))
    if selects != "white":
        least, most = 255 - most, 255 - least
    if most < _FAINT:
        return f"selects nothing: no part of it is {selects}"
    has_holes = selects != "transparent" and _bounds(alpha)[0] < _FAINT
    if least > _STRONG:
        beside = "; that parts of it are transparent counts for nothing" if has_holes else ""
        return f"selects everything: all of it is {selects}{beside}"
    if has_holes and _is_picture(picture, alpha):
        return (
            f"looks like a picture with a transparent part; what is {selects} is selected, and that parts "
            "of it are transparent counts for nothing"
        )
    return ""


def _bounds(band: Image) -> tuple[int, int]:
    """The least and the greatest value of one band."""
    return cast("tuple[int, int]", band.getextrema())


def _alpha(picture: Image) -> Image:
    """How opaque each pixel is."""
    from PIL import Image

    if not picture.has_transparency_data:
        return Image.new("L", (1, 1), 255)
    return picture.convert("RGBA").getchannel("A")


def _grey(picture: Image) -> Image:
    """How light each pixel is. What lies below transparent pixels counts like any other."""
    if picture.mode.startswith("I"):  # grey of 16 bits, which Pillow would cut off at 255
        picture = picture.convert("I").point(lambda value: value * (1 / 257))
    return picture.convert("L")


def _is_picture(picture: Image, alpha: Image) -> bool:
    """Whether most of what is opaque is neither black nor white."""
    counts = _grey(picture).histogram(alpha.point(lambda value: 255 if value > 127 else 0))
    return 2 * sum(counts[64:192]) > sum(counts)
