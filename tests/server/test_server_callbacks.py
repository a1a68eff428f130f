"""Callbacks: whoever gave an address is told of the end there, signed, until they take it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from server.support import Place, place, served, until

from connector.runs.service import standard_webhooks

CORE = "/api/actions/stable-image-core"
SANDBOX = {"environment": "sandbox"}
BOAT = {"inputs": {"prompt": "a boat"}}


class Receiver:
    """Takes what it is sent, after it answered with each of the statuses that were laid ready."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.got: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 204)
                self.send_header("location", "/elsewhere")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *said: object) -> None:
                """Nobody reads it."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.place = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.place}/ended"


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = Thread(target=receiver.server.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        thread.join()
        receiver.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


@pytest.fixture
def client(receiver: Receiver, tmp_path: Path) -> Iterator[httpx.Client]:
    """A host with a worker, whose operator lets it call this machine."""
    with served(tmp_path, environ={"CONNECTOR_CALLBACK_HOSTS": receiver.place}) as opened:
        yield opened


def told(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


def heard(receiver: Receiver, secret: str, number: int = 0) -> Any:
    """A delivery, which was signed just now."""
    until(lambda: len(receiver.got) > number)
    headers, body = receiver.got[number]
    standard_webhooks.verify(secret, headers, body, float(headers["webhook-timestamp"]))
    return {"id": headers["webhook-id"], **json.loads(body)}


def test_the_end_of_each_kind_is_told(client: httpx.Client, receiver: Receiver) -> None:
    """A run that the host made, one that a worker did, a workflow's and a batch; as the document says."""
    secret = told(client.post("/api/callbacks/secret"))["secret"]
    asked = {**SANDBOX, "callback": receiver.url}
    made = told(client.post(CORE, params=asked, json=BOAT))["run"]
    first = heard(receiver, secret)
    assert (first["id"], first["type"], first["data"]["run"]["id"]) == (
        f"run_{made['id']}",
        "run.succeeded",
        made["id"],
    )
    begun = [
        told(client.post(CORE, params={**asked, "durable": "true"}, json=BOAT), 202)["run"]["id"],
        told(client.post("/api/workflows/variations", params=asked, json={"inputs": {"prompt": "a"}}), 202)[
            "run"
        ]["id"],
    ]
    batch = {"subject": "stable-image-core", "items": [{"prompt": "a"}], **asked}
    begun.append(told(client.post("/api/batches", json=batch), 201)["id"])
    until(lambda: len(receiver.got) >= 4)
    found = [heard(receiver, secret, number) for number in range(4)]
    assert {each["id"].partition("_")[2] for each in found} == {made["id"], *begun}
    assert {each["type"] for each in found} == {"run.succeeded", "batch.done"}
    document = told(client.get("/openapi.json"))
    schema = document["webhooks"]["ended"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    checker = Draft202012Validator({"components": document["components"], **schema})
    for each in found:
        assert not [*checker.iter_errors({name: each[name] for name in ("type", "timestamp", "data")})]
    text = b"".join(body for _, body in receiver.got).decode()
    assert secret not in text
    assert "/batches/" not in text  # no path of the host's


def test_what_is_not_taken_is_sent_again(client: httpx.Client, receiver: Receiver) -> None:
    """Also where it was redirected, which is followed nowhere; the id stays the same."""
    secret = told(client.post("/api/callbacks/secret"))["secret"]
    receiver.statuses[:] = [500, 302]
    told(client.post(CORE, params={**SANDBOX, "callback": receiver.url}, json=BOAT))
    found = [heard(receiver, secret, number) for number in range(3)]
    assert len({each["id"] for each in found}) == 1
    assert [headers.get("host") for headers, _ in receiver.got] == [receiver.place] * 3


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:9/x", "port 9"),
        ("file:///etc/passwd", "http://"),
        ("http://user:word@example.com/", "password"),
        ("nowhere", "whole address"),
    ],
)
def test_an_address_that_cannot_be_called_is_told_at_once(url: str, said: str, tmp_path: Path) -> None:
    """In each request that may have one; nothing is begun."""
    with place(tmp_path) as host:
        told(host.post("/api/callbacks/secret"))
        for answer in _asked(host, url):
            [problem] = told(answer, 422)["problems"]
            assert problem["field"] == "callback"
            assert said in problem["message"]
        assert told(host.get("/api/runs"))["runs"] == []


def test_without_a_secret_nobody_is_called_back(tmp_path: Path) -> None:
    """Whoever manages the host makes it, and it is sealed."""
    with place(tmp_path) as host:
        for answer in _asked(host, "https://example.com/ended"):
            assert "POST /api/callbacks/secret" in told(answer, 422)["problems"][0]["message"]
        told(host.post("/api/callbacks/secret", bearer="use"), 403)
        secret = told(host.post("/api/callbacks/secret"))["secret"]
        assert told(host.post("/api/callbacks/secret"))["secret"] != secret
        assert all(secret.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def _asked(host: Place, url: str) -> list[httpx.Response]:
    asked = {**SANDBOX, "callback": url}
    batch = {"subject": "stable-image-core", "items": [{"prompt": "a"}], **asked}
    return [
        host.post(CORE, params=asked, json=BOAT),
        host.post(CORE, params={**asked, "durable": "true"}, json=BOAT),
        host.post("/api/workflows/variations", params=asked, json={"inputs": {"prompt": "a"}}),
        host.post("/api/batches", json=batch),
    ]
