"""What the tests of the sandbox share: requests from minimal.yaml, small files, and a quick studio."""

from __future__ import annotations

import io
import re
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from PIL import Image, UnidentifiedImageError

from connector.sandbox import InProcess, Sandbox, Settings
from connector.sandbox.document import Operation, load

HERE = Path(__file__).parent
MINIMAL: Mapping[str, Mapping[str, Any]] = yaml.safe_load((HERE / "minimal.yaml").read_text(encoding="utf-8"))
API = load()
KEY = "sk-test"


def cases(name: str) -> list[dict[str, Any]]:
    told = yaml.safe_load((HERE / "cases" / f"{name}.yaml").read_text(encoding="utf-8"))
    assert isinstance(told, list)
    return told


@dataclass(frozen=True)
class Made:
    content: bytes
    media_type: str


@dataclass(frozen=True)
class Info:
    format: str
    width: int | None = None
    height: int | None = None
    seconds: float | None = None


class QuickStudio:
    """Makes a word instead of a picture, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], dict[str, bytes], int, bool]] = []

    def make(
        self,
        operation: str,
        fields: Mapping[str, str],
        files: Mapping[str, bytes],
        seed: int,
        *,
        filtered: bool = False,
    ) -> Made:
        self.asked.append((operation, dict(fields), dict(files), seed, filtered))
        if fields.get("prompt") == "break":
            raise RuntimeError("the studio broke")
        return Made(f"{operation} {seed}".encode(), _media_type(operation, fields))

    def inspect(self, content: bytes) -> Info | None:
        if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
            with wave.open(io.BytesIO(content)) as sound:
                return Info("wav", seconds=sound.getnframes() / sound.getframerate())
        try:
            with Image.open(io.BytesIO(content)) as picture:
                return Info(str(picture.format).lower(), *picture.size)
        except UnidentifiedImageError:
            return None


def _media_type(operation: str, fields: Mapping[str, str]) -> str:
    family = re.match("audio|3d|image_to_video", operation)
    kinds = {"audio": "audio/mpeg", "3d": "model/gltf-binary", "image_to_video": "video/mp4"}
    return kinds[family[0]] if family else f"image/{fields.get('output_format', 'png')}"


class World:
    """A time that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def sandbox(world: World | None = None, studio: Any = None, **settings: Any) -> Sandbox:
    return Sandbox(Settings(**settings), studio=studio or QuickStudio(), world=world or World())


def client(served: Sandbox, key: str = KEY) -> httpx.Client:
    return httpx.Client(
        transport=InProcess(served),
        base_url="https://sandbox.test",
        headers={"authorization": f"Bearer {key}"},
    )


def send(http: httpx.Client, operation: str, **given: Any) -> httpx.Response:
    """A minimal request with these fields besides."""
    return request(http, API.operation(operation), {**MINIMAL.get(operation, {}), **given})


def request(
    http: httpx.Client,
    operation: Operation,
    given: Mapping[str, Any],
    *,
    accept: str | None = None,
    engine: str = "",
) -> httpx.Response:
    path = operation.path.replace("{engine_id}", engine or "stable-diffusion-v1-6")
    headers = {"accept": accept} if accept else {}
    if operation.content_type == "application/json":
        return http.request(operation.method, path, headers=headers, json=dict(given))
    return http.request(
        operation.method, path, headers=headers, files=[(n, part(v)) for n, v in given.items()]
    )


def part(value: Any) -> tuple[str | None, bytes] | tuple[str | None, bytes, str]:
    """A part of a form as httpx takes it: ``@png 64x64 NAME cut`` is half a file, ``x*3`` is ``xxx``."""
    text = str(value)
    if text.startswith("@"):
        kind, size, *more = text[1:].split()
        content = file(kind, size)
        whole = content[: len(content) // 2] if more[1:] == ["cut"] else content
        return (*more, f"file.{kind}")[0], whole, "application/octet-stream"
    repeated = re.fullmatch(r"x\*(\d+)", text)
    return None, (b"x" * int(repeated[1]) if repeated else text.encode())


def file(kind: str, size: str) -> bytes:
    written = io.BytesIO()
    if kind == "wav":
        with wave.open(written, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(1)
            sound.setframerate(8000)
            sound.writeframes(b"\x80" * 8000 * int(size.removesuffix("s")))
    else:
        width, height = map(int, size.split("x"))
        Image.linear_gradient("L").resize((width, height)).convert("RGB").save(written, kind)
    return written.getvalue()
