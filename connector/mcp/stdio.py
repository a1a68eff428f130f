"""The server over standard input and output, for as long as its client is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mcp.server.stdio import stdio_server

from connector.mcp.backing import Alone
from connector.mcp.desk import Caller, Desk
from connector.mcp.protocol import server

# What is under way when the client goes may be paid for already, and is brought to its end.
_DRAIN = 30.0


async def serve(alone: Alone, desk: Desk, caller: Caller) -> None:
    """Serves one client. Standard output carries messages and nothing else."""
    served = server(desk, lambda ctx: caller)

    def leave() -> None:
        desk.leaving = True

    try:
        await alone.open()
        async with stdio_server() as (read, write):
            await served.run(_Watched(read, leave), write, served.create_initialization_options())
    finally:
        await alone.close(_DRAIN)


class _Watched:
    """A stream of messages that tells of its end before whoever reads it sees the end."""

    def __init__(self, stream: Any, ended: Callable[[], None]) -> None:
        self._stream = stream
        self._ended = ended

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    async def __aenter__(self) -> Any:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *failure: Any) -> Any:
        return await self._stream.__aexit__(*failure)

    def __aiter__(self) -> Any:
        return self

    async def __anext__(self) -> Any:
        try:
            return await self._stream.__anext__()
        except StopAsyncIteration:
            self._ended()
            raise
