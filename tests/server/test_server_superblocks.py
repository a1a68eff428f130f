"""An application of Superblocks uses the host by JSON alone, as an integration of the REST kind."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from server.support import Place, picture, place

from connector.server.exports import openapi


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(tmp_path_factory.mktemp("home")) as opened:
        yield opened


def _call(host: Place, method: str, path: str, body: Any = None) -> Any:
    """A call as an application makes it: JSON in, JSON out, with the token of its integration."""
    sent = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", "accept": "application/json, text/plain, */*"}
    where = {"environment": "sandbox"} if method == "POST" else {}
    answer = host(method, path, bearer="use", content=sent, headers=headers, params=where)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_picture_goes_in_and_out_by_json(host: Place) -> None:
    """In as base64, from then on as a reference, also for another action; its bytes come by reference."""
    image = {"base64": base64.b64encode(picture()).decode(), "type": "image/png"}
    asked = {"inputs": {"image": image, "grow_mask": 3, "mask": image}}
    first = _call(host, "POST", "/api/actions/erase", asked)
    reference = first["run"]["inputs"]["image"]["file"]
    assert reference.startswith("file:")
    again = {"inputs": {"image": reference}}
    assert _call(host, "POST", "/api/actions/remove-background/check", {"inputs": {"image": reference}}) == {
        "problems": []
    }
    second = _call(host, "POST", "/api/actions/remove-background", again)
    chained = {"inputs": {"image": f"file:{second['file']['id']}"}}
    _call(host, "POST", "/api/actions/erase/check", chained)
    for told, sent in (
        (first["run"]["inputs"]["image"]["file"][5:], picture()),
        (second["file"]["id"], None),
    ):
        content = host("GET", f"/api/files/{told}/content", bearer="use", headers={"accept": "*/*"})
        assert content.content == sent or (sent is None and content.content.startswith(b"\x89PNG"))
        assert content.headers["content-type"] == "image/png"


def test_a_run_is_begun_and_looked_at_by_json(host: Place) -> None:
    """What takes longer than a call of Superblocks may is submitted, and asked for by its id."""
    told = _call(
        host,
        "POST",
        "/api/actions/stable-image-core",
        {"inputs": {"prompt": "a boat"}},
    )
    shown = _call(host, "GET", f"/api/runs/{told['run']['id']}")
    assert (shown["run"]["state"], shown["run"]["environment"]) == ("succeeded", "sandbox")


def test_the_exported_document_has_these_calls(host: Place) -> None:
    """It is the integration's API specification: each path by its method, with the host as its server."""
    (served,) = host.host.integrations.values()
    document = openapi.document(served.integration, "https://connector.example")
    paths = document["paths"]
    assert document["servers"] == [{"url": "https://connector.example"}]
    called = {("get", "/api/files/{id}/content"), ("get", "/api/runs/{id}")}
    called |= {
        ("post", f"/api/actions/{name}") for name in ("erase", "remove-background", "stable-image-core")
    }
    assert {(method, path) for method, path in called if method in paths.get(path, {})} == called
    for _, path in (one for one in called if one[0] == "post"):
        assert "application/json" in paths[path]["post"]["requestBody"]["content"]
