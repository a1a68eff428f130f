"""The sandbox as an httpx transport: requests are answered in this process, without a port."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock

import httpx

from connector.sandbox.messages import Answer, Call
from connector.sandbox.sandbox import Sandbox
from connector.sandbox.settings import Settings

_PIECE = 1 << 16
_shared: dict[Path | None, Sandbox] = {}
_lock = Lock()


def transport(state: Path | None = None) -> httpx.BaseTransport:
    """A transport to the sandbox of this process; with ``state``, to one that others share by that folder."""
    place = state.resolve() if state else None
    with _lock:
        if place not in _shared:
            _shared[place] = Sandbox(Settings(), state=place)
        return InProcess(_shared[place])


class InProcess(httpx.BaseTransport):
    """Answers from a sandbox; what would break a connection raises what httpx would raise."""

    def __init__(self, sandbox: Sandbox, sleep: Callable[[float], object] = time.sleep) -> None:
        self.sandbox = sandbox
        self._sleep = sleep

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.SyncByteStream)
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        headers = tuple(request.headers.multi_items())
        answer = self.sandbox.answer(Call(request.method, path, headers, request.stream, query))
        self._wait(answer.delay, request)
        if answer.dropped:
            said = "Server disconnected without sending a response."
            raise httpx.RemoteProtocolError(said, request=request)
        sent = [*answer.headers, ("content-length", str(len(answer.body)))]
        return httpx.Response(answer.status, headers=sent, content=_delivered(answer, request))

    def _wait(self, delay: float, request: httpx.Request) -> None:
        """Keeps the caller waiting, no longer than the caller would."""
        patience = request.extensions.get("timeout", {}).get("read")
        if patience is not None and delay > patience:
            self._sleep(patience)
            raise httpx.ReadTimeout("timed out", request=request)
        if delay:
            self._sleep(delay)


def _delivered(answer: Answer, request: httpx.Request) -> Iterator[bytes]:
    """The body in pieces, and the broken connection where it is cut short."""
    sent = answer.sent
    for place in range(0, len(sent), _PIECE):
        yield sent[place : place + _PIECE]
    if answer.cut is not None:
        told = f"(received {len(sent)} bytes, expected {len(answer.body)})"
        complaint = f"peer closed connection without sending complete message body {told}"
        raise httpx.RemoteProtocolError(complaint, request=request)
