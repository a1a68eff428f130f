"""A host on a port of this machine, whose far side is a quick sandbox and whose time costs nobody any."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from hosting import serving
from port import QuickThreads, TinyStudio
from starlette.applications import Starlette
from upstream import Clock

from connector.engine.http.transport import HttpTransport
from connector.sandbox import InProcess, Sandbox
from connector.sandbox import Settings as SandboxSettings
from connector.server import json_logs
from connector.server.app import create
from connector.server.settings import Settings

# Without a name for it, a request goes to the sandbox.
ENVIRON = {"CONNECTOR_ENVIRONMENT": "sandbox"}


@contextmanager
def hosted(home: Path, log: io.TextIOBase | None = None) -> Iterator[tuple[str, str]]:
    """The address of the host, and a token that may do everything."""
    clock, tokens = Clock(), []
    sandbox = Sandbox(SandboxSettings(credits=10**9), studio=TinyStudio(), world=clock)

    def make(port: int) -> Starlette:
        far = HttpTransport(InProcess(sandbox, sleep=clock.sleep))
        told = {"transport": far, "io": QuickThreads(clock), "clock": clock, "heartbeat": 0.2, "drain": 5.0}
        app = create(Settings(home=home, port=port, environ=ENVIRON, **told))
        tokens.append(app.state.host.tokens.first())
        return app

    stop_log = json_logs.start(log or io.StringIO())
    # Files may be given as addresses, and nothing here asks the network for one.
    with mock.patch("connector.engine.http.connection.resolve", _nowhere), serving(make) as url:
        yield url, tokens[0]
    stop_log()
    sandbox.close()


def _nowhere(host: str, port: int) -> list[object]:
    raise socket.gaierror(socket.EAI_NONAME, "no name is looked up here")
