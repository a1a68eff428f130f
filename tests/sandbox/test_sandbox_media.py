"""With its real studio, the sandbox gives files that can be opened."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable, Mapping
from typing import Any

import av
import httpx
import pytest
from PIL import Image
from sandbox.support import API, KEY, MINIMAL, World, send

from connector.sandbox import InProcess, Sandbox


def _picture(content: bytes, kind: str) -> None:
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()
        assert picture.get_format_mimetype() == kind


def _stream(content: bytes, kind: str) -> None:
    with av.open(io.BytesIO(content)) as container:
        assert next(container.decode(container.streams[0])) is not None


def _model(content: bytes, kind: str) -> None:
    magic, version, length = struct.unpack("<4sII", content[:12])
    size, chunk = struct.unpack("<I4s", content[12:20])
    assert (magic, version, length, chunk) == (b"glTF", 2, len(content), b"JSON")
    assert json.loads(content[20 : 20 + size])["meshes"]


def _artifacts(content: bytes, kind: str) -> None:
    assert json.loads(content)["artifacts"][0]["finishReason"] == "SUCCESS"


OPENERS: Mapping[str, Callable[[bytes, str], None]] = {
    "image": _picture,
    "audio": _stream,
    "video": _stream,
    "model": _model,
    "application": _artifacts,
}


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def http(world: World) -> httpx.Client:
    transport = InProcess(Sandbox(world=world))
    return httpx.Client(
        transport=transport, base_url="http://s.test", headers={"authorization": f"Bearer {KEY}"}
    )


def _made(http: httpx.Client, world: World, operation: str, **given: Any) -> httpx.Response:
    """The media of an operation, fetched where it is only started."""
    answer = send(http, operation, **given)
    fetch = next((known for known in API.operations if operation in known.result_of), None)
    if fetch is None:
        return answer
    world.now += 12
    return http.get(fetch.path.replace("{id}", answer.json()["id"]))


@pytest.mark.parametrize("operation", MINIMAL)
def test_every_operation_gives_a_file_that_opens(http: httpx.Client, world: World, operation: str) -> None:
    """From the least that it accepts, of the type that it says."""
    answer = _made(http, world, operation)
    assert answer.status_code == 200, answer.text
    kind = answer.headers["content-type"]
    OPENERS[kind.partition("/")[0]](answer.content, kind)


@pytest.mark.parametrize(
    ("operation", "form", "kind"),
    [
        ("upscale_fast", "jpeg", "image/jpeg"),
        ("upscale_fast", "webp", "image/webp"),
        ("edit_remove_background", "webp", "image/webp"),
        ("audio2_text_to_audio", "wav", "audio/wav"),
    ],
)
def test_the_format_that_was_asked_for(
    http: httpx.Client, world: World, operation: str, form: str, kind: str
) -> None:
    """Each family of formats is what it is called."""
    answer = _made(http, world, operation, output_format=form)
    assert answer.headers["content-type"] == kind
    OPENERS[kind.partition("/")[0]](answer.content, kind)


@pytest.mark.parametrize("operation", ["upscale_fast", "upscale_creative_start"])
def test_a_damaged_picture_is_refused_at_once(http: httpx.Client, operation: str) -> None:
    """Its head is sound, its end is missing: 400 before anything is paid, also where it would only start."""
    http.post("/_sandbox/reset")
    answer = send(http, operation, image="@png 256x256 cut.png cut")
    assert answer.status_code == 400
    assert answer.json()["errors"][0].startswith("image: ")
    assert http.get("/v1/user/balance").json() == {"credits": 1000}
