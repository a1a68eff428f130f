"""The MCP server, on the SDK's low-level one: each request of a client is one handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import wraps
from logging import getLogger
from typing import Any, TypeVar

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from connector import __version__
from connector.errors import UnknownName
from connector.mcp import builtin_tools, resources
from connector.mcp.call_tool import Caller, Tell, ToolCaller
from connector.mcp.offer import MAIN, Offer

Context = ServerRequestContext[Any, Any]
Answer = TypeVar("Answer")
Params = TypeVar("Params")
CallerOf = Callable[[Context], Caller]

_ELSE = "`tools/list` tells the tools, and `find-action` finds others"
_INTERNAL = "a mistake in the connector; its log says why"


def server(desk: ToolCaller, caller_of: CallerOf, offer: Offer = MAIN) -> Server[Any]:
    """The server of a desk; ``caller_of`` tells who sent a request, and where its calls go.

    The instructions are of one ``offer``, as they are told to everybody alike.
    """
    first = next(iter(desk.backing.integrations.values())).connector.integration
    return Server(
        first.id,
        title=first.name,
        version=__version__,
        description=first.description,
        instructions=desk.instructions(offer),
        website_url=first.documentation,
        **_handlers(desk, caller_of),
    )


def _handlers(desk: ToolCaller, caller_of: CallerOf) -> dict[str, Any]:
    ours = builtin_tools.named(desk)

    async def list_tools(ctx: Context, params: Any) -> types.ListToolsResult:
        offer = caller_of(ctx).offer
        return types.ListToolsResult(
            tools=[*desk.listed(offer), *(one.tool(name, desk.saves(offer)) for name, one in ours.items())]
        )

    async def call_tool(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        given, caller = params.arguments or {}, replace(caller_of(ctx), tell=_tell(ctx))
        if params.name in ours:
            return await ours[params.name].call(desk, caller, given)
        try:
            return await desk.invoke(params.name, given, caller)
        except UnknownName as error:
            raise MCPError(types.INVALID_PARAMS, f"{error.message}; {_ELSE}") from error

    async def list_resources(ctx: Context, params: Any) -> types.ListResourcesResult:
        if caller_of(ctx).only_own:  # whoever knows the address of a file may read it, and is told of none
            return types.ListResourcesResult(resources=[])
        return await desk.backing.run(resources.listed, desk.backing.files, params.cursor)

    async def list_templates(ctx: Context, params: Any) -> types.ListResourceTemplatesResult:
        return resources.templates()

    async def read(ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        try:
            return await desk.backing.run(resources.read, desk.backing.files, str(params.uri))
        except resources.ResourceError as error:
            raise MCPError(types.INVALID_PARAMS, str(error), {"uri": str(params.uri)}) from error

    return {
        "on_list_tools": _guarded(list_tools),
        "on_call_tool": _guarded(call_tool),
        "on_list_resources": _guarded(list_resources),
        "on_list_resource_templates": _guarded(list_templates),
        "on_read_resource": _guarded(read),
    }


def _tell(ctx: Context) -> Tell:
    async def tell(step: int, sentence: str) -> None:
        await ctx.session.report_progress(float(step), None, sentence)

    return tell


def _guarded(
    handler: Callable[[Context, Params], Awaitable[Answer]],
) -> Callable[[Context, Params], Awaitable[Answer]]:
    """A mistake of ours is for the log: its message could hold anything."""

    @wraps(handler)
    async def handle(ctx: Context, params: Params) -> Answer:
        try:
            return await handler(ctx, params)
        except MCPError:
            raise
        except Exception as error:
            getLogger(__name__).exception("%s failed", ctx.method)
            raise MCPError(types.INTERNAL_ERROR, _INTERNAL) from error

    return handle
