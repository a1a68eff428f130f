"""A picture becomes a solid: its subject, inflated, front and back, as binary glTF."""

from __future__ import annotations

import io
import json
import math
import random
import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFilter

from connector.sandbox.studio import cutout, label
from connector.sandbox.studio.given import Given, Made
from connector.sandbox.studio.prompt import digest

_DEFAULT_VERTICES = 12_000
_TYPE = "model/gltf-binary"
_JSON, _BIN = 0x4E4F534A, 0x004E4942
_FLOAT, _INDEX = 5126, 5125
_ARRAY, _ELEMENTS = 34962, 34963


@dataclass(frozen=True)
class Plan:
    """What a mesh is made after: the heights of a grid, and how it is cut into triangles."""

    heights: Image.Image  # L; black is outside
    tall: float  # height over width
    scale: float
    depth: float
    alternate: bool  # diagonals change direction from cell to cell

    def height(self, column: int, row: int) -> float:
        value = self.heights.getpixel((column, row))
        return self.depth * math.sqrt(float(value) / 255)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Solid:
    """Corners with their normals and places on the texture, and triangles of corner numbers."""

    positions: array[float]
    normals: array[float]
    places: array[float]
    triangles: array[int]


def stable_fast(given: Given) -> Made:
    wanted = given.whole("vertex_count", -1)
    limit = wanted if wanted >= 0 else _DEFAULT_VERTICES
    return _modelled(given, limit, given.number("foreground_ratio", 0.85), 0.32)


def point_aware(given: Given) -> Made:
    """Here the ratio is the frame's size over the subject's, and a target may count faces."""
    target, count = given.text("target_type", "none"), given.number("target_count", 1000)
    limit = {"vertex": count, "face": count / 2}.get(target, _DEFAULT_VERTICES)
    depth = 0.2 + 0.04 * given.number("guidance_scale", 3)
    return _modelled(given, int(limit), 1 / given.number("foreground_ratio", 1.3), depth)


