"""Our server on an integration of tests, whose actions have the names that MCP's conformance tool calls."""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import httpx
from PIL import Image

from connector.loader import load
from connector.mcp import http
from connector.mcp.backing import Alone, World
from connector.mcp.desk import Caller, Desk
from connector.spec import Integration
from connector.transport import HttpTransport

FOLDER = Path(__file__).parent / "conformance"


def integration() -> Integration:
    """Names of actions have hyphens; the tool looks for underscores."""
    declared = load(FOLDER)
    renamed = {
        name.replace("-", "_"): replace(one, id=name.replace("-", "_"))
        for name, one in declared.actions.items()
    }
    return replace(declared, actions=renamed)


def answer(request: httpx.Request) -> httpx.Response:
    """The far side."""
    if request.url.path == "/picture":
        return httpx.Response(200, content=_picture(), headers={"content-type": "image/png"})
    if request.url.path == "/refused":
        return httpx.Response(422, json={"errors": ["it is refused, to see how that is told"]})
    return httpx.Response(200, text="a few words")


def _picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(written, "PNG")
    return written.getvalue()


def main(port: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(home=Path(folder), environ={}, transport=HttpTransport(httpx.MockTransport(answer)))
        alone = Alone(integration(), (Path(folder),), world)
        door = http.listen(port)

        def ready() -> None:
            print(http.address(door), flush=True)

        asyncio.run(http.serve(alone, Desk(alone), Caller(), door, ready))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
