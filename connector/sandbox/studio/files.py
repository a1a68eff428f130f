"""Pictures from bytes and to bytes, with a note in the file of what the sandbox knows about it."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from PIL import GifImagePlugin, Image, ImageFile, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from connector.sandbox.studio import infill, label
from connector.sandbox.studio.label import Box

MAX_PIXELS = 300_000_000  # the vendor's largest side twice; more is a decompression bomb
_MARK = "sandbox "  # begins the note in a file; the rest is JSON
SHAPE = 160  # longest side of an outline that a note carries
_OPTIONS = {"png": {"compress_level": 1}, "jpeg": {"quality": 92}, "webp": {"quality": 88, "method": 0}}
_DESCRIPTION = 0x010E  # EXIF ImageDescription, which JPEG and WebP carry


class Unreadable(ValueError):
    """The bytes are no picture that can be decoded here."""


@dataclass(frozen=True)
class Thing:
    """Where something is on a picture, and its outline: white inside, at most so large as it need be."""

    box: Box
    shape: Image.Image

    @property
    def size(self) -> tuple[int, int]:
        return (self.box[2] - self.box[0], self.box[3] - self.box[1])

    def moved(self, x: float, y: float, across: float = 1.0, down: float = 1.0) -> Thing:
        left, right = (round(place * across + x) for place in self.box[::2])
        top, low = (round(place * down + y) for place in self.box[1::2])
        return Thing((left, top, right, low), self.shape)

    def mask(self, size: tuple[int, int]) -> Image.Image:
        """White where the thing is, on a picture of that size."""
        mask, soft = Image.new("L", size), self.shape.resize(self.size, Image.Resampling.BICUBIC)
        mask.paste(soft.point([max(0, min(255, (v - 96) * 4)) for v in range(256)]), self.box[:2])
        return mask

    def known(self) -> list[object]:
        out = io.BytesIO()
        self.shape.convert("1").save(out, "PNG")
        return [list(self.box), base64.b64encode(out.getvalue()).decode()]


@dataclass(frozen=True)
class Picture:
    """A picture without its label, RGB or RGBA, and where on it each thing is that is known to be there."""

    image: Image.Image
    things: Mapping[str, Thing] = field(default_factory=dict)

    @property
    def size(self) -> tuple[int, int]:
        return self.image.size

    @property
    def rgb(self) -> Image.Image:
        return self.image.convert("RGB")

    @property
    def alpha(self) -> Image.Image | None:
        return self.image.getchannel("A") if self.image.mode == "RGBA" else None

    def enlarged(self, size: tuple[int, int]) -> Picture:
        """The same at another size; what is known to be on it is at the same place there."""
        if size == self.size:
            return self
        x, y = size[0] / self.size[0], size[1] / self.size[1]
        things = {name: thing.moved(0, 0, x, y) for name, thing in self.things.items()}
        return Picture(self.image.resize(size, Image.Resampling.LANCZOS), things)


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
    clean = infill.filled(image, infill.box_mask(image.size, place)) if place else image
    return Picture(clean, things)


def _note(image: ImageFile.ImageFile) -> tuple[Box | None, dict[str, Thing]]:
    """The label's place and the things of an earlier sandbox picture; other files may say what they like."""
    try:
        text = image.info.get("Comment") or image.getexif().get(_DESCRIPTION, "")
        known = json.loads(text.removeprefix(_MARK)) if text.startswith(_MARK) else {}
        things = {}
        for name, (box, packed) in known.get("things", {}).items():
            shape = opened(base64.b64decode(packed))
            if shape and max(shape.size) <= SHAPE:
                things[str(name)] = Thing(_box(box, image.size), shape.convert("L"))
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
    things = {name: thing.known() for name, thing in picture.things.items()}
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
