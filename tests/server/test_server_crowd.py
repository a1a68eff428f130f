"""Many clients at once: each gets an answer, none is the host's failure, and no run is lost.

`make crowd` does the same for a minute, by the clock of the world and with real pictures.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from itertools import chain, repeat
from pathlib import Path

import pytest
from bench.crowd import crowd
from hosting import serving
from port import QuickThreads, TinyStudio
from upstream import Clock

from connector.engine.http.transport import HttpTransport
from connector.sandbox import InProcess, Sandbox
from connector.sandbox import Settings as SandboxSettings
from connector.server import json_logs
from connector.server.app import create
from connector.server.settings import Settings

CLIENTS = 64
REQUESTS = 192


@pytest.fixture
def clock() -> Clock:
    """A time that only passes when somebody waits."""
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    """With the vendor's rate limit."""
    made = Sandbox(SandboxSettings(credits=10_000), studio=TinyStudio(), world=clock)
    stop_log = json_logs.start(io.StringIO())
    yield made
    stop_log()
    made.close()


def test_sixty_four_clients_at_once_are_all_answered(sandbox: Sandbox, clock: Clock, tmp_path: Path) -> None:
    """Over a port; each waits for its turn at the rate limit, and what was begun has ended."""
    tokens: list[str] = []

    def make(port: int):  # type: ignore[no-untyped-def]
        far = HttpTransport(InProcess(sandbox, sleep=clock.sleep))
        told = {"transport": far, "io": QuickThreads(clock), "clock": clock, "environ": {}}
        app = create(Settings(home=tmp_path, port=port, **told))
        tokens.append(app.state.host.tokens.first())
        return app

    with serving(make) as url:
        asking = chain(repeat(True, REQUESTS), repeat(False))
        tally = asyncio.run(crowd(url, tokens[0], CLIENTS, asking))
    assert dict(tally.statuses) == {200: REQUESTS}
    assert (tally.broken, tally.lost, tally.runs) == ([], [], REQUESTS)
