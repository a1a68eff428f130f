"""Started generations are kept for their key, polled no closer than allowed, and forgotten in time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sandbox.support import API, QuickStudio, World, client, sandbox, send

from connector.sandbox import Sandbox, Settings

STARTS = [operation for operation in API.operations if operation.starts]


def _result_path(operation: str, ident: str) -> str:
    fetch = next(known for known in API.operations if operation in known.result_of)
    return fetch.path.replace("{id}", ident)


@pytest.mark.parametrize("operation", STARTS, ids=lambda operation: operation.id)
def test_started_polled_and_fetched(operation: object) -> None:
    """An id of 64 hexadecimal characters, then 202 with a status, then the result, each time the same."""
    name = operation.id  # type: ignore[attr-defined]
    world = World()
    http = client(sandbox(world))
    started = send(http, name)
    ident = started.json()["id"]
    assert started.status_code == (202 if name.startswith("audio3") else 200)
    assert list(started.json()) == ["id"]
    assert re.fullmatch("[0-9a-f]{64}", ident)
    pending = http.get(_result_path(name, ident))
    assert (pending.status_code, pending.json()) == (202, {"id": ident, "status": "in-progress"})
    world.now += 12
    done = http.get(_result_path(name, ident))
    world.now += 10
    assert done.status_code == 200
    assert done.content.startswith(name.encode())
    assert http.get(_result_path(name, ident)).content == done.content


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def served(world: World) -> Iterator[Sandbox]:
    kept = sandbox(world)
    yield kept
    kept.close()


@pytest.fixture
def http(served: Sandbox) -> httpx.Client:
    return client(served)


def _start(http: httpx.Client, **given: object) -> str:
    return "/v2beta/results/" + str(send(http, "upscale_creative_start", **given).json()["id"])


def test_too_close_a_poll_is_refused(http: httpx.Client, world: World) -> None:
    """Within ten seconds of the last: 429, which costs nothing and does not count as a poll."""
    path = _start(http)
    assert http.get(path).status_code == 202
    world.now += 5
    assert (http.get(path).status_code, http.get(path).json()["name"]) == (429, "rate_limit_exceeded")
    world.now += 5
    assert http.get(path).status_code == 202


def test_the_floor_can_be_taken_away(world: World) -> None:
    """Since the vendor says only that it may refuse."""
    http = client(sandbox(world, poll_floor=False))
    path = _start(http)
    assert [http.get(path).status_code for _ in range(3)] == [202] * 3


def test_a_generation_is_forgotten_after_a_day(http: httpx.Client, world: World) -> None:
    """404 generation_not_found, as if it had never been."""
    path = _start(http)
    world.now += 86399
    assert http.get(path).status_code == 200
    world.now += 1
    assert (http.get(path).status_code, http.get(path).json()["name"]) == (404, "generation_not_found")


def test_another_key_finds_nothing(served: Sandbox, http: httpx.Client) -> None:
    """A generation belongs to the key that started it."""
    answer = client(served, "sk-other").get(_start(http))
    assert (answer.status_code, answer.json()["name"]) == (404, "generation_not_found")


def test_it_is_found_only_where_its_results_are(http: httpx.Client) -> None:
    """Audio is not among the pictures; creative upscales are at their old path too."""
    audio = send(http, "audio3_text_to_audio").json()["id"]
    creative = send(http, "upscale_creative_start").json()["id"]
    assert http.get(f"/v2beta/results/{audio}").status_code == 404
    assert http.get(f"/v2beta/audio/results/{audio}").status_code == 202
    assert http.get(f"/v2beta/stable-image/upscale/creative/result/{creative}").status_code == 202


def test_an_id_has_64_characters(http: httpx.Client) -> None:
    """Anything else is a bad request, not an unknown generation."""
    answer = http.get("/v2beta/results/abc")
    assert answer.json()["errors"] == ["id: must be at least 64 characters long"]


@pytest.mark.parametrize("accept", ["image/*", "*/*", "application/json"])
def test_forms_of_a_result(http: httpx.Client, world: World, accept: str) -> None:
    """Bytes or JSON, also with the header that the samples send and the document forgets."""
    path = _start(http, seed=9, output_format="jpeg")
    world.now += 12
    answer = http.get(path, headers={"accept": accept})
    kind = "application/json; type=image/jpeg" if accept == "application/json" else "image/jpeg"
    assert answer.headers["content-type"] == kind
    assert (answer.json() if "json" in kind else answer.headers)["seed"] in (9, "9")


def test_a_result_may_be_filtered(http: httpx.Client, world: World) -> None:
    """What was asked for at the start decides what is delivered at the end."""
    path = _start(http, prompt="sandbox-filter")
    world.now += 12
    assert http.get(path).headers["finish-reason"] == "CONTENT_FILTERED"


def test_another_process_can_fetch(tmp_path: Path, world: World) -> None:
    """With a folder for its state, a second sandbox knows what the first one started and was paid."""
    first = Sandbox(Settings(), state=tmp_path, studio=QuickStudio(), world=world)
    path = _start(client(first), seed=4)
    first.close()
    world.now += 12
    second = Sandbox(Settings(), state=tmp_path, studio=QuickStudio(), world=world)
    assert client(second).get(path).content == b"upscale_creative_start 4"
    assert client(second).get("/v1/user/balance").json() == {"credits": 940}
    second.close()


def test_the_state_holds_no_key(tmp_path: Path, world: World) -> None:
    """Keys are remembered by fingerprint alone."""
    kept = Sandbox(Settings(), state=tmp_path, studio=QuickStudio(), world=world)
    _start(client(kept, "sk-very-secret"))
    kept.close()
    assert all(b"sk-very-secret" not in file.read_bytes() for file in tmp_path.iterdir())


def test_a_faster_clock_says_so(world: World) -> None:
    """At sixty times the speed a job of twelve seconds takes a fifth of one, and every answer tells."""
    http = client(sandbox(world, speed=60))
    path = _start(http)
    world.now += 0.2
    answer = http.get(path)
    assert (answer.status_code, answer.headers["x-sandbox-speed"]) == (200, "60")


def test_the_clock_can_be_set_forward(http: httpx.Client) -> None:
    """By the control path, and every answer tells."""
    path = _start(http)
    assert "x-sandbox-advanced" not in http.get(path).headers
    http.post("/_sandbox/clock", json={"advance": 86401})
    answer = http.get(path)
    assert (answer.status_code, answer.headers["x-sandbox-advanced"]) == (404, "86401")


def test_one_state_has_one_clock(tmp_path: Path, world: World) -> None:
    """A second process sees the time as the first one set it."""
    first = Sandbox(Settings(speed=60), state=tmp_path, studio=QuickStudio(), world=world)
    second = Sandbox(Settings(), state=tmp_path, studio=QuickStudio(), world=world)
    world.now += 10
    assert first.now() == second.now()
    assert client(second).get("/v1/user/balance").headers["x-sandbox-speed"] == "60"
    first.close()
    second.close()
