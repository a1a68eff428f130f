"""The head of an answer is understood as http.client understands it."""

from __future__ import annotations

import http.client
import io
from typing import Any

import pytest

from connector.head import Answer

HEADS = {
    "plain": b"content-type: image/png\r\nContent-Length: 12\r\n\r\n",
    "nothing": b"\r\n",
    "repeated": b"Content-Length: 5\r\ncontent-length: 7\r\nset-cookie: a\r\nset-cookie: b\r\n\r\n",
    "no value": b"seed:\r\nname: \r\n\r\n",
    "spaces around": b"seed: \t 5 \t\r\n\r\n",
    "no space": b"seed:5\r\ncontent-length:3\r\n\r\n",
    "colons in the value": b"location: http://host:80/?a:b\r\n\r\n",
    "latin-1": b"name: caf\xe9\r\n\r\n",
    "control characters": b"name: a\x00b\x0bc\x85d\r\n\r\n",
    "line feeds alone": b"seed: 5\ncontent-length: 3\n\n",
    "folded": b"name: one\r\n two\r\nseed: 5\r\n\r\n",
    "folded at once": b" name: one\r\nseed: 5\r\n\r\n",
    "carriage return in a value": b"name: one\rtwo: 2\r\nseed: 5\r\n\r\n",
    "space in a name": b"a name: one\r\nseed: 5\r\n\r\n",
    "space before the colon": b"seed : 5\r\n\r\n",
    "no name": b": 5\r\nseed: 5\r\n\r\n",
    "no colon": b"seed\r\nname: 5\r\n\r\n",
    "from a mailbox": b"From nobody: x\r\nseed: 5\r\n\r\n",
    "cut short": b"seed: 5\r\nname: wha",
    "without an end": b"seed: 5\r\n",
    "many": b"".join(b"name-%d: %d\r\n" % (n, n) for n in range(90)) + b"\r\n",
    "too many": b"name: 1\r\n" * 101 + b"\r\n",
    "too long": b"name: " + b"x" * 66_000 + b"\r\n\r\n",
    "as long as may be": b"name: " + b"x" * 65_528 + b"\r\n\r\n",
    "chunked": b"Transfer-Encoding: Chunked\r\ncontent-length: 3\r\n\r\n",
    "closing": b"connection: Keep-Alive, Close\r\ncontent-length: 3\r\n\r\n",
    "length that is none": b"content-length: -3\r\n\r\n",
}


class Far:
    """What has arrived."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(io.BytesIO(self._data))  # type: ignore[arg-type]


def understood(kind: type[http.client.HTTPResponse], data: bytes) -> Any:
    """All that somebody may ask of an answer, or what is wrong with it."""
    answer = kind(Far(data), method="GET")  # type: ignore[arg-type]
    try:
        answer.begin()
        facts = (answer.status, answer.getheaders(), answer.length, answer.chunked, answer.will_close)
        return facts, answer.headers.get("Seed"), answer.read()
    except (http.client.HTTPException, ValueError) as error:
        return type(error), str(error)


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Go on\r\n\r\nHTTP/1.0 404 \r\n"])
@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS.keys())
def test_every_head_is_understood_as_by_http_client(start: bytes, head: bytes) -> None:
    """Plain or not: the same fields, the same length of the body, the same failure."""
    data = start + head + b"3\r\nabc\r\n0\r\n\r\n"
    assert understood(Answer, data) == understood(http.client.HTTPResponse, data)
