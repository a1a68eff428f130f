"""The sandbox on a port: a thread for each connection, which speaks HTTP/1.1 by way of h11."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import formatdate
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Thread
from typing import Any
from weakref import WeakSet

import h11

from connector.sandbox.messages import Answer, Call
from connector.sandbox.sandbox import Sandbox

_log = logging.getLogger("connector.sandbox")
_PIECE = 1 << 18
# How much of a body that nobody wants is read all the same, so that its sender hears the answer.
_PATIENCE = 256 << 20


class _Server(ThreadingTCPServer):
    """It takes connections as soon as it is made, so that its address can be told at once."""

    allow_reuse_address = True
    request_queue_size = 512

    def __init__(self, sandbox: Sandbox, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.sandbox = sandbox
        self.stopped = Event()
        self._connections = WeakSet[Any]()
        super().__init__((host, port), _Connection)
        # Connections inherit it; without it the end of an answer waits 40 ms for an acknowledgement.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def url(self) -> str:
        host, port = self.socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def get_request(self) -> tuple[socket.socket, Any]:
        came, address = super().get_request()
        self._connections.add(came)
        return came, address

    def stop(self) -> None:
        """Ends the connections too, those that wait for a further request and those at work."""
        self.shutdown()
        self.stopped.set()
        for connection in list(self._connections):
            with suppress(OSError):  # it has ended by itself
                connection.shutdown(socket.SHUT_RDWR)


class _Connection(BaseRequestHandler):
    """The requests of one connection, one after the other, each read as it comes."""

    server: _Server

    def handle(self) -> None:
        self._http = h11.Connection(h11.SERVER)
        with suppress(ConnectionError):  # the client went away
            try:
                while isinstance(asked := self._next(), h11.Request) and self._served(asked):
                    self._http.start_next_cycle()
            except h11.RemoteProtocolError as error:
                self._fail(error.error_status_hint, str(error))
            except Exception as error:
                if not isinstance(error, ConnectionError):
                    _log.exception("a request could not be answered")
                    self._fail(500, "the sandbox failed")

    def _served(self, asked: h11.Request) -> bool:
        """Answers a request; whether another may follow on this connection."""
        path, _, query = asked.target.decode("latin-1").partition("?")
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in asked.headers)
        body, unread = self._pieces(), 0
        answer = self.server.sandbox.answer(Call(asked.method.decode(), path, headers, body, query))
        # Many clients hear an answer only when they have sent everything.
        while unread < _PATIENCE and (piece := next(body, b"")):
            unread += len(piece)
        self.server.stopped.wait(answer.delay)
        if not answer.dropped:
            self._deliver(answer, bodiless=asked.method == b"HEAD")
        return self._http.our_state is self._http.their_state is h11.DONE

    def _fail(self, status: int, reason: str) -> None:
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._deliver(Answer(status, body=reason.encode()))

    def _deliver(self, answer: Answer, *, bodiless: bool = False) -> None:
        """Sends an answer; of one that is cut, less than its head announces."""
        told = (*answer.headers, ("content-length", str(len(answer.body))), ("date", formatdate(usegmt=True)))
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in told]
        self._send(h11.Response(status_code=answer.status, headers=headers))
        self._send(h11.Data(data=b"" if bodiless else answer.sent))
        if answer.cut is None:
            self._send(h11.EndOfMessage())

    def _pieces(self) -> Iterator[bytes]:
        while isinstance(event := self._next(), h11.Data):
            yield bytes(event.data)

    def _next(self) -> Any:
        """What the client says next, once it has said it."""
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._http.they_are_waiting_for_100_continue:
                self._send(h11.InformationalResponse(status_code=100, headers=[]))
            self._http.receive_data(self.request.recv(_PIECE))
        return event

    def _send(self, event: h11.Event) -> None:
        self.request.sendall(self._http.send(event) or b"")


@contextmanager
def serving(sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serves in threads of this process while the block runs; gives the address. Port 0 takes a free one.

    Raises OSError where it cannot listen there.
    """
    with _Server(sandbox, host, port) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,), name="sandbox-server")
        thread.start()
        try:
            yield server.url
        finally:
            server.stop()
            thread.join()
