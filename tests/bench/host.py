"""What the host adds to a small call: a port, a token, a run that is written down and told as JSON.

The same call is made by the engine in this process, in turn and against the same far side.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import parse_qs, urlsplit

import httpx
from ways import async_connector, connector

HERE = Path(__file__).parent
_CONSOLE = str(Path(sys.executable).parent / "connector")
Call = Callable[[], Awaitable[object]]


def measure(port: int, folder: Path, rounds: int, count: int) -> dict[str, float]:
    """Milliseconds a call: the host's median beyond the engine's, and what both consist of."""
    command = [sys.executable, str(HERE / "host.py"), str(port), str(folder), str(rounds), str(count)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


@contextmanager
def hosted(home: Path, *options: str) -> Iterator[tuple[str, str]]:
    """The address of a host in a process of its own, and a token for it."""
    with started(home, *options) as (_, url, token):
        yield url, token


@contextmanager
def started(home: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """The same, with the process."""
    environ = os.environ | {"CONNECTOR_HOME": str(home)}
    command = [_CONSOLE, "serve", "--quiet", "--port", "0", *options]
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, env=environ, stdout=pipe, stderr=nowhere, text=True) as process:
        assert process.stdout
        try:
            link = urlsplit(process.stdout.readline().strip())
            yield process, f"{link.scheme}://{link.netloc}", parse_qs(link.query)["token"][0]
        finally:
            process.terminate()


async def _compared(calls: dict[str, Call], rounds: int, count: int) -> dict[str, list[float]]:
    """Milliseconds of each call in all ways, in turn, after one round that nobody counts."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + 1):
        for name, call in calls.items():
            taken = [await _milliseconds(call) for _ in range(count)]
            if number:
                found[name] += taken
    return found


async def _milliseconds(call: Call) -> float:
    before = time.perf_counter()
    await call()
    return (time.perf_counter() - before) * 1000


def _ways(port: int, folder: Path, client: httpx.Client) -> dict[str, Call]:
    engine = async_connector(port, folder / "home-host-engine")
    blocking = connector(port, folder / "home-host-blocking")

    async def asked() -> object:
        return client.post("/api/actions/balance", json={"inputs": {}}).raise_for_status()

    async def blocked() -> object:
        return blocking.invoke("balance")

    return {"host": asked, "engine": lambda: engine.invoke("balance"), "blocking": blocked}


def main(port: str, folder: str, rounds: str, count: str) -> None:
    home = Path(folder) / "home-host"
    async_connector(int(port), home)
    with hosted(home, "--integration", str(HERE / "integration")) as (url, token):
        headers = {"authorization": f"Bearer {token}"}
        client = httpx.Client(base_url=url, headers=headers, timeout=60)  # reuses its connection
        ways = _ways(int(port), Path(folder), client)
        found = asyncio.run(_compared(ways, int(rounds), int(count)))
    each = {name: median(taken) for name, taken in found.items()}
    told = {
        "added_ms": each["host"] - each["engine"],
        "added_to_blocking_ms": each["host"] - each["blocking"],
        "ms": each["host"],
        "p99_ms": sorted(found["host"])[int(len(found["host"]) * 0.99)],
    }
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
