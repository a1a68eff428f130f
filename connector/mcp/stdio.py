"""The MCP server over standard input and output, for as long as its client is there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any, Self, cast

import anyio
from mcp.server.stdio import stdio_server

from connector.mcp.backend import Alone
from connector.mcp.call_tool import Caller, ToolCaller
from connector.mcp.protocol import server

# What is under way when the client goes may be paid for already, and is brought to its end.
_DRAIN = 30.0
_INPUT = 0
_PIECE = 1 << 16


async def serve(alone: Alone, desk: ToolCaller, caller: Caller) -> None:
    """Serves one client. Standard output carries messages and nothing else."""
    served = server(desk, lambda ctx: caller, caller.offer)

    def leave() -> None:
        desk.leaving = True

    try:
        await alone.open()
        async with stdio_server(stdin=cast(Any, _Lines(_INPUT, leave))) as (read, write):
            await served.run(read, write, served.create_initialization_options())
    except* (anyio.BrokenResourceError, anyio.ClosedResourceError):
        pass  # a message came while it ended, and nobody reads it any more
    finally:
        leave()
        await alone.close(_DRAIN)


class _Lines:
    """The lines of a file, read in a thread that nobody waits for: only a client ends a read, and Ctrl-C
    should not have to wait for one. ``ended`` is called before the end is told."""

    def __init__(self, file: int, ended: Callable[[], None]) -> None:
        self._file = file
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._queue = asyncio.Queue[bytes | None]()
        Thread(target=self._read, name="mcp-input", daemon=True).start()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        line = await self._queue.get()
        if line is None:
            self._ended()
            raise StopAsyncIteration
        return line.decode("utf-8", errors="replace")

    def _read(self) -> None:
        begun: list[bytes] = []
        with suppress(RuntimeError):  # the event loop may be gone first
            while piece := os.read(self._file, _PIECE):
                first, *others = piece.split(b"\n")
                begun.append(first)
                for line in others:
                    self._put(b"".join(begun))
                    begun = [line]
            self._put(b"".join(begun))
            self._put(None)

    def _put(self, line: bytes | None) -> None:
        if line != b"":
            self._loop.call_soon_threadsafe(self._queue.put_nowait, line)
