"""Pictures from bytes and to bytes, with a note in the file of what the sandbox knows about it."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from PIL import GifImagePlugin, Image, ImageFile, ImageOps, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from connector.sandbox.studio import label, masks
from connector.sandbox.studio.label import Box

MAX_PIXELS = 300_000_000  # the vendor's largest side twice; more is a decompression bomb
_MARK = "sandbox "  # begins the note in a file; the rest is JSON
OUTLINE = 320  # longest side of an outline
_OPTIONS = {"png": {"compress_level": 1}, "jpeg": {"quality": 92}, "webp": {"quality": 88, "method": 0}}
_DESCRIPTION = 0x010E  # EXIF ImageDescription, which JPEG and WebP carry


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
        if size == self.size:
            return self
        return Picture(self.image.resize(size, Image.Resampling.LANCZOS), self.things)


# The plugins are called by name: Image.open would warn, for the whole process, of large pictures.
_PLUGINS: dict[bytes, Callable[[io.BytesIO], ImageFile.ImageFile]] = {
    b"\x89PNG\r\n\x1a\n": PngImagePlugin.PngImageFile,
    b"\xff\xd8\xff": JpegImagePlugin.JpegImageFile,
    b"RIFF": WebPImagePlugin.WebPImageFile,
    b"GIF8": GifImagePlugin.GifImageFile,
}


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
    place, things = _note(found)
    clean = masks.filled(image, masks.box_mask(image.size, place)) if place else image
    return Picture(clean, things)


def _note(image: ImageFile.ImageFile) -> tuple[Box | None, dict[str, Image.Image]]:
    """The label's place and the things of an earlier sandbox picture; other files may say what they like."""
    try:
        text = image.info.get("Comment") or image.getexif().get(_DESCRIPTION, "")
        known = json.loads(text.removeprefix(_MARK)) if text.startswith(_MARK) else {}
        things = {}
        for name, packed in known.get("things", {}).items():
            shape = opened(base64.b64decode(packed))
            if shape and max(shape.size) <= OUTLINE:
                things[str(name)] = shape.convert("L")
        return _box(known["label"], image.size) if known.get("label") else None, things
    except Exception:
        return None, {}


def _box(value: object, size: tuple[int, int]) -> Box:
    left, top, right, low = map(int, value)  # type: ignore[call-overload]  # what it is shows here
    if not (0 <= left < right <= size[0] and 0 <= top < low <= size[1]):
        raise Unreadable("a place that is not on the picture")
    return (left, top, right, low)


def encode(picture: Picture, form: str, prompt: str, seed: int) -> bytes:
    """The bytes of a labelled picture in one of the formats that the vendor offers."""
    marked, place = label.stamp(picture.image, seed, prompt)
    things = {}
    for name, shape in picture.things.items():
        packed = io.BytesIO()
        shape.convert("1").save(packed, "PNG")
        things[name] = base64.b64encode(packed.getvalue()).decode()
    note = {"prompt": prompt[:200], "seed": seed, "label": place, "things": things}
    text, out = _MARK + json.dumps(note), io.BytesIO()  # with escapes, so plain ASCII, as EXIF wants
    chunks, exif = PngImagePlugin.PngInfo(), Image.Exif()
    chunks.add_text("Software", "sandbox")
    chunks.add_itxt("Comment", text)
    exif[_DESCRIPTION] = text
    if form == "jpeg":
        paper = Image.new("RGBA", marked.size, "white")
        marked = Image.alpha_composite(paper, marked.convert("RGBA")).convert("RGB")
    marked.save(out, form, **_OPTIONS[form], **{"pnginfo": chunks} if form == "png" else {"exif": exif})
    return out.getvalue()
