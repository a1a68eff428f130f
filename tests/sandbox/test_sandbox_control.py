"""The control path tells what came in, and makes things go wrong when it is asked to."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import httpx
import pytest
from sandbox.support import client, file, sandbox, send

from connector.sandbox import InProcess


def _fault(http: httpx.Client, **told: Any) -> None:
    assert http.post("/_sandbox/faults", json=told).status_code == 200


def test_requests_are_told_as_they_came() -> None:
    """In order, with the parts as on the wire and the key masked."""
    http = client(sandbox())
    answer = send(http, "edit_erase", seed=5, output_format="webp")
    (told,) = http.get("/_sandbox/requests").json()
    picture = file("png", "64x64")
    assert (told["method"], told["path"]) == ("POST", "/v2beta/stable-image/edit/erase")
    assert (told["operation"], told["status"]) == ("edit_erase", 200)
    assert told["request_id"] == answer.headers["x-request-id"]
    assert ["authorization", "Bearer ***"] in told["headers"]
    assert told["parts"] == [
        {
            "name": "image",
            "filename": "file.png",
            "content_type": "application/octet-stream",
            "size": len(picture),
            "sha256": hashlib.sha256(picture).hexdigest(),
        },
        {"name": "seed", "filename": None, "content_type": None, "value": "5"},
        {"name": "output_format", "filename": None, "content_type": None, "value": "webp"},
    ]


def test_a_json_body_is_told_as_text() -> None:
    """The first generation takes JSON, and so may be compared too."""
    http = client(sandbox())
    send(http, "v1_text_to_image", seed=1)
    (told,) = http.get("/_sandbox/requests").json()
    assert json.loads(told["body"]) == {"text_prompts": [{"text": "a boat"}], "seed": 1}


@pytest.mark.parametrize(("strict", "named"), [(False, ["prompt", "none"]), (True, [])])
def test_what_was_ignored_is_told(strict: bool, named: list[str]) -> None:
    """Who sends a field in vain finds it by its name; a strict sandbox ignores nothing."""
    http = client(sandbox(strict_fields=strict))
    answer = send(http, "edit_erase", prompt="a cat", none="")
    assert answer.headers.get("x-sandbox-ignored", "") == ", ".join(named)
    assert http.get("/_sandbox/requests").json()[0]["ignored"] == named


def test_a_query_is_told_as_it_was_sent() -> None:
    """Beside the path, still encoded."""
    http = client(sandbox())
    http.get("/v1/engines/list?of=a%20b&of=c")
    (told,) = http.get("/_sandbox/requests").json()
    assert (told["path"], told["query"]) == ("/v1/engines/list", "of=a%20b&of=c")


def test_only_the_last_requests_are_kept() -> None:
    """A long run does not fill the memory."""
    http = client(sandbox(kept_requests=2))
    for name in "abc":
        http.get(f"/v1/{name}")
    assert [told["path"] for told in http.get("/_sandbox/requests").json()] == ["/v1/b", "/v1/c"]


def test_no_key_is_needed() -> None:
    """The control path is for whoever runs the sandbox."""
    http = httpx.Client(transport=InProcess(sandbox()), base_url="http://sandbox.test")
    overview = http.get("/_sandbox").json()
    assert overview["settings"]["credits"] == 1000
    assert overview["trigger_words"]["sandbox-refuse"] == "403 content_moderation"


def test_an_account_can_be_set() -> None:
    """So that one key runs dry, or is refused, while the others go on."""
    http = client(sandbox())
    http.post("/_sandbox/accounts", json={"key": "sk-test", "credits": 4})
    assert [send(http, "generate_core").status_code for _ in range(2)] == [200, 402]
    http.post("/_sandbox/accounts", json={"key": "sk-test", "revoked": True})
    assert http.get("/v1/user/balance").status_code == 401


def test_reset_forgets() -> None:
    """Credits, ledger, requests and faults are as at the start."""
    http = client(sandbox())
    send(http, "generate_core")
    _fault(http, kind="error")
    http.post("/_sandbox/reset")
    assert http.get("/_sandbox/ledger").json() == []
    assert http.get("/_sandbox/requests").json() == []
    assert http.get("/v1/user/balance").json() == {"credits": 1000}


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("faults", {"kind": "earthquake"}),
        ("faults", {"kind": "drop", "often": True}),
        ("clock", {"speed": 0}),
        ("clock", {"advance": -1}),
        ("clock", {"hour": 3}),
        ("accounts", {"credits": 3}),
        ("clock", [1]),
    ],
)
def test_a_wrong_wish_is_explained(path: str, told: Any) -> None:
    """400 with a sentence, and nothing is changed."""
    answer = client(sandbox()).post(f"/_sandbox/{path}", json=told)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]


def test_a_fault_meets_the_next_requests_to_its_path() -> None:
    """As many as were asked for, and no other path."""
    http = client(sandbox())
    _fault(http, kind="error", path="/v1/user/*", next=2, status=503)
    assert http.get("/v1/engines/list").status_code == 200
    assert [http.get("/v1/user/balance").status_code for _ in range(3)] == [503, 503, 200]


def test_faults_by_chance_repeat_by_seed() -> None:
    """The same seed spoils the same requests."""
    runs = []
    for _ in range(2):
        http = client(sandbox())
        _fault(http, kind="error", probability=0.5, seed=7)
        runs.append([http.get("/v1/user/balance").status_code for _ in range(20)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 500}


@pytest.mark.parametrize(
    ("path", "member"), [("/v1/user/balance", "message"), ("/v2beta/results/" + "0" * 64, "errors")]
)
def test_server_errors_are_in_the_words_of_the_vendor(path: str, member: str) -> None:
    """500 has the body of its generation."""
    http = client(sandbox())
    _fault(http, kind="error")
    assert member in http.get(path).json()


def test_html_instead_of_json() -> None:
    """As a proxy in front of the vendor would answer."""
    http = client(sandbox())
    _fault(http, kind="html")
    answer = http.get("/v1/user/balance")
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html; charset=utf-8")


def test_a_wrong_content_type() -> None:
    """The right bytes under another name, and paid."""
    http = client(sandbox())
    _fault(http, kind="content_type", content_type="text/plain")
    assert send(http, "generate_core").headers["content-type"] == "text/plain"
    assert len(http.get("/_sandbox/ledger").json()) == 1


@pytest.mark.parametrize(("kind", "paid"), [("drop", 0), ("drop_after", 1), ("truncate", 1)])
def test_broken_connections(kind: str, paid: int) -> None:
    """What httpx would raise is raised; whether it was paid depends on when it broke."""
    http = client(sandbox())
    _fault(http, kind=kind, next=1)
    with pytest.raises(httpx.RemoteProtocolError):
        send(http, "generate_core")
    assert len(http.get("/_sandbox/ledger").json()) == paid


def test_latency() -> None:
    """The caller is kept waiting, and gives up when its patience ends; the work was done all the same."""
    waited: list[float] = []
    served = sandbox()
    http = httpx.Client(
        transport=InProcess(served, waited.append),
        base_url="http://sandbox.test",
        headers={"authorization": "Bearer sk-test"},
        timeout=5,
    )
    _fault(http, kind="latency", seconds=3, next=1)
    _fault(http, kind="latency", seconds=30, next=1)
    assert send(http, "generate_core").status_code == 200
    with pytest.raises(httpx.ReadTimeout):
        send(http, "generate_core")
    assert waited == [3, 5]
    assert len(served.store.payments()) == 2
