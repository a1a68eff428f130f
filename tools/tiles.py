"""Tiles: what each action does, as a small picture of before and after, made by its own example.

python tools/tiles.py [FOLDER]           makes those that are missing or stale, in an environment that is free
python tools/tiles.py [FOLDER] --check   names them, and changes nothing

FOLDER is the integration's, by default this repository. The tile of actions/NAME.yaml is
actions/tiles/NAME.webp; it remembers what it was made of. Actions that make no file have none.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import struct
import sys
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageDraw, ImageFont, ImageOps

from connector.engine.arguments import beside
from connector.engine.connector import AsyncConnector
from connector.errors import ConnectorError
from connector.media import Media, from_path
from connector.runs.contact_sheet.tile import fitted
from connector.spec.loader import load
from connector.spec.model import Action, Integration

ROOT = Path(__file__).parents[1]
SIZE, GAP = (320, 160), 4
HALF = ((SIZE[0] - GAP) // 2, SIZE[1])
QUALITIES = range(70, 5, -10)
MOST_BYTES = 6000
MASK = (255, 45, 111)
_LONGEST = 240
# A result so much larger than what was given is an enlargement, which only a detail of it shows.
_ENLARGED = 1.9
_DETAIL = 0.16


def place(action: Action) -> Path:
    """Where the tile of an action is."""
    assert action.source is not None
    return action.source.parent / "tiles" / f"{action.source.stem}.webp"


def makers(integration: Integration) -> Iterator[Action]:
    """The actions that make a file, by an example; what only fetches another one's result is no such."""
    fetches = {each.job.fetch for each in integration.actions.values() if each.job}
    for action in integration.actions.values():
        if action.examples and (action.output.types or action.job) and action.id not in fetches:
            yield action


