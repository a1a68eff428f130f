"""Measures the connector against bare httpx, prints a table, and writes out/bench.json.

All figures of a run are taken in that run, in turn, so that a slow or busy machine slows both sides. They are
told, not judged: no test fails by them. The bench's integration declares no rate limit, which would
pace everything here to 15 requests a second.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import durable
import host
import memory
import pollers
import report
import sharing
import start
from pairs import Compared, Worker, compare
from server import MB, png

HERE = Path(__file__).parent
OUT = HERE.parents[1] / "out" / "bench.json"


# How much is measured; all of it takes under six minutes.
ROUNDS = 11
ROUNDS_AT_ONCE = 4
STARTS = 15
HOST_ROUNDS = 12
HOST_CALLS = 50
JOBS = 1000
SECONDS = 30.0
SHARED_SECONDS = 60.0


Figures = dict[str, float]


def measure() -> tuple[Figures, Figures]:
    """The figures that there are goals for, and what stands beside them."""
    with served() as port, tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        (folder / "image.png").write_bytes(png(MB))
        figures, also = _calls(port, folder)
        begun = start.compare(port, folder, STARTS)
        hosted = host.measure(port, folder, HOST_ROUNDS, HOST_CALLS)
        polled = pollers.measure(port, folder, JOBS, SECONDS)
        lasting = durable.measure(port, folder, jobs=JOBS)
        shared = sharing.measure(folder, SHARED_SECONDS)
        figures |= {
            "list_wall": begun.ratio("actions", "pass"),
            "up100_rss_mb": memory.growth("up", port, folder),
            "down100_rss_mb": memory.growth("down", port, folder),
            "pollers1000_core": polled["core"],
            "host_added_ms": hosted.pop("added_ms"),
            "in_flight1000_rss_mb": lasting.pop("in_flight1000_rss_mb"),
            "in_flight1000_core": lasting.pop("in_flight1000_core"),
            "queued_cpu_growth": lasting[f"queued{durable.MANY}_cpu_ms"]
            / lasting[f"queued{durable.FEW}_cpu_ms"],
            "shared4_used": shared["used"],
            "shared4_refused": shared["refused"],
        }
        also |= {
            "help_wall": begun.ratio("help", "pass"),
            "describe_wall": begun.ratio("describe", "pass"),
            "invoke_wall_of_httpx_get": begun.ratio("invoke", "httpx"),
            "pollers_polls": polled["polls"],
            "pollers_late_ms_p99": polled["late_ms"],
            "shared4_failed": shared["failed"],
        }
        also |= {f"host_{name}": value for name, value in hosted.items()} | lasting
    return figures, also


def _calls(port: int, folder: Path) -> tuple[Figures, Figures]:
    """What calls cost, one after the other and sixteen at once."""
    with _workers(["httpx", "connector", "sockets"], port, folder) as workers:
        get = compare(workers, "get", count=200, rounds=ROUNDS, measure="cpu")
        edit = compare(workers, "edit", count=20, rounds=ROUNDS, measure="cpu")
        both = {name: workers[name] for name in ("httpx", "connector")}
        held = compare(both, "edit_bytes", count=20, rounds=ROUNDS, measure="cpu")
    with _workers(["httpx", "connector", "async", "sockets"], port, folder) as workers:
        many = compare(workers, "edit", count=128, at_once=16, rounds=ROUNDS_AT_ONCE, measure="wall")
    figures = {
        "get_cpu": get.ratio("connector"),
        "edit_cpu": edit.ratio("connector"),
        "edits16_throughput": 1 / many.ratio("connector"),
    }
    also = {"edit_bytes_cpu": held.ratio("connector"), "edits16_async_throughput": 1 / many.ratio("async")}
    also |= {f"sockets_{name}_cpu": found.ratio("sockets") for name, found in (("get", get), ("edit", edit))}
    also["sockets_edits16_throughput"] = 1 / many.ratio("sockets")
    return figures, also | _best(get, "get") | _best(edit, "edit")


def _best(found: Compared, job: str) -> Figures:
    return {f"{way}_{job}_cpu_us": found.best(way) * 1e6 for way in found.rounds}


@contextlib.contextmanager
def served() -> Iterator[int]:
    """The port of a server in a process of its own."""
    command = [sys.executable, str(HERE / "server.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


@contextlib.contextmanager
def _workers(ways: list[str], port: int, folder: Path) -> Iterator[dict[str, Worker]]:
    workers = {way: Worker(way, port, folder) for way in ways}
    try:
        yield workers
    finally:
        for worker in workers.values():
            worker.close()


def main() -> None:
    began, load = time.perf_counter(), os.getloadavg()[0]
    figures, also = measure()
    machine = {"cores": os.cpu_count() or 0, "load_before": load, "seconds": time.perf_counter() - began}
    report.write(OUT, figures, also, machine)
    print("\n".join(report.lines(figures, also, machine)))
    print(f"No rate limit is declared, which would pace all of it. Written to {OUT}.")


if __name__ == "__main__":
    main()
