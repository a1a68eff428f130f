"""Pictures from bytes and to bytes, with a note in the file of what the sandbox knows about it."""

from __future__ import annotations

import base64
import binascii
import io
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from PIL import GifImagePlugin, Image, ImageFile, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from connector.sandbox.studio import heal, label
from connector.sandbox.studio.label import Box

MAX_PIXELS = 300_000_000  # the vendor's largest side twice; more is a decompression bomb
_MARK = "sandbox "  # begins every note; the rest is JSON
SHAPE = 160  # longest side of an outline that a note carries
_DESCRIPTION = 0x010E  # EXIF ImageDescription, which JPEG and WebP carry


class Unreadable(ValueError):
    """The bytes are no picture that can be decoded here."""


@dataclass(frozen=True)
class Thing:
    """Where something is on a picture, and its outline: white inside, at most so large as it need be."""

    box: Box
    shape: Image.Image

    def moved(self, x: float, y: float, scale_x: float = 1.0, scale_y: float = 1.0) -> Thing:
        left, top, right, low = self.box
        place = (left * scale_x + x, top * scale_y + y, right * scale_x + x, low * scale_y + y)
        return Thing((round(place[0]), round(place[1]), round(place[2]), round(place[3])), self.shape)

    def mask(self, size: tuple[int, int]) -> Image.Image:
        """White where the thing is, on a picture of that size."""
        left, top, right, low = self.box
        soft = self.shape.resize((right - left, low - top), Image.Resampling.BICUBIC)
        mask = Image.new("L", size)
        mask.paste(soft.point([max(0, min(255, (v - 96) * 4)) for v in range(256)]), (left, top))
        return mask

    def known(self) -> list[object]:
        packed = base64.b64encode(zlib.compress(self.shape.convert("1").tobytes(), 9)).decode()
        return [list(self.box), list(self.shape.size), packed]


@dataclass(frozen=True)
class Note:
    """What travels with a picture: its label's place, and where the things in it are."""

    prompt: str = ""
    seed: int = 0
    label: Box | None = None
    things: Mapping[str, Thing] = field(default_factory=dict)

    def text(self) -> str:
        things = {name: thing.known() for name, thing in self.things.items()}
        known = {"prompt": self.prompt[:200], "seed": self.seed, "label": self.label, "things": things}
        return _MARK + json.dumps(known)


@dataclass(frozen=True)
class Picture:
    """A decoded picture without its label: RGB or RGBA."""

    image: Image.Image
    note: Note = field(default_factory=Note)

    @property
    def size(self) -> tuple[int, int]:
        return self.image.size

    @property
    def rgb(self) -> Image.Image:
        return self.image.convert("RGB")

    @property
    def alpha(self) -> Image.Image | None:
        return self.image.getchannel("A") if self.image.mode == "RGBA" else None


# The plugins are called by name: Image.open would warn, for the whole process, of large pictures.
_OPENERS: tuple[tuple[str, bytes, Callable[[io.BytesIO], ImageFile.ImageFile]], ...] = (
    ("png", b"\x89PNG\r\n\x1a\n", PngImagePlugin.PngImageFile),
    ("jpeg", b"\xff\xd8\xff", JpegImagePlugin.JpegImageFile),
    ("webp", b"RIFF", WebPImagePlugin.WebPImageFile),
    ("gif", b"GIF8", GifImagePlugin.GifImageFile),
)


def opened(content: bytes) -> tuple[str, ImageFile.ImageFile] | None:
    """The format and the picture, its header read and its pixels not yet; None where it is none."""
    for name, magic, plugin in _OPENERS:
        if content.startswith(magic):
            return _tried(name, plugin, content)
    return None


def _tried(
    name: str, plugin: Callable[[io.BytesIO], ImageFile.ImageFile], content: bytes
) -> tuple[str, ImageFile.ImageFile] | None:
    try:
        return name, plugin(io.BytesIO(content))
    except Exception:  # hostile bytes raise whatever they like: struct.error, SyntaxError, MemoryError ...
        return None


def decode(content: bytes, what: str = "image") -> Picture:
    """The picture in the bytes, clean of an earlier label."""
    found = opened(content)
    if not found or found[1].width * found[1].height > MAX_PIXELS:
        raise Unreadable(f"{what}: cannot be decoded as a picture")
    image, note = _pixels(found[1], what), _note(found[1])
    clean = heal.filled(image, heal.box_mask(image.size, note.label)) if note.label else image
    return Picture(clean, note)


def _pixels(image: ImageFile.ImageFile, what: str) -> Image.Image:
    try:
        image.load()
        transparent = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
        return image.convert("RGBA" if transparent else "RGB")
    except Exception as failure:
        raise Unreadable(f"{what}: the picture is damaged") from failure


def _note(image: ImageFile.ImageFile) -> Note:
    """The note of an earlier sandbox picture, or an empty one: other people's files say what they like."""
    try:
        text = image.info.get("Comment") or image.getexif().get(_DESCRIPTION, "")
        known = json.loads(text.removeprefix(_MARK)) if text.startswith(_MARK) else {}
        found = {name: _thing(value, image.size) for name, value in known.get("things", {}).items()}
        things = {name: thing for name, thing in found.items() if thing}
        return Note(
            str(known.get("prompt", "")),
            int(known.get("seed", 0)),
            _box(known.get("label"), image.size),
            things,
        )
    except Exception:
        return Note()


def _thing(value: object, size: tuple[int, int]) -> Thing | None:
    if not isinstance(value, list) or len(value) != 3 or not (box := _box(value[0], size)):
        return None
    width, high = value[1]
    if not (0 < width <= SHAPE and 0 < high <= SHAPE):
        return None
    return Thing(box, Image.frombytes("1", (width, high), _unpacked(value[2])).convert("L"))


def _unpacked(packed: str) -> bytes:
    return zlib.decompressobj().decompress(binascii.a2b_base64(packed), SHAPE * SHAPE)


def _box(value: object, size: tuple[int, int]) -> Box | None:
    if not isinstance(value, list) or len(value) != 4 or not all(isinstance(v, int) for v in value):
        return None
    left, top, right, low = value
    return (left, top, right, low) if 0 <= left < right <= size[0] and 0 <= top < low <= size[1] else None


def encode(image: Image.Image, form: str, note: Note) -> bytes:
    """The bytes of a labelled picture in one of the formats that the vendor offers."""
    marked, place = label.stamp(image, note.seed, note.prompt)
    out = io.BytesIO()
    _SAVERS[form](marked, out, Note(note.prompt, note.seed, place, note.things).text())
    return out.getvalue()


def _png(image: Image.Image, out: io.BytesIO, note: str) -> None:
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("Software", "sandbox")
    chunks.add_itxt("Comment", note)
    image.save(out, "PNG", compress_level=1, pnginfo=chunks)


def _exif(note: str) -> Image.Exif:
    exif = Image.Exif()
    exif[_DESCRIPTION] = note  # JSON with escapes, so plain ASCII, as EXIF wants
    return exif


def _jpeg(image: Image.Image, out: io.BytesIO, note: str) -> None:
    flat = image.convert("RGBA")
    paper = Image.new("RGB", image.size, (255, 255, 255))
    paper.paste(flat, (0, 0), flat)
    paper.save(out, "JPEG", quality=92, exif=_exif(note))


def _webp(image: Image.Image, out: io.BytesIO, note: str) -> None:
    image.save(out, "WEBP", quality=88, method=0, exif=_exif(note))


_SAVERS: dict[str, Callable[[Image.Image, io.BytesIO, str], None]] = {
    "png": _png,
    "jpeg": _jpeg,
    "webp": _webp,
}
