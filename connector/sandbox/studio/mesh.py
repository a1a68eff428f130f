"""Image to 3D: a picture's subject, inflated, front and back, as binary glTF."""

from __future__ import annotations

import io
import json
import math
import struct
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from connector.sandbox.studio import label
from connector.sandbox.studio.arguments import Arguments, Made

_DEFAULT_VERTICES = 12_000

Table = NDArray[Any]


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
    shape = picture.subject
    box = shape.getbbox() or (0, 0, *picture.size)
    image, cut = picture.rgb.crop(box), shape.crop(box)
    grid = _grid(image.height / image.width, max(4, limit // 2))  # half of the corners are the back's
    heights = depth * scale * given.dice("mesh").uniform(0.94, 1.06) * _heights(image, cut, grid)
    wide, high = (scale * side / max(image.size) for side in image.size)
    down, across = np.gradient(heights, high / (grid[1] - 1), wide / (grid[0] - 1))
    normals = np.dstack([-across, down, np.ones_like(heights)])
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    u, v = np.meshgrid(np.linspace(0, 1, grid[0]), np.linspace(0, 1, grid[1]))
    places, texels = (
        np.dstack([(u - 0.5) * wide, (0.5 - v) * high, heights]),
        np.dstack([u, v]).reshape(-1, 2),
    )
    columns = [np.concatenate([each, each * (1, 1, -1)]).reshape(-1, 3) for each in (places, normals)]
    numbers = np.arange(heights.size).reshape(heights.shape)
    a, b, c, d = numbers[:-1, :-1], numbers[:-1, 1:], numbers[1:, :-1], numbers[1:, 1:]
    faces = np.dstack([a, c, b, b, c, d]).reshape(-1, 3)
    indices = np.concatenate([faces, faces[:, ::-1] + heights.size])
    # The picture, square, transparent outside of the subject.
    side, texture = given.whole("texture_resolution", 1024), io.BytesIO()
    image.putalpha(cut)
    square = image.resize((side, side), Image.Resampling.LANCZOS)
    label.stamp(square, given.seed)[0].save(texture, "PNG", compress_level=1)
    tables = [indices.astype("<u4").ravel(), *columns, np.tile(texels, (2, 1))]
    return Made(_glb(tables, texture.getvalue(), given.seed), "model/gltf-binary")


def _grid(tall: float, points: int) -> tuple[int, int]:
    """Columns and rows in about the picture's shape, of at most so many points."""
    columns = min(max(2, int(math.sqrt(points / tall))), max(2, points // 2))
    return columns, max(2, min(points // columns, round(columns * tall)))


def _heights(image: Image.Image, cut: Image.Image, grid: tuple[int, int]) -> Table:
    """Rounded like a cushion, with the picture's own relief on it; nothing at the outermost points."""
    shape = cut.resize(grid, Image.Resampling.BOX)
    parts = (shape, shape.filter(ImageFilter.GaussianBlur(max(grid) / 16)), image.convert("L").resize(grid))
    inside, soft, bright = (np.asarray(part, np.float64) / 255 for part in parts)
    heights = np.sqrt((inside * soft - 0.4).clip(0) * 1.6 * (0.5 + bright / 2))
    heights[[0, -1]] = heights[:, [0, -1]] = 0
    return heights


def _glb(columns: list[Table], texture: bytes, seed: int) -> bytes:
    """The container: a JSON chunk that describes, a binary chunk that holds."""
    document, body = json.loads(files(__package__).joinpath("mesh.json").read_bytes()), b""
    tables = [columns[0], *(column.astype("<f4") for column in columns[1:])]
    parts = [*(table.tobytes() for table in tables), texture]
    for view, part in zip(document["bufferViews"], parts, strict=True):
        view |= {"byteOffset": len(body), "byteLength": len(part)}
        body += part + b"\0" * (-len(part) % 4)
    for accessor, table in zip(document["accessors"], tables, strict=True):
        accessor["count"] = len(table)
    document["accessors"][1] |= {"min": tables[1].min(0).tolist(), "max": tables[1].max(0).tolist()}
    document["asset"]["extras"]["seed"] = seed
    document["buffers"] = [{"byteLength": len(body)}]
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(body), b"BIN\0") + body
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
