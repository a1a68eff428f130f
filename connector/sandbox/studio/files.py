"""Pictures from bytes and to bytes, with a note in the file of what the sandbox knows about it."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import GifImagePlugin, Image, ImageFile, ImageOps, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from connector.sandbox.studio import label, masks

MAX_PIXELS = 300_000_000  # the vendor's largest side twice; more is a decompression bomb
_MARK = "sandbox "  # begins the note in a file; the rest is JSON
OUTLINE = 320  # longest side of an outline
_OPTIONS = {"png": {"compress_level": 1}, "jpeg": {"quality": 92}, "webp": {"quality": 88, "method": 0}}
_DESCRIPTION = 0x010E  # EXIF ImageDescription, which all formats carry
# The plugins are called by name: Image.open would warn, for the whole process, of large pictures.
_PLUGINS: dict[bytes, Callable[[io.BytesIO], ImageFile.ImageFile]] = {
    b"\x89PNG\r\n\x1a\n": PngImagePlugin.PngImageFile,
    b"\xff\xd8\xff": JpegImagePlugin.JpegImageFile,
    b"RIFF": WebPImagePlugin.WebPImageFile,
    b"GIF8": GifImagePlugin.GifImageFile,
}


class Unreadable(ValueError):
    """The bytes are no picture that can be decoded here."""


def outline(mask: Image.Image) -> Image.Image:
    """Where something is on a picture, small enough for a note in its file."""
    return ImageOps.contain(mask, (OUTLINE, OUTLINE), Image.Resampling.BOX).point([0] * 110 + [255] * 146)


@dataclass(frozen=True)
class Picture:
    """A picture without its label, RGB or RGBA, and the outline of each thing that is known to be on it."""

    image: Image.Image
    things: Mapping[str, Image.Image] = field(default_factory=dict)

    @property
    def size(self) -> tuple[int, int]:
        return self.image.size

    @property
    def rgb(self) -> Image.Image:
        return self.image.convert("RGB")

    @property
    def alpha(self) -> Image.Image | None:
        return self.image.getchannel("A") if self.image.mode == "RGBA" else None

    def mask(self, name: str) -> Image.Image:
        """White where the thing is."""
        soft = self.things[name].resize(self.size, Image.Resampling.BICUBIC)
        return soft.point([max(0, min(255, (v - 96) * 4)) for v in range(256)])

    @property
    def subject(self) -> Image.Image:
        """White where the subject is, with a soft edge. What is transparent already stays so."""
        if self.alpha and self.alpha.getextrema()[0] == 0:
            return self.alpha
        known = max(map(self.mask, self.things), key=masks.share, default=None)
        return known or masks.unlike_frame(self.rgb)

    def enlarged(self, size: tuple[int, int]) -> Picture:
        """The same at another size."""
        return Picture(self.image.resize(size, Image.Resampling.LANCZOS), self.things)


def opened(content: bytes) -> ImageFile.ImageFile | None:
    """The picture, its header read and its pixels not yet; None where it is none."""
    plugin = next((plugin for magic, plugin in _PLUGINS.items() if content.startswith(magic)), None)
    try:
        return plugin(io.BytesIO(content)) if plugin else None
    except Exception:  # hostile bytes raise whatever they like: struct.error, SyntaxError, MemoryError ...
        return None


def decode(content: bytes, what: str = "image") -> Picture:
    """The picture in the bytes, clean of an earlier label."""
    found = opened(content)
    if not found or found.width * found.height > MAX_PIXELS:
        raise Unreadable(f"{what}: cannot be decoded as a picture")
    try:
        found.load()
        image = found.convert("RGBA" if found.has_transparency_data else "RGB")
    except Exception as failure:
        raise Unreadable(f"{what}: the picture is damaged") from failure
    try:  # other files may say what they like
        hole, things = _noted(found)
    except Exception:
        return Picture(image)
    return Picture(masks.filled(image, hole), things)


def _noted(image: ImageFile.ImageFile) -> tuple[Image.Image, dict[str, Image.Image]]:
    """Where the label of an earlier sandbox picture is, and the things on it."""
    note: dict[str, Any] = json.loads(image.getexif()[_DESCRIPTION].removeprefix(_MARK))
    left, top, right, low = map(int, note["label"])
    if not (0 <= left < right <= image.width and 0 <= top < low <= image.height):
        raise Unreadable("a place that is not on the picture")
    shapes = {str(name): opened(base64.b64decode(packed)) for name, packed in note["things"].items()}
    small = {name: shape for name, shape in shapes.items() if shape and max(shape.size) <= OUTLINE}
    things = {name: shape.convert("L") for name, shape in small.items()}
    return masks.box_mask(image.size, (left, top, right, low)), things


def encode(picture: Picture, form: str, prompt: str, seed: int) -> bytes:
    """The bytes of a labelled picture in one of the formats that the vendor offers."""
    marked, place = label.stamp(picture.image, seed)
    things = {}
    for name, shape in picture.things.items():
        packed = io.BytesIO()
        shape.convert("1").save(packed, "PNG")
        things[name] = base64.b64encode(packed.getvalue()).decode()
    note = {"prompt": prompt[:200], "seed": seed, "label": place, "things": things}
    exif, out = Image.Exif(), io.BytesIO()
    exif[_DESCRIPTION] = _MARK + json.dumps(note)  # with escapes, so plain ASCII, as EXIF wants
    if form == "jpeg":
        paper = Image.new("RGBA", marked.size, "white")
        marked = Image.alpha_composite(paper, marked.convert("RGBA")).convert("RGB")
    marked.save(out, form, exif=exif, **_OPTIONS[form])
    return out.getvalue()