def origin(action: Action) -> str:
    """What a tile is made of: the example, its files, and the kinds of file that may come of it."""
    assert action.source is not None
    given = dict(action.examples[0].arguments)
    files = {name: from_path(action.source.parent / given[name]).sha256 for name in _files(action)}
    told = json.dumps([action.id, given, files, action.output.types], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def stale(integration: Integration) -> list[Action]:
    """The actions whose tile is missing, or was made of something else."""
    return [action for action in makers(integration) if _remembered(place(action)) != origin(action)]


def _remembered(tile: Path) -> str:
    if not tile.is_file():
        return ""
    with Image.open(tile) as picture:
        return str(picture.getexif().get(ExifTags.Base.ImageDescription, ""))


def _files(action: Action) -> list[str]:
    return [name for name in action.files if name in action.examples[0].arguments]


async def make(folder: Path, actions: list[Action]) -> None:
    """Makes the tiles, several at once, since jobs wait."""
    with tempfile.TemporaryDirectory() as home:
        async with AsyncConnector(folder, home=Path(home)) as connector:
            environments = connector.integration.environments.values()
            free = next(each.name for each in environments if not each.billed)
            await asyncio.gather(*(_one(connector, action, free) for action in actions))


async def _one(connector: AsyncConnector, action: Action, environment: str) -> None:
    assert action.source is not None
    given = beside(action, dict(action.examples[0].arguments), action.source.parent)
    try:
        result = await connector.invoke(action.id, given, environment=environment, timeout=_LONGEST)
    except ConnectorError as error:
        sys.exit(f"{action.id}: {error.message}")
    assert result.media is not None, action.id
    content = drawn(action, result.media)
    place(action).parent.mkdir(exist_ok=True)
    place(action).write_bytes(content)
    print(f"{place(action).name:<44} {len(content):>6,} bytes")


def drawn(action: Action, after: Media) -> bytes:
    """The tile: what was given on the left, what came of it on the right."""
    assert action.source is not None
    given, folder = action.examples[0].arguments, action.source.parent
    masks = [name for name in _files(action) if action.parameters[name].get("widget") == "mask"]
    files = [folder / given[name] for name in _files(action) if name not in masks]
    tile = Image.new("RGBA", SIZE)
    left, right = _sides(from_path(files[0]) if files else None, after, given)
    if masks:
        left = _tinted(left, folder / given[masks[0]])
    for side, at in ((left, 0), (right, SIZE[0] - HALF[0])):
        tile.paste(side, (at + (HALF[0] - side.width) // 2, (HALF[1] - side.height) // 2))
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = origin(action)
    for quality in QUALITIES:
        buffer = BytesIO()
        tile.save(buffer, "WEBP", quality=quality, method=6, exif=exif)
        if buffer.tell() <= MOST_BYTES:
            break
    return buffer.getvalue()


def _sides(before: Media | None, after: Media, given: Any) -> tuple[Image.Image, Image.Image]:
    if before is None:
        return _words(max((each for each in given.values() if isinstance(each, str)), key=len)), _look(after)
    if not (before.width and after.width and before.height and after.height):
        return _look(before), _look(after)
    if abs(before.width / before.height - after.width / after.height) > 0.02:
        return _look(before, whole=True), _look(after, whole=True)
    if after.width > before.width * _ENLARGED and _is_alike(before, after):
        part = _busiest(before)
        return _detail(before, part), _detail(after, part)
    return _look(before), _look(after)


def _look(media: Media, *, whole: bool = False) -> Image.Image:
    """A file as it looks: pictures fill their half unless all of them is to be seen."""
    if media.type == "model/gltf-binary":
        return solid(media.bytes)
    is_picture = media.type.startswith(("image/", "video/")) and not whole
    look = fitted(media, (640, 640) if is_picture else HALF)
    return ImageOps.fit(look, HALF) if is_picture else look


def _is_alike(*media: Media) -> bool:
    """Whether both show the same."""
    one, other = (np.asarray(fitted(each, (640, 640)).convert("L").resize((32, 32)), float) for each in media)
    return bool(np.abs(one - other).mean() < 16)


def _busiest(media: Media) -> tuple[float, float]:
    """Where the detail of a picture begins that has the most to see, in parts of its width and height."""
    with media.open() as file, Image.open(file) as image:
        grey = np.asarray(image.convert("L").resize((100, 100)), float)
    edges = np.abs(np.diff(grey, axis=0))[:, :-1] + np.abs(np.diff(grey, axis=1))[:-1]
    side = round(100 * _DETAIL)
    starts = [(top, left) for top in range(0, 99 - side, 2) for left in range(0, 99 - side, 2)]
    top, left = max(starts, key=lambda at: edges[at[0] : at[0] + side, at[1] : at[1] + side].sum())
    return left / 100, top / 100


def _detail(media: Media, part: tuple[float, float]) -> Image.Image:
    """The same part of both, as coarse or as fine as it is."""
    with media.open() as file, Image.open(file) as image:
        wide, high = image.size
        left, top, side = part[0] * wide, part[1] * high, _DETAIL * min(wide, high)
        cut = image.convert("RGBA").crop(tuple(map(round, (left, top, left + side, top + side))))
    return ImageOps.fit(cut, HALF, Image.Resampling.LANCZOS if side > HALF[0] else Image.Resampling.NEAREST)


def _tinted(picture: Image.Image, mask: Path) -> Image.Image:
    """A picture with what is selected of it in the colour that the editor paints in."""
    with Image.open(mask) as image:
        selected = ImageOps.fit(image.convert("L"), picture.size)
    paint = Image.new("RGBA", picture.size, MASK)
    return Image.composite(Image.blend(picture, paint, 0.6), picture, selected)


def _words(prompt: str) -> Image.Image:
    """A prompt, as large as it fits."""
    paper = Image.new("RGBA", HALF, (58, 58, 58, 255))
    pen = ImageDraw.Draw(paper)
    for size in range(19, 11, -1):
        font = ImageFont.load_default(size)
        lines: list[str] = []
        for word in prompt.split():
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and pen.textlength(longer, font) <= HALF[0] - 28:
                lines[-1] = longer
            else:
                lines.append(word)
        if len(lines) * size * 1.35 <= HALF[1] - 24:
            break
    pen.multiline_text((14, HALF[1] // 2), "\n".join(lines), (240, 240, 240), font, anchor="lm", spacing=5)
    return paper


def solid(content: bytes) -> Image.Image:
    """A binary glTF model with one textured mesh, seen from the side and above."""
    length = struct.unpack_from("<I", content, 12)[0]
    model, start = json.loads(content[20 : 20 + length]), 28 + length

    def view(number: int) -> bytes:
        told = model["bufferViews"][number]
        begin = start + told.get("byteOffset", 0)
        return content[begin : begin + told["byteLength"]]

    def rows(accessor: int, kind: str, columns: int) -> Any:
        return np.frombuffer(view(model["accessors"][accessor]["bufferView"]), kind).reshape(-1, columns)

    parts = model["meshes"][0]["primitives"][0]
    is_short = model["accessors"][parts["indices"]]["componentType"] == 5123
    faces = rows(parts["indices"], "<u2" if is_short else "<u4", 3).astype(int)
    points = rows(parts["attributes"]["POSITION"], "<f4", 3).astype(float)
    texels = rows(parts["attributes"]["TEXCOORD_0"], "<f4", 2)
    with Image.open(BytesIO(view(model["images"][0]["bufferView"]))) as image:
        texture = np.asarray(image.convert("RGBA"), float)
    points = points - (points.max(0) + points.min(0)) / 2
    turn, tilt = np.radians(38), np.radians(-16)
    points = points @ np.array([[np.cos(turn), 0, -np.sin(turn)], [0, 1, 0], [np.sin(turn), 0, np.cos(turn)]])
    points = points @ np.array([[1, 0, 0], [0, np.cos(tilt), np.sin(tilt)], [0, -np.sin(tilt), np.cos(tilt)]])
    scale = 4 * 0.44 * min(HALF) / np.abs(points[:, :2]).max()
    wide, high = HALF[0] * 4, HALF[1] * 4
    paper = Image.new("RGBA", (wide, high), (232, 229, 222, 255))
    pen = ImageDraw.Draw(paper)
    corners = points[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    light = 0.45 + 0.55 * np.abs(normals @ np.array([-0.4, 0.5, 0.77]))
    middle = (texels[faces].mean(1) % 1.0001) * (np.array(texture.shape[1::-1]) - 1)
    seen = texture[middle[:, 1].astype(int), middle[:, 0].astype(int)]
    colours = seen[:, :3] * light[:, None]
    for at in np.argsort(corners[:, :, 2].mean(1)):  # what is far is drawn first
        if seen[at, 3] < 128:
            continue
        flat = [(wide / 2 + x * scale, high / 2 - y * scale) for x, y, _ in corners[at]]
        colour = tuple(int(min(255, each)) for each in colours[at])
        pen.polygon(flat, fill=colour, outline=colour)
    return paper.resize(HALF, Image.Resampling.LANCZOS)


def main(words: list[str]) -> int:
    folders = [Path(word) for word in words if word != "--check"] or [ROOT]
    for folder in folders:
        wanted = stale(load(folder))
        if "--check" in words:
            for action in wanted:
                print(f"{place(action)} is missing, or was made of another example; make it with make tiles")
        elif wanted:
            asyncio.run(make(folder, wanted))
    return 1 if "--check" in words and any(stale(load(folder)) for folder in folders) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
