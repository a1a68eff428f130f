"""On a port the sandbox is the same, to any client and to many at once."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from sandbox.support import KEY, MINIMAL, QuickStudio, file, sandbox, send

from connector.sandbox import Sandbox, serving
from connector.sandbox.document import load
from connector.sandbox.server import _Server

CORE = "/v2beta/stable-image/generate/core"
ERASE = "/v2beta/stable-image/edit/erase"


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Sandbox, str]]:
    stand_in = sandbox(credits=100_000)
    with serving(stand_in) as url:
        yield stand_in, url
    stand_in.close()


@pytest.fixture
def http(served: tuple[Sandbox, str]) -> Iterator[httpx.Client]:
    stand_in, url = served
    stand_in.store.clear()
    stand_in.requests.clear()
    with httpx.Client(base_url=url, headers={"authorization": f"Bearer {KEY}"}) as opened:
        yield opened


def test_a_stranger_with_files(http: httpx.Client) -> None:
    """Plain httpx, as anybody would write it."""
    answer = http.post(CORE, data={"prompt": "a boat"}, files={"none": ""})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"


@pytest.mark.parametrize("operation", MINIMAL)
def test_every_operation_over_the_wire(http: httpx.Client, operation: str) -> None:
    """The same minimal requests, through a socket."""
    assert send(http, operation).status_code in (200, 202)


def test_the_body_may_come_in_chunks(http: httpx.Client) -> None:
    """Without a length, as Node clients send streams."""
    form = b'--m\r\ncontent-disposition: form-data; name="prompt"\r\n\r\na boat\r\n--m--\r\n'
    pieces = (form[at : at + 5] for at in range(0, len(form), 5))
    answer = http.post(CORE, content=pieces, headers={"content-type": "multipart/form-data; boundary=m"})
    assert answer.status_code == 200


def test_sixty_four_at_once(http: httpx.Client) -> None:
    """Nobody is turned away, nobody is charged twice."""
    with ThreadPoolExecutor(64) as threads:
        statuses = list(threads.map(lambda _: send(http, "edit_erase").status_code, range(64)))
    assert set(statuses) == {200}
    assert http.get("/v1/user/balance").json() == {"credits": 100_000 - 64 * 5}


def test_too_large_a_body_hears_why(http: httpx.Client) -> None:
    """The answer reaches a client that hears it only when it has sent everything; the connection lives."""
    for _ in range(2):
        answer = http.post(ERASE, files={"image": b"x" * (12 << 20)})
        assert (answer.status_code, answer.json()["name"]) == (413, "payload_too_large")


def test_a_large_part_arrives_whole(http: httpx.Client) -> None:
    """Parts that do not fit into memory's share are the same after the detour."""
    picture = file("png", "64x64") + b"\0" * (3 << 20)
    assert http.post(ERASE, files={"image": picture}).status_code == 200
    assert http.get("/_sandbox/requests").json()[0]["parts"][0]["size"] == len(picture)


@pytest.mark.parametrize(
    ("kind", "error", "paid"),
    [
        ("drop", httpx.TransportError, 0),
        ("drop_after", httpx.TransportError, 1),
        ("truncate", httpx.RemoteProtocolError, 1),
    ],
)
def test_broken_connections(http: httpx.Client, kind: str, error: type[Exception], paid: int) -> None:
    """The connection really breaks, at the moment that was asked for, and the next one works."""
    http.post("/_sandbox/faults", json={"kind": kind, "next": 1})
    with pytest.raises(error):
        send(http, "generate_core")
    assert len(http.get("/_sandbox/ledger").json()) == paid
    assert send(http, "generate_core").status_code == 200


def test_latency_is_felt(http: httpx.Client) -> None:
    """A client with less patience gives up."""
    http.post("/_sandbox/faults", json={"kind": "latency", "seconds": 2, "next": 1})
    with pytest.raises(httpx.ReadTimeout):
        http.get("/v1/user/balance", timeout=0.05)


