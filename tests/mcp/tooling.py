"""What the tests of MCP share: tools on a quick sandbox, and clients of the SDK that call them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError
from port import QuickThreads, TinyStudio
from upstream import Clock

from connector.engine.http.transport import HttpTransport
from connector.mcp.backend import Alone
from connector.mcp.call_tool import Caller, ToolCaller
from connector.mcp.folders import Folders
from connector.mcp.offer import Offer
from connector.mcp.protocol import server
from connector.mcp.session_cap import SessionCap
from connector.sandbox import InProcess, Sandbox
from connector.sandbox import Settings as SandboxSettings
from connector.spec.loader import default_folder, load
from connector.spec.model import Integration

SAMPLES = default_folder() / "actions" / "samples"
INTEGRATION = load(default_folder())
# Stands for a person's key; it is in no message, whatever is asked.
KEY = "sk-live-77aa0c19e2d4"
Talk = Callable[[Client], Coroutine[Any, Any, Any]]


class Tooling:
    """Tools of the shipped integration, in the sandbox, where time passes only when somebody waits."""

    def __init__(
        self,
        home: Path,
        far: Any,
        limit: float | None,
        patterns: tuple[str, ...],
        keep: Path | None,
        integration: Integration,
        folders: tuple[Path, ...],
    ) -> None:
        self.clock = Clock()
        self.sandbox = Sandbox(SandboxSettings(credits=10_000), studio=TinyStudio(), world=self.clock)
        self.alone = Alone(
            integration,
            Folders(folders or (SAMPLES, home), keep),
            home=home,
            environ={"STABILITY_API_KEY": KEY},
            clock=self.clock,
            transport=HttpTransport(far or InProcess(self.sandbox, sleep=self.clock.sleep)),
            io=QuickThreads(self.clock),
        )
        self.desk = ToolCaller(self.alone, SessionCap(limit))
        self.offer = Offer(patterns)
        self._loop = asyncio.Runner()

    def talk(self, talk: Talk, mode: str = "auto", caller: Caller | None = None) -> Any:
        """What comes of it when a client of that era talks to the server."""
        place = caller or Caller("mcp", "sandbox", offer=self.offer)

        async def connected() -> Any:
            async with Client(server(self.desk, lambda ctx: place, place.offer), mode=mode) as client:
                try:
                    return await talk(client), None
                except MCPError as error:  # raised in here it would come out in a group of groups
                    return None, error

        told, error = self._loop.run(connected())
        if error is not None:
            raise error
        return told

    def call(self, name: str, given: dict[str, Any] | None = None, **more: Any) -> Any:
        """The answer of one call."""
        return self.talk(lambda client: client.call_tool(name, given or {}), **more)

    def close(self) -> None:
        self._loop.run(self.alone.close(5.0))
        self._loop.close()
        self.sandbox.close()


@contextmanager
def tooling(
    home: Path,
    far: httpx.BaseTransport | None = None,
    limit: float | None = None,
    patterns: tuple[str, ...] = (),
    keep: Path | None = None,
    integration: Integration = INTEGRATION,
    folders: tuple[Path, ...] = (),
) -> Iterator[Tooling]:
    opened = Tooling(home, far, limit, patterns, keep, integration, folders)
    try:
        yield opened
    finally:
        opened.close()
