"""What it costs that a run outlasts its process: beside a plain call, in a long queue, and by the thousand.

python tests/bench/durable.py   100 and 10,000 queued, which takes two minutes, and 1,000 in flight
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from ways import async_connector

from connector.runs.service.durable_runs import DurableRuns
from connector.storage.files.store import FileStore
from connector.storage.runs.model import RunSpec

HERE = Path(__file__).parent
NOTE = RunSpec("note", {"prompt": "a lighthouse"})
JOB = RunSpec("start", {"prompt": "a lighthouse"})
CALLS = 200
FEW, MANY = 100, 10_000
SEEN_EVERY = 0.2

Figures = dict[str, float]


def measure(
    port: int, folder: Path, *, queued: Iterable[int] = (FEW, MANY), jobs: int = 1000, seconds: float = 8.0
) -> Figures:
    """All figures, each taken in a process and a home of its own."""
    found = _run(port, folder / "home-durable", "calls", CALLS)
    for count in queued:
        found |= _run(port, folder / f"home-queued-{count}", "queued", count)
    return found | _run(port, folder / "home-in-flight", "in_flight", jobs, seconds)


def growth(figures: Figures) -> float:
    """What a run costs the processor in the long queue, of what it does in the short one."""
    return figures[f"queued{MANY}_cpu_ms"] / figures[f"queued{FEW}_cpu_ms"]


def _run(port: int, home: Path, name: str, *given: float) -> Figures:
    command = [sys.executable, str(HERE / "durable.py"), name, str(port), str(home), *map(str, given)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: Figures = json.loads(done.stdout)
    return found


async def _calls(home: Path, connector: Any, runs: DurableRuns, count: str) -> Figures:
    """A call as it is, and as a run: with its record alone, and then with the engine."""
    from connector.runs.service.execute_action import ActionExecutor

    calls, note = int(count), {"prompt": "a lighthouse"}
    plain = await _each(calls, lambda: connector.invoke("note", note))
    ledger, files = connector.workspace.ledger, runs._record.files
    actions = ActionExecutor({connector.integration.id: connector}, runs.history, files, ledger)
    opened = iter([_opened(runs) for _ in range(calls)])
    recorded = await _each(calls, lambda: actions.submit(next(opened)))
    runs.submit(NOTE)  # the engine is brought in
    submitted = await _each(calls, lambda: asyncio.to_thread(runs.submit, NOTE))
    async with _worker(home, connector):
        await _none_open(runs)
        waits = [await _latency(runs) for _ in range(20)]
    return {
        "plain_call_cpu_ms": plain,
        "recorded_call_cpu_ms": recorded,
        "durable_submit_cpu_ms": submitted,
        "durable_latency_ms": statistics.median(waits) * 1000,
    }


async def _each(count: int, act: Callable[[], Awaitable[Any]]) -> float:
    """The processor's milliseconds for each of so many, one after the other."""
    before = time.process_time()
    for _ in range(count):
        await act()
    return (time.process_time() - before) / count * 1000


def _opened(runs: DurableRuns) -> str:
    """A run that is written down, and that the engine does not know."""
    connector = next(iter(runs._connectors.values()))
    place = {"integration": connector.integration.id, "connection": "", "environment": "local"}
    action = connector.action(NOTE.action)
    given = {**place, "token_name": "", "durable": True}
    return runs._record.open(action, NOTE, given, "queued", None)[0].id


async def _latency(runs: DurableRuns) -> float:
    """The seconds from asking for a run until it has ended, with nothing else to do."""
    begun = time.perf_counter()
    run = await asyncio.to_thread(runs.submit, NOTE)
    while not (await asyncio.to_thread(runs.get, run.id)).has_ended:
        await asyncio.sleep(0.002)
    return time.perf_counter() - begun


async def _queued(home: Path, connector: Any, runs: DurableRuns, count: str) -> Figures:
    """What each of so many queued runs takes, from the first that is begun to the last that ends."""
    before, begun = time.process_time(), time.perf_counter()
    ids = [runs.submit(NOTE, priority=10).id for _ in range(int(count))]
    submitted = (time.perf_counter() - begun) / len(ids)
    async with _worker(home, connector):
        before, begun = time.process_time(), time.perf_counter()
        await _all_ended(runs, ids)
        took, cpu = time.perf_counter() - begun, time.process_time() - before
    return {
        f"queued{count}_submit_ms": submitted * 1000,
        f"queued{count}_ms": took / len(ids) * 1000,
        f"queued{count}_cpu_ms": cpu / len(ids) * 1000,
    }


async def _in_flight(home: Path, connector: Any, runs: DurableRuns, count: str, seconds: str) -> Figures:
    """What a worker takes while all its jobs wait, each polled every ten seconds."""
    ids = [runs.submit(JOB, priority=10).id for _ in range(int(count))]
    async with _worker(home, connector, drain=0):
        while await asyncio.to_thread(_without_job, runs, ids):
            await asyncio.sleep(SEEN_EVERY)
        await asyncio.sleep(2)
        cpu, begun = time.process_time(), time.perf_counter()
        await asyncio.sleep(float(seconds))
        core = (time.process_time() - cpu) / (time.perf_counter() - begun)
        rss = _resident()
    return {f"in_flight{count}_core": core, f"in_flight{count}_rss_mb": rss}


def _without_job(runs: DurableRuns, ids: list[str]) -> int:
    return sum(run.job_id is None for run in runs.list(limit=len(ids)))


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def _all_ended(runs: DurableRuns, ids: list[str]) -> None:
    await asyncio.to_thread(runs.wait, ids[-1])
    await _none_open(runs)


async def _none_open(runs: DurableRuns) -> None:
    for state in ("queued", "running"):
        while await asyncio.to_thread(runs.list, state=state, limit=1):
            await asyncio.sleep(SEEN_EVERY / 4)


def _worker(home: Path, connector: Any, **options: Any) -> Any:
    from connector.runs.worker.worker import Worker

    return Worker(home, [connector.integration], **options)


_JOBS = {"calls": _calls, "queued": _queued, "in_flight": _in_flight}


def child(name: str, port: str, home: str, *given: str) -> None:
    """Measures one thing, and prints it."""
    connector = async_connector(int(port), Path(home))
    files = FileStore(connector.workspace.database, Path(home) / "files")
    runs = DurableRuns([connector], files)
    print(json.dumps(asyncio.run(_JOBS[name](Path(home), connector, runs, *given))), flush=True)
    os._exit(0)


def main() -> None:
    from run import served

    with served() as port, tempfile.TemporaryDirectory(prefix="bench-") as name:
        for figure, value in measure(port, Path(name)).items():
            print(f"  {figure:54}{value:>10.2f}")


if __name__ == "__main__":
    child(*sys.argv[1:]) if sys.argv[1:2] and sys.argv[1] in _JOBS else main()
