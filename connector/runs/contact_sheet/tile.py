"""Tiles of a contact sheet: a picture, a frame, a wave, a texture, or a file's first lines."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING

from connector.media import Media, kinds

if TYPE_CHECKING:
    from PIL import Image

Box = tuple[int, int]
Crop = tuple[float, float, float, float]

# The colour of a tile on which nothing lies.
GROUND = (232, 229, 222, 255)
_INK = (72, 92, 120, 255)
_QUIET = (104, 106, 112, 255)
_CHEQUERS = ((255, 255, 255, 255), (222, 222, 222, 255))
# A picture that says it has more pixels than this is not opened: it would fill the memory.
_MOST_PIXELS = 80_000_000
_MOST_TEXT = 4000


def fitted(media: Media, box: Box, crop: Crop | None = None) -> Image.Image:
    """The file as it looks, cropped and fitted into a box. What cannot be drawn is named in words."""
    try:
        look = _look_of(media)(media, box)
    except (ImportError, OSError, ValueError, SyntaxError, LookupError, StopIteration, struct.error):
        look = _words(media, box)  # what Pillow and others raise for damaged files, or are not installed for
    if crop is not None:
        look = _enlarged(look, crop, box)
    look.thumbnail(box)
    return _on_chequers(look)


def _look_of(media: Media) -> Callable[[Media, Box], Image.Image]:
    return _LOOKS.get(media.type) or _LOOKS.get(media.type.partition("/")[0], _words)


def _drawn(media: Media, box: Box) -> Image.Image:
    from PIL import Image, ImageOps

    if (media.width or 0) * (media.height or 0) > _MOST_PIXELS:
        return _words(media, box)
    with media.open() as file, Image.open(file) as image:
        return ImageOps.exif_transpose(image).convert("RGBA")


def _frame(media: Media, box: Box) -> Image.Image:
    """The middle frame of a video."""
    import av

    with media.open() as file, av.open(file, mode="r") as container:
        frames = container.decode(video=0)
        middle = max(0, container.streams.video[0].frames // 2)
        image: Image.Image = next(islice(frames, middle, None)).to_image()  # type: ignore[no-untyped-call]
    return image.convert("RGBA")


def _wave(media: Media, box: Box) -> Image.Image:
    """The loudness of a sound from its start to its end."""
    from PIL import Image, ImageDraw

    levels = _levels(media, bars := box[0] // 5)
    loudest = max(levels, default=1) or 1
    paper = Image.new("RGBA", box, GROUND)
    pen = ImageDraw.Draw(paper)
    for number, level in enumerate(levels[:bars]):
        half = max(1, round(level / loudest * box[1] * 0.38))
        left, middle = number * 5 + 1, box[1] // 2
        pen.rounded_rectangle((left, middle - half, left + 2, middle + half), 1, fill=_INK)
    return paper


def _levels(media: Media, bars: int) -> list[float]:
    import av

    with media.open() as file, av.open(file, mode="r") as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=8000)
        pieces = [
            bytes(out.planes[0]) for frame in container.decode(audio=0) for out in resampler.resample(frame)
        ]
    samples = memoryview(b"".join(pieces)).cast("h")
    step = max(1, len(samples) // bars)
    pieces_of_it = (samples[at : at + step : 7] for at in range(0, len(samples), step))
    return [sum(map(abs, piece)) / max(1, len(piece)) for piece in pieces_of_it]


def _texture(media: Media, box: Box) -> Image.Image:
    """The picture that is wrapped around a binary glTF model."""
    from PIL import Image

    content = media.bytes
    length = struct.unpack_from("<I", content, 12)[0]
    model = json.loads(content[20 : 20 + length])
    view = model["bufferViews"][model["images"][0]["bufferView"]]
    start = 20 + length + 8 + view.get("byteOffset", 0)
    with Image.open(BytesIO(content[start : start + view["byteLength"]])) as image:
        return image.convert("RGBA")


def _lines(media: Media, box: Box) -> Image.Image:
    """The first lines of a text."""
    with media.open() as file:
        text = file.read(_MOST_TEXT).decode("utf-8", "replace")
    return _written("\n".join(line[:40] for line in text.splitlines()[:8]), box)


def _words(media: Media, box: Box) -> Image.Image:
    """What kind of file it is."""
    return _written(f"{kinds.title_of(media.type)}, {media.size:,} bytes", box)


def _written(text: str, box: Box) -> Image.Image:
    from PIL import Image, ImageDraw, ImageFont

    paper = Image.new("RGBA", box, GROUND)
    ImageDraw.Draw(paper).multiline_text(
        (14, 12), text, font=ImageFont.load_default(12), fill=_QUIET, spacing=5
    )
    return paper


_LOOKS: dict[str, Callable[[Media, Box], Image.Image]] = {
    "image": _drawn,
    "video": _frame,
    "audio": _wave,
    "model/gltf-binary": _texture,
    "application/json": _lines,
    kinds.TEXT: _lines,
}


def _enlarged(look: Image.Image, crop: Crop, box: Box) -> Image.Image:
    """A part of a picture as large as the box, so that two of them can be compared."""
    left, top, right, bottom = crop
    wide, high = look.size
    part = look.crop((round(left * wide), round(top * high), round(right * wide), round(bottom * high)))
    scale = min(box[0] / part.width, box[1] / part.height)
    return part.resize((round(part.width * scale), round(part.height * scale)))


def _on_chequers(picture: Image.Image) -> Image.Image:
    """Transparency shows as a chequered ground."""
    from PIL import Image, ImageDraw

    if picture.getchannel("A").getextrema() == (255, 255):
        return picture
    ground = Image.new("RGBA", picture.size, _CHEQUERS[0])
    pen = ImageDraw.Draw(ground)
    for y in range(0, ground.height, 12):
        for x in range((y // 12 % 2) * 12, ground.width, 24):
            pen.rectangle((x, y, x + 11, y + 11), fill=_CHEQUERS[1])
    ground.alpha_composite(picture)
    return ground
