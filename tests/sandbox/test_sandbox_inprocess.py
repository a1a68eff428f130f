"""Within the process the sandbox needs no port, and is one for all who ask for it."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from sandbox.support import KEY, QuickStudio, send

from connector.sandbox import InProcess, inprocess, transport


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins as a fresh process would."""
    monkeypatch.setattr(inprocess, "_shared", {})


def _client(state: Path | None = None) -> httpx.Client:
    shared = transport(state)
    assert isinstance(shared, InProcess)
    shared.sandbox._studio = shared.sandbox._studio or QuickStudio()
    return httpx.Client(
        transport=shared, base_url="http://s.test", headers={"authorization": f"Bearer {KEY}"}
    )


def test_one_process_has_one_sandbox() -> None:
    """What is spent through one transport is gone for the next."""
    send(_client(), "generate_core")
    assert _client().get("/v1/user/balance").json() == {"credits": 997}


def test_each_state_has_a_sandbox_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is what counts, not how it is spelt."""
    send(_client(tmp_path / "a"), "generate_core")
    monkeypatch.chdir(tmp_path)
    assert _client(Path("a")).get("/v1/user/balance").json() == {"credits": 997}
    assert _client(tmp_path / "b").get("/v1/user/balance").json() == {"credits": 1000}


def test_what_one_process_started_another_fetches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a command that does not wait, and the next that asks for the result."""
    path = "/v2beta/results/" + send(_client(tmp_path), "upscale_creative_start").json()["id"]
    monkeypatch.setattr(inprocess, "_shared", {})
    assert _client(tmp_path).get(path).status_code == 202


def test_an_answer_can_be_streamed() -> None:
    """Piece by piece, and the length is known before."""
    with _client().stream("GET", "/v1/engines/list") as answer:
        assert int(answer.headers["content-length"]) == sum(map(len, answer.iter_raw()))
