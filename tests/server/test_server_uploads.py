"""What becomes of a file that is sent to the host: how long it is kept, what is refused, what is told."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from server.support import SANDBOX, Place, picture, place

DAY = 24 * 3600.0
# More than a form keeps in memory, so that it lies on the host's disk.
LARGE = picture() + bytes(2 << 20)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path / "home") as opened:
        yield opened


def _put(host: Place, content: bytes = b"", **more: Any) -> httpx.Response:
    headers = {"content-type": "image/png", "x-file-name": "photo.png"}
    return host.post("/api/files", content=content or picture(), headers=headers, **more)


def _status_after(host: Place, days: float, stored: dict[str, Any]) -> int:
    host.clock.sleep(days * DAY)
    host.run(host.host.run(host.host.files.expire))
    return host.get(f"/api/files/{stored['id']}").status_code


def test_an_upload_that_nobody_uses_goes(host: Place) -> None:
    """After a week, and it says so."""
    stored = _put(host).json()
    assert stored["unused"] is True
    assert "expires" in stored
    assert _status_after(host, 6.9, stored) == 200
    assert _status_after(host, 0.2, stored) == 404


def test_an_upload_that_a_run_takes_stays(host: Place) -> None:
    """With its small picture, as long as the run's own files."""
    stored = _put(host).json()
    host.get(f"/api/files/{stored['id']}/thumbnail")
    assert host.invoke("remove-background", {"image": stored["file"]}).status_code == 200
    told = host.get(f"/api/files/{stored['id']}").json()
    assert {"unused", "expires"}.isdisjoint(told)
    assert _status_after(host, 1000, stored) == 200
    assert host.get(f"/api/files/{stored['id']}/thumbnail").status_code == 200


def test_whoever_says_for_how_long_is_heard(host: Place) -> None:
    """A run that takes the file changes nothing then."""
    stored = _put(host, params={"keep": DAY}).json()
    assert "unused" not in stored
    assert host.invoke("remove-background", {"image": stored["file"]}).status_code == 200
    assert _status_after(host, 1.1, stored) == 404


def test_to_look_at_an_upload_is_not_to_use_it(host: Place) -> None:
    """A preview, an estimate and a check are no runs."""
    stored = _put(host).json()
    for what in ("preview", "estimate", "check"):
        body = {"inputs": {"image": stored["file"]}}
        answer = host.post(f"/api/actions/remove-background/{what}", json=body, params=SANDBOX)
        assert answer.status_code == 200, answer.text
    assert host.get(f"/api/files/{stored['id']}").json()["unused"] is True


@pytest.mark.parametrize(("keep", "days", "unused"), [(3 * DAY, 3, False), (30 * DAY, 7, True)])
def test_a_host_that_forgets_forgets_uploads_too(
    tmp_path: Path, keep: float, days: int, unused: bool
) -> None:
    """Whichever comes first; what is used then stays no longer than anything else."""
    with place(tmp_path / "home", keep=keep) as host:
        stored = _put(host).json()
        assert stored.get("unused", False) is unused
        assert host.host.files.get(stored["id"]).expires == host.clock.now + days * DAY
        host.invoke("remove-background", {"image": stored["file"]})
        assert host.host.files.get(stored["id"]).expires == host.clock.now + keep


@pytest.mark.parametrize("form", [{"content": b""}, {"files": {"file": ("a.png", b"", "image/png")}}])
def test_an_empty_file_is_refused(host: Place, form: dict[str, Any]) -> None:
    """Nothing could be done with it, and it is not kept."""
    answer = host.post("/api/files", **form)
    assert answer.status_code == 422
    assert answer.json()["problems"] == [{"field": "file", "message": "is empty; send a file with content"}]
    assert host.get("/api/files").json()["files"] == []


@pytest.mark.parametrize("content", [picture(), LARGE], ids=["small", "large"])
def test_a_preview_names_a_file_and_not_where_it_lies(host: Place, tmp_path: Path, content: bytes) -> None:
    """Be it sent along or by reference: a path of the host's disk would help nobody."""
    stored = _put(host, content).json()
    path = "/api/actions/remove-background/preview"
    answers = [
        host.post(path, params=SANDBOX, json={"inputs": {"image": stored["file"]}}),
        host.post(path, params=SANDBOX, files={"image": ("photo.png", content, "image/png")}),
    ]
    for answer in answers:
        told = answer.json()
        assert """--form 'image=@"photo.png";type=image/png;filename="photo.png"'""" in told["curl"]
        places = (str(tmp_path), tempfile.gettempdir())
        assert not [place for place in places if place in json.dumps(told)]


@pytest.mark.parametrize("name", ["\u65e5\u672c", "a b", "\u00e9"])
def test_whatever_a_connection_is_called_its_address_is_told(host: Place, name: str) -> None:
    """A header takes plain letters alone, and a name need not be made of them."""
    one = {"environments": ["staging"], "fields": {"api_key": "sk-12345"}}
    made = host.post("/api/connections", json={"name": name, "configurations": [one]})
    assert host.get(made.headers["location"]).json()["name"] == name


def test_whatever_a_token_is_called_its_address_is_told(host: Place) -> None:
    """And it can be revoked there."""
    made = host.post("/api/tokens", json={"name": "\u65e5\u672c", "role": "use"})
    assert made.status_code == 201, made.text
    assert host("DELETE", made.headers["location"]).status_code == 204
