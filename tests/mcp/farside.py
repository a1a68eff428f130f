"""Our server on an integration of tests, whose actions have the names that MCP's conformance tool calls.

python farside.py              over HTTP on a free port, which is told
python farside.py HOME GATE    over standard input and output; what is slow waits for the file GATE
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import httpx
from PIL import Image

from connector.engine.http.transport import HttpTransport
from connector.mcp import http, stdio
from connector.mcp.backend import Alone
from connector.mcp.call_tool import Caller, ToolCaller
from connector.mcp.folders import Folders
from connector.spec.loader import load
from connector.spec.model import Integration, ToolEntry

FOLDER = Path(__file__).parent / "conformance"


def integration() -> Integration:
    """Names of actions have hyphens; the tool looks for underscores."""
    declared = load(FOLDER)
    names = {name: name.replace("-", "_") for name in declared.actions}
    renamed = {
        new: replace(declared.actions[name], id=new, tool=ToolEntry(new)) for name, new in names.items()
    }
    return replace(declared, actions=renamed)


def answer(request: httpx.Request) -> httpx.Response:
    """The far side."""
    if request.url.path == "/picture":
        return httpx.Response(200, content=_picture(), headers={"content-type": "image/png"})
    if request.url.path == "/refused":
        return httpx.Response(422, json={"errors": ["it is refused, to see how that is told"]})
    return httpx.Response(200, text="a few words")


def gated(gate: Path) -> Callable[[httpx.Request], httpx.Response]:
    """The far side, slow in part."""

    def wait(request: httpx.Request) -> httpx.Response:
        while request.url.path == "/slow" and not gate.exists():
            time.sleep(0.01)
        return answer(request)

    return wait


def _picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(written, "PNG")
    return written.getvalue()


def _alone(home: Path, far: Callable[[httpx.Request], httpx.Response]) -> Alone:
    transport = HttpTransport(httpx.MockTransport(far))
    return Alone(integration(), Folders((home,)), home=home, environ={}, transport=transport)


def over_http() -> None:
    with tempfile.TemporaryDirectory() as folder:
        alone = _alone(Path(folder), answer)
        door = http.listen(0)

        def ready() -> None:
            print(http.address(door), flush=True)

        asyncio.run(http.serve(alone, ToolCaller(alone), Caller(), door, ready))


def over_stdio(home: Path, gate: Path) -> None:
    alone = _alone(home, gated(gate))
    with suppress(KeyboardInterrupt):
        asyncio.run(stdio.serve(alone, ToolCaller(alone), Caller()))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        over_stdio(*map(Path, sys.argv[1:]))
    else:
        over_http()
