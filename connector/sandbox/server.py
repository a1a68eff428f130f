"""The sandbox on a port: a small ASGI application over it, and uvicorn beneath."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Thread
from typing import Any

import uvicorn

from connector.sandbox.messages import Answer, Call
from connector.sandbox.sandbox import Sandbox

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_PIECE = 1 << 18
# More than the clients that one machine is expected to serve at once.
_THREADS = 96
# How much of a body that nobody wants is read all the same, so that its sender hears the answer.
_PATIENCE = 256 << 20


class _Gone(Exception):
    """The client went away in the middle of its request."""


class App:
    """The ASGI application. The work is done in threads, each of which reads its request as it comes."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="sandbox")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        upload = _Upload(receive, asyncio.get_running_loop())
        path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
        headers = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        # Counted as it came, not as soon as a thread is free for it.
        arrived = self._sandbox.world()
        call = Call(scope["method"], path, tuple(headers), upload, query, arrived)
        try:
            answer = await upload.loop.run_in_executor(self._threads, self._sandbox.answer, call)
            await upload.rest()
        except _Gone:
            return
        await asyncio.sleep(answer.delay)
        await _deliver(answer, receive, send)


class _Upload:
    """The body of a request, read by a thread while the event loop receives it."""

    def __init__(self, receive: Receive, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._receive = receive
        self._more = True

    def __iter__(self) -> Iterator[bytes]:
        while self._more:
            yield asyncio.run_coroutine_threadsafe(self._piece(), self.loop).result()

    async def _piece(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        self._more = message.get("more_body", False)
        return bytes(message.get("body", b""))

    async def rest(self) -> None:
        """Reads what was left unread: many clients hear an answer only when they have sent everything."""
        unread = 0
        while self._more and unread < _PATIENCE:
            unread += len(await self._piece())


async def _deliver(answer: Answer, receive: Receive, send: Send) -> None:
    if answer.dropped:
        _connection(receive).abort()
        return
    length = ("content-length", str(len(answer.body)))
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in (*answer.headers, length)]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    for place in range(0, len(answer.sent), _PIECE):
        piece = answer.sent[place : place + _PIECE]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    if answer.cut is None:
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return
    # Closing sends what was written before; the client then finds fewer bytes than were announced.
    _connection(receive).close()
    await receive()


def _connection(receive: Receive) -> asyncio.Transport:
    """The connection itself. ASGI has no word for breaking it, so it is taken from uvicorn's own cycle."""
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if not isinstance(transport, asyncio.Transport):
        raise RuntimeError("this server cannot break a connection; serve the sandbox with uvicorn")
    return transport


def serve(
    host: str = "127.0.0.1",
    port: int = 8787,
    *,
    sandbox: Sandbox | None = None,
    ready: Callable[[str], object] | None = None,
) -> None:
    """Serves until it is interrupted. Port 0 takes a free one; ``ready`` is told the address."""
    door = _listen(host, port)
    if ready:
        ready(_address(door))
    _server(sandbox or Sandbox()).run(sockets=[door])


@contextmanager
def serving(sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serves in a thread of this process while the block runs; gives the address."""
    door = _listen(host, port)
    server = _server(sandbox)
    thread = Thread(target=server.run, kwargs={"sockets": [door]}, name="sandbox-server")
    thread.start()
    try:
        yield _address(door)
    finally:
        server.should_exit = True
        thread.join()


def _listen(host: str, port: int) -> socket.socket:
    """A socket that already takes connections, so that its address can be told at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.create_server((host, port), family=family, backlog=512)
    # asyncio does this only for sockets made by name of their protocol; without it each answer waits 40 ms
    # for an acknowledgement between its head and its body.
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return door


def _address(door: socket.socket) -> str:
    host, port = door.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _server(sandbox: Sandbox) -> uvicorn.Server:
    config = uvicorn.Config(
        App(sandbox),
        http="h11",  # its connections can be broken on purpose, see _connection
        lifespan="off",
        ws="none",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=5,
        proxy_headers=False,
        server_header=False,
    )
    return uvicorn.Server(config)
