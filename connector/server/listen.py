"""Listening on a port: uvicorn beneath, TLS where given, and a stop that finishes what it began."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from connector.errors import InvocationError
from connector.server.host import Host

# A client or a proxy should be the first to give up an idle connection, which they keep for up to a minute:
# what they send in the very moment in which we give it up is lost.
_IDLE = 75
# What a stop may take beyond the time that runs have to finish.
_LAST_ANSWERS = 5


class Server(uvicorn.Server):
    """A server that greets once it answers and heeds signals.

    It tells the host of its end at once, so that streams of events end and runs are seen to.
    """

    def __init__(self, config: uvicorn.Config, host: Host, greet: Callable[[], None]) -> None:
        super().__init__(config)
        self._host = host
        self._greet = greet

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._greet()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        draining = asyncio.ensure_future(self._host.drain())
        await super().shutdown(sockets)
        await draining


def _silence() -> None:
    """Nobody is greeted."""


def server(
    app: Starlette, tls: tuple[Path, Path] | None = None, greet: Callable[[], None] = _silence
) -> Server:
    host: Host = app.state.host
    config = uvicorn.Config(
        app,
        http="h11",
        lifespan="on",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(host.settings.trusted_proxies),
        forwarded_allow_ips=list(host.settings.trusted_proxies),
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=int(host.settings.drain) + _LAST_ANSWERS,
        ssl_certfile=tls[0] if tls else None,
        ssl_keyfile=tls[1] if tls else None,
    )
    try:
        config.load()
    except OSError as error:  # an SSLError is one
        reason = error.strerror or str(error)
        raise InvocationError(f"the certificate or its key cannot be used: {reason}") from error
    return Server(config, host, greet)


def listen(host: str, port: int) -> socket.socket:
    """A socket that already takes connections, so that its address can be told at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        door = socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvocationError(f"cannot listen on {host}:{port} ({reason}); choose another --port") from error
    # asyncio does this only for sockets made by name of their protocol; without it each answer waits 40 ms
    # for an acknowledgement between its head and its body.
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return door


def address(door: socket.socket, *, secure: bool = False) -> str:
    """Where a browser on this machine finds it."""
    host, port = door.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "::1" if ":" in host else "127.0.0.1"
    scheme = "https" if secure else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
