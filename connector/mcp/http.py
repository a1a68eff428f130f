"""The MCP server over streamable HTTP on this machine's own address, without a host around it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import uvicorn

from connector.errors import InvocationError
from connector.mcp.asgi import MOST_BODY, PATH
from connector.mcp.backend import Alone
from connector.mcp.call_tool import Caller, ToolCaller
from connector.mcp.protocol import server

ADDRESS = "127.0.0.1"
_DRAIN = 30.0
# What a stop may take for streams that clients hold open.
_LAST_ANSWERS = 3


def application(desk: ToolCaller, caller: Caller) -> Any:
    """The ASGI application. It knows itself by this machine's own names, and no other site's page."""
    made = server(desk, lambda ctx: caller, caller.offer)
    return made.streamable_http_app(streamable_http_path=PATH, host=ADDRESS, max_request_body_size=MOST_BODY)


def listen(port: int) -> socket.socket:
    """A socket that already takes connections. Raises InvocationError."""
    try:
        door = socket.create_server((ADDRESS, port))
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvocationError(
            f"cannot listen on {ADDRESS}:{port} ({reason}); choose another --port"
        ) from error
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return door


def address(door: socket.socket) -> str:
    return f"http://{ADDRESS}:{door.getsockname()[1]}{PATH}"


async def serve(
    alone: Alone, desk: ToolCaller, caller: Caller, door: socket.socket, ready: Callable[[], object]
) -> None:
    """Serves until it is interrupted; what is under way is then brought to its end."""
    config = uvicorn.Config(
        application(desk, caller),
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=_LAST_ANSWERS,
    )
    running = _Server(config, desk)
    ready()
    try:
        await alone.open()
        with suppress(KeyboardInterrupt):
            await running.serve(sockets=[door])
    finally:
        await alone.close(_DRAIN)


class _Server(uvicorn.Server):
    """A server whose desk knows of the end before calls are cut off."""

    def __init__(self, config: uvicorn.Config, desk: ToolCaller) -> None:
        super().__init__(config)
        self._desk = desk

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._desk.leaving = True
        await super().shutdown(sockets)