def test_a_client_that_leaves_early_harms_nobody(served: tuple[Sandbox, str], http: httpx.Client) -> None:
    """Half a request is no request."""
    host, port = served[1].removeprefix("http://").split(":")
    head = f"POST {CORE} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\ncontent-length: 1000\r\n"
    with socket.create_connection((host, int(port))) as half:
        half.sendall(head.encode() + b"content-type: multipart/form-data; boundary=m\r\n\r\n--m\r\n")
    assert send(http, "generate_core").status_code == 200
    assert len(http.get("/_sandbox/ledger").json()) == 1


def _said(url: str, request: bytes) -> bytes:
    """All that is answered to these bytes until the connection ends."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as line:
        line.sendall(request)
        return b"".join(iter(lambda: line.recv(4096), b""))


def test_what_is_no_http_is_refused(served: tuple[Sandbox, str]) -> None:
    """With an answer, after which the connection ends."""
    assert _said(served[1], b"hello\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_only_the_head_of_an_answer(served: tuple[Sandbox, str]) -> None:
    """With the length that the answer would have, and nothing after it."""
    head, _, body = _said(served[1], b"HEAD / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").partition(
        b"\r\n\r\n"
    )
    assert head.startswith(b"HTTP/1.1 404 ")
    assert body == b""


class _Broken(QuickStudio):
    def inspect(self, content: bytes) -> None:
        raise OSError("no space left")


def test_what_fails_within_is_an_answer(caplog: pytest.LogCaptureFixture) -> None:
    """A failure of the sandbox itself is 500, its cause is in the log alone; the next request is served."""
    stand_in = sandbox(studio=_Broken())
    told = {"authorization": f"Bearer {KEY}"}
    with serving(stand_in) as url, httpx.Client(base_url=url, headers=told) as opened:
        answer = send(opened, "edit_erase")
        assert (answer.status_code, answer.text) == (500, "the sandbox failed")
        assert send(opened, "generate_core").status_code == 200
    assert "no space left" in caplog.text
    stand_in.close()


def test_an_idle_connection_ends_with_the_server() -> None:
    """Nobody is answered, or kept waiting, by a sandbox that has stopped."""
    stand_in = sandbox()
    with serving(stand_in) as url:
        idle = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=60)
        idle.sendall(b"GET /_sandbox/clock HTTP/1.1\r\nhost: x\r\n\r\n")
        answer = b""
        while not answer.endswith(b"}"):
            answer += idle.recv(4096)
        assert answer.startswith(b"HTTP/1.1 200")
    with idle:
        assert idle.recv(4096) == b""
    stand_in.close()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl(served: tuple[Sandbox, str], http: httpx.Client, tmp_path: Path) -> None:
    """The vendor's own samples are written for curl, which asks before it sends a large file."""
    picture = tmp_path / "picture.png"
    picture.write_bytes(file("png", "64x64") + b"\0" * (2 << 20))
    said = subprocess.run(
        ["curl", "-sS", "-f", f"{served[1]}{ERASE}", "-H", f"authorization: Bearer {KEY}", "-H",
         "accept: application/json", "-F", f"image=@{picture}", "-F", "seed=3"],
        capture_output=True, check=True,
    )  # fmt: skip
    assert json.loads(said.stdout)["seed"] == 3


def test_an_answer_waits_for_no_acknowledgement() -> None:
    """A small answer leaves at once: its head and its body are not held back to be sent together."""
    with _Server(sandbox(), "127.0.0.1", 0) as server, socket.create_connection(server.server_address):
        came, _ = server.get_request()
        with came:
            assert came.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_get_over_the_wire(http: httpx.Client) -> None:
    """Every operation without a body answers in its own words too."""
    for operation in load().operations:
        if operation.body is None:
            answer = request_get(http, operation)
            assert answer.status_code == (404 if operation.result_of else 200)


def request_get(http: httpx.Client, operation: Any) -> httpx.Response:
    return http.get(operation.path.replace("{id}", "0" * 64))


def test_a_port_in_use_is_said(served: tuple[Sandbox, str]) -> None:
    """Before anybody is told an address."""
    port = int(served[1].rpartition(":")[2])
    with pytest.raises(OSError, match="in use"), serving(sandbox(), port=port):
        pytest.fail("nobody can listen there")
