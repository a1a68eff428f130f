"""What a thousand jobs cost that one AsyncConnector waits for, each polled every ten seconds."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ways import async_connector

HERE = Path(__file__).parent
SUBMITTING = 32


def measure(port: int, folder: Path, jobs: int, seconds: float) -> dict[str, float]:
    """The share of a core, the polls made, and how late the event loop was at the 99th of 100 looks."""
    environ = os.environ | {"CONNECTOR_HOME": str(folder / "home-pollers")}
    command = [sys.executable, str(HERE / "pollers.py"), str(port), str(jobs), str(seconds)]
    done = subprocess.run(command, env=environ, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


async def _lateness(found: list[float]) -> None:
    while True:
        before = time.perf_counter()
        await asyncio.sleep(0.05)
        found.append(time.perf_counter() - before - 0.05)


async def _submitted(made: Any, jobs: int) -> list[str]:
    gate = asyncio.Semaphore(SUBMITTING)

    async def submit() -> str:
        async with gate:
            return str((await made.submit("start", {"prompt": "a lighthouse"})).invocation_id)

    return await asyncio.gather(*(submit() for _ in range(jobs)))


async def _watch(port: int, jobs: int, seconds: float) -> dict[str, float]:
    polls = 0

    def heard(event: Any) -> None:
        nonlocal polls
        polls += event.kind == "poll"

    made = async_connector(port, Path(os.environ["CONNECTOR_HOME"]), on_event=heard)
    waiting = [asyncio.create_task(made.wait(id)) for id in await _submitted(made, jobs)]
    await asyncio.sleep(1)
    late: list[float] = []
    looking = asyncio.create_task(_lateness(late))
    polls, cpu, wall = 0, time.process_time(), time.perf_counter()
    await asyncio.sleep(seconds)
    core = (time.process_time() - cpu) / (time.perf_counter() - wall)
    found = {"core": core, "polls": polls, "late_ms": sorted(late)[int(len(late) * 0.99)] * 1000}
    for task in [looking, *waiting]:
        task.cancel()
    ended = await asyncio.gather(looking, *waiting, return_exceptions=True)
    assert all(isinstance(one, asyncio.CancelledError) for one in ended), ended
    return found


def main(port: str, jobs: str, seconds: str) -> None:
    print(json.dumps(asyncio.run(_watch(int(port), int(jobs), float(seconds)))), flush=True)
    os._exit(0)  # a poll that is under way in a thread is not waited for


if __name__ == "__main__":
    main(*sys.argv[1:])
