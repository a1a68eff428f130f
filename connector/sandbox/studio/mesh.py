"""A picture becomes a solid: its subject, inflated, front and back, as binary glTF."""

from __future__ import annotations

import io
import itertools
import json
import math
import struct
from array import array
from collections.abc import Sequence
from importlib.resources import files

from PIL import Image, ImageChops, ImageFilter

from connector.sandbox.studio import label, segmentation
from connector.sandbox.studio.arguments import Arguments, Made

_DEFAULT_VERTICES = 12_000
_FLOAT, _INDEX = 5126, 5125
_ARRAY, _ELEMENTS = 34962, 34963


def stable_fast(given: Arguments) -> Made:
    wanted = given.whole("vertex_count", -1)
    limit = wanted if wanted >= 0 else _DEFAULT_VERTICES
    return _modelled(given, limit, given.number("foreground_ratio", 0.85), 0.32)


def point_aware(given: Arguments) -> Made:
    """Here the ratio is the frame's size over the subject's, and a target may count faces."""
    target, count = given.text("target_type", "none"), given.number("target_count", 1000)
    limit = {"vertex": count, "face": count / 2}.get(target, _DEFAULT_VERTICES)
    depth = 0.2 + 0.04 * given.number("guidance_scale", 3)
    return _modelled(given, int(limit), 1 / given.number("foreground_ratio", 1.3), depth)


def _modelled(given: Arguments, limit: int, scale: float, depth: float) -> Made:
    """Two grids, front and back, over the same plane; they meet where the height is nothing."""
    picture = given.picture()
    shape = segmentation.subject(picture)
    box = shape.getbbox() or (0, 0, *picture.size)
    image, cut = picture.rgb.crop(box), shape.crop(box)
    grid = _grid(image.height / image.width, max(4, limit // 2))  # half of the corners are the back's
    deep = depth * scale * given.dice("mesh").uniform(0.94, 1.06)
    heights = [deep * math.sqrt(value / 255) for value in _heights(image, cut, grid).tobytes()]
    wide, high = (scale * side / max(image.size) for side in image.size)
    front = _corners(grid, wide, high, heights)
    back = [((x, y, -z), (a, b, -c), place) for (x, y, z), (a, b, c), place in front]
    faces = _faces(grid, given.text("remesh") == "triangle")
    behind = [tuple(len(front) + corner for corner in face[::-1]) for face in faces]
    texture = _texture(image, cut, given.whole("texture_resolution", 1024), given.seed)
    content = _glb([*front, *back], [*faces, *behind], texture, given.seed)
    return Made(content, "model/gltf-binary")


Corner = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float]]


def _grid(tall: float, points: int) -> tuple[int, int]:
    """Columns and rows in about the picture's shape, of at most so many points."""
    columns = min(max(2, int(math.sqrt(points / tall))), max(2, points // 2))
    return columns, max(2, min(points // columns, round(columns * tall)))


def _heights(image: Image.Image, cut: Image.Image, grid: tuple[int, int]) -> Image.Image:
    """Rounded like a cushion, with the picture's own relief on it; nothing at the outermost points."""
    framed = Image.new("L", (160, 160))
    framed.paste(cut.resize((128, 128), Image.Resampling.BOX), (16, 16))
    total = Image.new("L", framed.size)
    for reach in (4, 8, 14):
        inner = ImageChops.multiply(framed.filter(ImageFilter.GaussianBlur(reach)), framed)
        total = ImageChops.add(total, inner.point([max(0, v - 100) for v in range(256)]))
    cushion = total.crop((16, 16, 144, 144)).resize(grid, Image.Resampling.BICUBIC)
    relief = image.convert("L").resize(grid, Image.Resampling.BOX).point([118 + v // 2 for v in range(256)])
    return ImageChops.multiply(cushion, relief)


def _corners(grid: tuple[int, int], wide: float, high: float, heights: Sequence[float]) -> list[Corner]:
    """Each point of a grid with its place in space, its normal, and its place on the texture."""
    columns, rows = grid
    found: list[Corner] = []
    for row, column in itertools.product(range(rows), range(columns)):
        left, right = max(0, column - 1), min(columns - 1, column + 1)
        up, down = max(0, row - 1), min(rows - 1, row + 1)
        rise_x = heights[row * columns + right] - heights[row * columns + left]
        rise_y = heights[up * columns + column] - heights[down * columns + column]
        slope_x = rise_x * (columns - 1) / (wide * (right - left))
        slope_y = rise_y * (rows - 1) / (high * (down - up))
        length = math.hypot(slope_x, slope_y, 1)
        u, v = column / (columns - 1), row / (rows - 1)
        place = ((u - 0.5) * wide, (0.5 - v) * high, heights[row * columns + column])
        found.append((place, (-slope_x / length, -slope_y / length, 1 / length), (u, v)))
    return found


def _faces(grid: tuple[int, int], alternate: bool) -> list[tuple[int, ...]]:
    """Two triangles for each cell; if asked, their diagonals alternate from cell to cell."""
    columns, rows = grid
    found: list[tuple[int, ...]] = []
    for row, column in itertools.product(range(rows - 1), range(columns - 1)):
        a = row * columns + column
        b, c, d = a + 1, a + columns, a + columns + 1
        found += ((a, c, d), (a, d, b)) if alternate and (row + column) % 2 else ((a, c, b), (b, c, d))
    return found


def _texture(image: Image.Image, cut: Image.Image, side: int, seed: int) -> bytes:
    """The picture, square, transparent outside of the subject."""
    square = image.resize((side, side), Image.Resampling.LANCZOS)
    square.putalpha(cut.resize((side, side), Image.Resampling.BILINEAR))
    out = io.BytesIO()
    label.stamp(square, seed, "")[0].save(out, "PNG", compress_level=1)
    return out.getvalue()


def _glb(corners: Sequence[Corner], faces: Sequence[tuple[int, ...]], texture: bytes, seed: int) -> bytes:
    """The container: a JSON chunk that describes, a binary chunk that holds."""
    indices = array("I", itertools.chain.from_iterable(faces))
    columns = [array("f", itertools.chain.from_iterable(column)) for column in zip(*corners, strict=True)]
    parts = [indices.tobytes(), *(column.tobytes() for column in columns), texture]
    views, body = [], b""
    for target, part in zip((_ELEMENTS, _ARRAY, _ARRAY, _ARRAY, None), parts, strict=True):
        view = {"buffer": 0, "byteOffset": len(body), "byteLength": len(part), "target": target}
        views.append({key: value for key, value in view.items() if value is not None})
        body += part + b"\0" * (-len(part) % 4)
    axes = [columns[0][axis::3] for axis in range(3)]
    limits = {"min": [min(axis) for axis in axes], "max": [max(axis) for axis in axes]}
    accessors = [
        {"bufferView": index, "componentType": _FLOAT, "count": len(corners), "type": kind}
        for index, kind in enumerate(("SCALAR", "VEC3", "VEC3", "VEC2"))
    ]
    accessors[0] |= {"componentType": _INDEX, "count": len(indices)}
    accessors[1] |= limits
    document = json.loads(files(__package__).joinpath("mesh.json").read_bytes())
    document["asset"]["extras"]["seed"] = seed
    document |= {"accessors": accessors, "bufferViews": views, "buffers": [{"byteLength": len(body)}]}
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(body), b"BIN\0") + body
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