def _modelled(given: Given, limit: int, scale: float, depth: float) -> Made:
    picture = given.picture()
    shape = cutout.subject(picture)
    box = shape.getbbox() or (0, 0, *picture.size)
    image, cut = picture.rgb.crop(box), shape.crop(box)
    turn = random.Random(digest("mesh", given.seed)).uniform(0.94, 1.06)
    # Half of the corners are the back's.
    plan = _plan(image, cut, max(4, limit // 2), scale, depth * turn, given.text("remesh") == "triangle")
    texture = _texture(image, cut, given.whole("texture_resolution", 1024), given.seed)
    return Made(_glb(_solid(plan), texture, given.seed), _TYPE)


def _plan(
    image: Image.Image, cut: Image.Image, points: int, scale: float, depth: float, alternate: bool
) -> Plan:
    """A grid with the picture's sides and at most so many points."""
    tall = image.height / image.width
    columns = max(2, int(math.sqrt(points / tall)))
    columns = min(columns, max(2, points // 2))
    rows = max(2, min(points // columns, round(columns * tall) or 2))
    return Plan(_heights(image, cut, (columns, rows)), tall, scale, depth, alternate)


def _heights(image: Image.Image, cut: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Rounded like a cushion, with the picture's own relief on it; nothing at the outermost points."""
    small = cut.resize((128, 128), Image.Resampling.BOX)
    framed = Image.new("L", (160, 160))
    framed.paste(small, (16, 16))
    total = Image.new("L", framed.size)
    for reach in (4, 8, 14):
        inner = ImageChops.multiply(framed.filter(ImageFilter.GaussianBlur(reach)), framed)
        total = ImageChops.add(total, inner.point([max(0, v - 100) for v in range(256)]))
    cushion = total.crop((16, 16, 144, 144)).resize(size, Image.Resampling.BICUBIC)
    relief = image.convert("L").resize(size, Image.Resampling.BOX).point([118 + v // 2 for v in range(256)])
    return ImageChops.multiply(cushion, relief)


def _solid(plan: Plan) -> Solid:
    """Two grids, front and back, over the same plane; they meet where the height is nothing."""
    columns, rows = plan.heights.size
    positions, normals, places = array("f"), array("f"), array("f")
    for side in (1, -1):
        for row in range(rows):
            for column in range(columns):
                positions.extend(_position(plan, column, row, side))
                normals.extend(_normal(plan, column, row, side))
                places.extend((column / (columns - 1), row / (rows - 1)))
    front = _front(columns, rows, plan.alternate)
    back = [
        index + columns * rows
        for a, b, c in zip(front[::3], front[1::3], front[2::3], strict=True)
        for index in (a, c, b)
    ]
    return Solid(positions, normals, places, array("I", [*front, *back]))


def _position(plan: Plan, column: int, row: int, side: int) -> tuple[float, float, float]:
    columns, rows = plan.heights.size
    across, down = min(1.0, 1 / plan.tall) * plan.scale, min(1.0, plan.tall) * plan.scale
    x, y = (column / (columns - 1) - 0.5) * across, (0.5 - row / (rows - 1)) * down
    return (x, y, side * plan.height(column, row) * plan.scale)


def _normal(plan: Plan, column: int, row: int, side: int) -> tuple[float, float, float]:
    columns, rows = plan.heights.size
    before = _position(plan, max(0, column - 1), row, side), _position(plan, column, max(0, row - 1), side)
    after = (
        _position(plan, min(columns - 1, column + 1), row, side),
        _position(plan, column, min(rows - 1, row + 1), side),
    )
    slope_x = (after[0][2] - before[0][2]) / max(1e-6, after[0][0] - before[0][0])
    slope_y = (before[1][2] - after[1][2]) / max(1e-6, before[1][1] - after[1][1])
    length = math.sqrt(slope_x**2 + slope_y**2 + 1)
    return (-slope_x * side / length, -slope_y * side / length, side / length)


def _front(columns: int, rows: int, alternate: bool) -> list[int]:
    found: list[int] = []
    for row in range(rows - 1):
        for column in range(columns - 1):
            a = row * columns + column
            b, c, d = a + 1, a + columns, a + columns + 1
            found += (a, c, d, a, d, b) if alternate and (row + column) % 2 else (a, c, b, b, c, d)
    return found


def _texture(image: Image.Image, cut: Image.Image, side: int, seed: int) -> bytes:
    """The picture, square, transparent outside of the subject."""
    square = image.resize((side, side), Image.Resampling.LANCZOS)
    square.putalpha(cut.resize((side, side), Image.Resampling.BILINEAR))
    out = io.BytesIO()
    label.stamp(square, seed, "")[0].save(out, "PNG", compress_level=1)
    return out.getvalue()


def _glb(solid: Solid, texture: bytes, seed: int) -> bytes:
    """The container: a JSON chunk that describes, a binary chunk that holds."""
    parts = [
        solid.triangles.tobytes(),
        solid.positions.tobytes(),
        solid.normals.tobytes(),
        solid.places.tobytes(),
        texture,
    ]
    views, body = [], b""
    for index, part in enumerate(parts):
        target = {"target": _ELEMENTS if index == 0 else _ARRAY} if index < 4 else {}
        views.append({"buffer": 0, "byteOffset": len(body), "byteLength": len(part), **target})
        body += part + b"\0" * (-len(part) % 4)
    return _container(_document(solid, views, len(body), seed), body)


def _container(document: object, body: bytes) -> bytes:
    text = json.dumps(document, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), _JSON) + text + struct.pack("<II", len(body), _BIN) + body
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _document(solid: Solid, views: Sequence[object], size: int, seed: int) -> dict[str, object]:
    corners = len(solid.positions) // 3
    axes = [solid.positions[axis::3] for axis in range(3)]
    limits = {"min": [min(axis) for axis in axes], "max": [max(axis) for axis in axes]}
    return {
        "asset": {"version": "2.0", "generator": "sandbox", "extras": {"sandbox": True, "seed": seed}},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": "sandbox"}],
        "meshes": [{"primitives": [_PRIMITIVE]}],
        "materials": [_MATERIAL],
        "textures": [{"source": 0, "sampler": 0}],
        "samplers": [{"magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071}],
        "images": [{"bufferView": 4, "mimeType": "image/png"}],
        "accessors": [
            {"bufferView": 0, "componentType": _INDEX, "count": len(solid.triangles), "type": "SCALAR"},
            {"bufferView": 1, "componentType": _FLOAT, "count": corners, "type": "VEC3", **limits},
            {"bufferView": 2, "componentType": _FLOAT, "count": corners, "type": "VEC3"},
            {"bufferView": 3, "componentType": _FLOAT, "count": corners, "type": "VEC2"},
        ],
        "bufferViews": list(views),
        "buffers": [{"byteLength": size}],
    }  # fmt: skip


_PRIMITIVE = {
    "attributes": {"POSITION": 1, "NORMAL": 2, "TEXCOORD_0": 3},
    "indices": 0,
    "material": 0,
}
_MATERIAL = {
    "name": "sandbox",
    "alphaMode": "MASK",
    "alphaCutoff": 0.5,
    "doubleSided": True,
    "pbrMetallicRoughness": {"baseColorTexture": {"index": 0}, "metallicFactor": 0.0, "roughnessFactor": 0.7},
}
