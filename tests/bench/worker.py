"""A process that does one way's jobs when it is told to, and says what they took.

A process each, because what lies in one's memory decides how dear the next allocation is.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ways import WAYS, together


def main(way: str, port: str, image: str) -> None:
    """Reads lines such as ``edit 20 16`` (job, how often, how many at once) and answers with seconds."""
    made = WAYS[way](int(port), Path(image))
    loop = asyncio.new_event_loop()
    for line in sys.stdin:
        name, count, workers = line.split()
        cpu, wall = time.process_time(), time.perf_counter()
        _do(loop, getattr(made, name), int(count), int(workers))
        print(json.dumps({"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}), flush=True)


def _do(loop: asyncio.AbstractEventLoop, job: Callable[[], Any], count: int, workers: int) -> None:
    if asyncio.iscoroutinefunction(job):
        loop.run_until_complete(together(job, count, workers))
    elif workers == 1:
        for _ in range(count):
            job()
    else:
        _in_threads(job, count, workers)


def _in_threads(job: Callable[[], Any], count: int, workers: int) -> None:
    left = iter(range(count))

    def work() -> None:
        for _ in left:
            job()

    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(work) for _ in range(workers)]:
            done.result()


if __name__ == "__main__":
    main(*sys.argv[1:])
