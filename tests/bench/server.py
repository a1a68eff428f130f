"""A far side that answers at once with what was made ready, so that it is never the slow one.

One process, one thread, epoll; bodies that come are counted and thrown away. It prints its port first.
"""

from __future__ import annotations

import os
import selectors
import socket
import struct
import zlib
from collections import deque
from typing import Any

MB = 1024 * 1024
JOB_ID = "0123456789abcdef" * 4
_SCRATCH = bytearray(MB)


def png(size: int) -> bytes:
    """A PNG of 1,024 x 1,024 whose content is noise, with about so many bytes."""
    header = struct.pack(">IIBBBBB", 1024, 1024, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", os.urandom(size)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def _answer(status: str, type: str, pieces: list[bytes]) -> list[memoryview]:
    size = sum(map(len, pieces))
    head = f"HTTP/1.1 {status}\r\ncontent-type: {type}\r\ncontent-length: {size}\r\n"
    facts = "x-request-id: 0123456789abcdef\r\nseed: 5\r\nfinish-reason: SUCCESS\r\n\r\n"
    first = (head + facts).encode() + pieces[0]
    return [memoryview(piece) for piece in [first, *pieces[1:]]]


_JSON = "application/json"
_ANSWERS = {
    b"GET /balance": _answer("200 OK", _JSON, [b'{"credits": 1234.5}']),
    b"POST /edit": _answer("200 OK", "image/png", [png(3 * MB // 2)]),
    b"POST /upload": _answer("200 OK", _JSON, [b'{"taken": true}']),
    b"GET /download": _answer("200 OK", "application/octet-stream", [os.urandom(MB)] * 100),
    b"POST /start": _answer("200 OK", _JSON, [f'{{"id": "{JOB_ID}"}}'.encode()]),
    b"GET /result": _answer("202 Accepted", _JSON, [f'{{"id": "{JOB_ID}"}}'.encode()]),
}


class Visitor:
    """One connection: what it still has to send us, and what we still have to send it."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self._head = b""
        self._body_left = 0
        self._name = b""
        self._outgoing: deque[memoryview] = deque()

    @property
    def is_owed(self) -> bool:
        return bool(self._outgoing)

    def read(self) -> bool:
        """Takes what has come; False where the far side has hung up."""
        count = self.socket.recv_into(_SCRATCH)
        if not count:
            return False
        if self._body_left:
            self._take_body(count)
        else:
            self._head += bytes(memoryview(_SCRATCH)[:count])
            self._take_head()
        return True

    def write(self) -> None:
        """Sends what goes; the rest waits for room."""
        while self._outgoing:
            piece = self._outgoing.popleft()
            try:
                sent = self.socket.send(piece)
            except BlockingIOError:
                sent = 0
            if sent < len(piece):
                self._outgoing.appendleft(piece[sent:])
                return

    def _take_head(self) -> None:
        head, ended, body = self._head.partition(b"\r\n\r\n")
        if not ended:
            return
        method, path = head.split(b" ", 2)[:2]
        self._name = method + b" /" + path.split(b"/", 2)[1]
        self._head = b""
        self._body_left = _length(head)
        self._take_body(len(body))

    def _take_body(self, count: int) -> None:
        self._body_left -= count
        if not self._body_left:
            self._outgoing.extend(_ANSWERS[self._name])
            self.write()


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"content-length:")
    return int(rest.split(b"\r\n", 1)[0]) if found else 0


def serve(listening: socket.socket) -> None:
    """Serves until the process is ended."""
    selector: Any = selectors.EpollSelector()
    selector.register(listening, selectors.EVENT_READ, None)
    while True:
        for key, events in selector.select():
            if key.data is None:
                _welcome(listening, selector)
            else:
                _attend(selector, key.data, events)


def _welcome(listening: socket.socket, selector: Any) -> None:
    connected, _ = listening.accept()
    connected.setblocking(False)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    selector.register(connected, selectors.EVENT_READ, Visitor(connected))


def _attend(selector: Any, visitor: Visitor, events: int) -> None:
    was_owed = visitor.is_owed
    try:
        is_there = events & selectors.EVENT_READ == 0 or visitor.read()
        if events & selectors.EVENT_WRITE:
            visitor.write()
    except ConnectionError:
        is_there = False
    if not is_there:
        selector.unregister(visitor.socket)
        visitor.socket.close()
    elif visitor.is_owed != was_owed:
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if visitor.is_owed else 0)
        selector.modify(visitor.socket, wanted, visitor)


def main() -> None:
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print(listening.getsockname()[1], flush=True)
    serve(listening)


if __name__ == "__main__":
    main()
