"""A document is read where somebody said, and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from connector.authoring.importing import source
from connector.authoring.importing.parse_document import MAX_BYTES
from connector.errors import ConnectorError, InvocationError, SpecError, Unreachable

ADDRESS = "https://api.example/openapi.json"
DOCUMENT = json.dumps({"openapi": "3.1.0", "externalDocs": {"url": "https://else.example"}}).encode()


class Far:
    """A far side that keeps what it was asked."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.asked: list[str] = []
        self._answers = list(answers)
        self.transport = httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        return self._answers.pop(0)


def moved(to: str) -> httpx.Response:
    return httpx.Response(302, headers={"location": to})


def test_only_the_address_is_asked() -> None:
    """Once, without the part that is for readers; what the document names is fetched by nobody."""
    far = Far(httpx.Response(200, content=DOCUMENT))
    read = source.read(f"{ADDRESS}#part", far.transport)
    assert read == (DOCUMENT, "openapi.json", f"{ADDRESS}#part")
    assert far.asked == [ADDRESS]


def test_a_redirect_may_stay_at_its_host() -> None:
    """As from one version's address to the newest one's."""
    far = Far(moved("/v2/openapi.json"), httpx.Response(200, content=DOCUMENT))
    assert source.read(ADDRESS, far.transport)[0] == DOCUMENT
    assert far.asked == [ADDRESS, "https://api.example/v2/openapi.json"]


@pytest.mark.parametrize(
    "to",
    [
        "https://else.example/openapi.json",
        "https://api.example:8443/openapi.json",
        "http://api.example/openapi.json",
        "https://api.example.else.example/openapi.json",
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1/openapi.json",
        "file:///etc/passwd",
    ],
)
def test_a_redirect_leads_to_no_other_place(to: str) -> None:
    """Another host, port or scheme is refused, and hears nothing."""
    far = Far(moved(to), httpx.Response(200, content=DOCUMENT))
    with pytest.raises(ConnectorError, match="redirect"):
        source.read(ADDRESS, far.transport)
    assert far.asked == [ADDRESS]


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "[fd00:ec2::254]"])
def test_a_link_local_address_is_not_asked(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where clouds keep the credentials of their machines there is no document."""
    dialled: list[object] = []
    monkeypatch.setattr("connector.engine.http.connection.connect", lambda *given: dialled.append(given))
    with pytest.raises(Unreachable, match="link-local address"):
        source.read(f"http://{host}/latest/meta-data")
    assert dialled == []


@pytest.mark.parametrize(
    "place", ["https://", "https://user:pw@api.example/x", "http://[::1", "https://api.example:x/"]
)
def test_what_is_no_address_is_told(place: str) -> None:
    """Before anything is asked; a password would be kept in histories."""
    far = Far()
    with pytest.raises(InvocationError):
        source.read(place, far.transport)
    assert far.asked == []


def too_long(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)


@pytest.mark.parametrize(
    "make", [Path.mkdir, too_long, lambda path: None], ids=["folder", "too long", "none"]
)
def test_a_file_that_cannot_be_read_is_told(make: Callable[[Path], Any], tmp_path: Path) -> None:
    """By its name, without an end of reading that never comes."""
    path = tmp_path / "openapi.json"
    make(path)
    with pytest.raises(SpecError, match=r"openapi\.json"):
        source.read(str(path))
