"""The ASGI application of the tools in a host, made when somebody first asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from connector.mcp.backend import Backing

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from connector.mcp.call_tool import Caller, ToolCaller

PATH = "/mcp"
# A picture in a message is base64 text.
MOST_BODY = 24 * 1024 * 1024
# How often it is seen whether messages are still being answered, when the host stops.
_LOOK_AGAIN = 0.05


class Hosting(Backing, Protocol):
    """What the tools need of a host."""

    @property
    def stopping(self) -> asyncio.Event: ...


class ToolsApp:
    """The application for a host, which has let in whoever comes here; ``admit`` raises a ConnectorError
    where nothing new is taken. It is open from the first request until the host stops and every message has
    its answer.

    Its runs are the host's, by the name of the caller's token. A client may say where its calls go:
    ``?environment=NAME&connection=NAME``, and which actions it wants: ``&actions=PATTERN&all&read_only``.
    """

    def __init__(self, host: Hosting, admit: Callable[[], object]) -> None:
        self._host = host
        self._admit = admit
        # Messages that are being answered; a GET only listens.
        self._answering = 0
        self._opened: asyncio.Future[Any] | None = None
        self._open: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["route"] = PATH
        if self._opened is None:
            self._opened = asyncio.get_running_loop().create_future()
            self._open = asyncio.create_task(self._keep(self._opened))
        manager = await asyncio.shield(self._opened)
        counted = scope["method"] == "POST"
        self._answering += counted
        try:
            await manager.handle_request(scope, receive, send)
        finally:
            self._answering -= counted

    async def _keep(self, opened: asyncio.Future[Any]) -> None:
        try:
            desk, manager = await self._host.run(_made, self._host, self._admit)
        except BaseException as error:
            opened.set_exception(error)
            self._opened = None  # whoever comes next tries again
            return
        async with manager.run():
            opened.set_result(manager)
            await self._host.stopping.wait()
            while self._answering:
                await asyncio.sleep(_LOOK_AGAIN)
            desk.leaving = True


def _made(host: Hosting, admit: Callable[[], object]) -> tuple[ToolCaller, Any]:
    """Imports what takes a second, and so runs in a thread."""
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from sse_starlette.sse import AppStatus

    from connector.mcp.call_tool import ToolCaller
    from connector.mcp.protocol import server

    # It would cut off every answer that is a stream as soon as the host begins to stop.
    AppStatus.enable_automatic_graceful_drain = False
    desk = ToolCaller(host, admit=admit)
    manager = StreamableHTTPSessionManager(app=server(desk, _caller), max_request_body_size=MOST_BODY)
    return desk, manager


def _caller(ctx: Any) -> Caller:
    """Whose token came with the request, and where the address says that calls go."""
    from connector.mcp.call_tool import Caller
    from connector.mcp.offer import Offer

    token, query = ctx.request.scope["state"].get("caller"), ctx.request.query_params
    name = token.name if token else "mcp"
    is_limited = token is not None and token.is_limited
    offer = Offer(tuple(query.getlist("actions")), "all" in query, "read_only" in query)
    return Caller(
        name, query.get("environment"), query.get("connection"), is_limited, offer, str(ctx.request.base_url)
    )
