"""What a file looks like on a contact sheet: a picture, a frame, a wave, a texture, or its first lines."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from connector.demo.tile import Tile

if TYPE_CHECKING:
    from PIL import Image

Box = tuple[int, int]

# The colour of a tile on which nothing lies.
GROUND = (232, 229, 222, 255)
_INK = (72, 92, 120, 255)
_QUIET = (104, 106, 112, 255)
_CHEQUERS = ((255, 255, 255, 255), (222, 222, 222, 255))


def fitted(tile: Tile, wide: int, high: int) -> Image.Image | None:
    """The tile's file as it looks, cropped and fitted; None where there is no file."""
    if tile.picture is None:
        return None
    look = _LOOKS.get(tile.picture.suffix, _drawn)(tile.picture, (wide, high))
    if tile.crop is not None:
        look = _enlarged(look, tile.crop, (wide, high))
    look.thumbnail((wide, high))
    return _on_chequers(look)


def _drawn(path: Path, box: Box) -> Image.Image:
    from PIL import Image

    with Image.open(path) as image:
        return image.convert("RGBA")


def _frame(path: Path, box: Box) -> Image.Image:
    """The middle frame of a video."""
    import av

    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    image: Image.Image = frames[len(frames) // 2].to_image()  # type: ignore[no-untyped-call]
    return image.convert("RGBA")


def _wave(path: Path, box: Box) -> Image.Image:
    """The loudness of a sound from its start to its end."""
    from PIL import Image, ImageDraw

    levels = _levels(path, bars := box[0] // 5)
    loudest = max(levels, default=1) or 1
    paper = Image.new("RGBA", box, GROUND)
    pen = ImageDraw.Draw(paper)
    for number, level in enumerate(levels[:bars]):
        half = max(1, round(level / loudest * box[1] * 0.38))
        left, middle = number * 5 + 1, box[1] // 2
        pen.rounded_rectangle((left, middle - half, left + 2, middle + half), 1, fill=_INK)
    return paper


def _levels(path: Path, bars: int) -> list[float]:
    import av

    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=8000)
        pieces = [
            bytes(out.planes[0]) for frame in container.decode(audio=0) for out in resampler.resample(frame)
        ]
    samples = memoryview(b"".join(pieces)).cast("h")
    step = max(1, len(samples) // bars)
    pieces_of_it = (samples[at : at + step : 7] for at in range(0, len(samples), step))
    return [sum(map(abs, piece)) / max(1, len(piece)) for piece in pieces_of_it]


def _texture(path: Path, box: Box) -> Image.Image:
    """The picture that is wrapped around a binary glTF model."""
    from PIL import Image

    content = path.read_bytes()
    length = struct.unpack_from("<I", content, 12)[0]
    model = json.loads(content[20 : 20 + length])
    view = model["bufferViews"][model["images"][0]["bufferView"]]
    start = 20 + length + 8 + view.get("byteOffset", 0)
    with Image.open(BytesIO(content[start : start + view["byteLength"]])) as image:
        return image.convert("RGBA")


def _lines(path: Path, box: Box) -> Image.Image:
    """The first lines of a text."""
    from PIL import Image, ImageDraw, ImageFont

    paper = Image.new("RGBA", box, GROUND)
    text = "\n".join(line[:40] for line in path.read_text().splitlines()[:8])
    ImageDraw.Draw(paper).multiline_text(
        (14, 12), text, font=ImageFont.load_default(12), fill=_QUIET, spacing=5
    )
    return paper


_LOOKS: dict[str, Callable[[Path, Box], Image.Image]] = {
    ".mp4": _frame,
    ".mp3": _wave,
    ".wav": _wave,
    ".glb": _texture,
    ".json": _lines,
}


def _enlarged(look: Image.Image, crop: tuple[float, float, float, float], box: Box) -> Image.Image:
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
