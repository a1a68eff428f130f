"""A host under a steady load for an hour: its memory and its open files stay as they are, or it fails.

What it needs at first (pools, caches, connections) is there after a quarter of the time; from then on the
figures of the second quarter are compared with those of the last.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any

from crowd import crowd, for_seconds
from host import started

OUT = Path(__file__).parents[2] / "out" / "soak.json"
MINUTES = 60.0
_CLIENTS = 8
_SAMPLES = 120
# What is called flat: so much more memory, by part and in MiB, and so many more files.
_GROWTH, _MIB, _FILES = 0.1, 16.0, 8


def memory(pid: int) -> float:
    """Resident MiB of a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def files(pid: int) -> int:
    """Its open files and sockets."""
    return len([*Path(f"/proc/{pid}/fd").iterdir()])


def judged(samples: list[tuple[float, int]]) -> dict[str, Any]:
    """The figures of the second and the last quarter, and whether they are flat."""
    quarter = len(samples) // 4
    early, late = samples[quarter : 2 * quarter], samples[-quarter:]
    before, after = (median(size for size, _ in part) for part in (early, late))
    opened, open_now = (max(number for _, number in part) for part in (early, late))
    flat = after <= before * (1 + _GROWTH) + _MIB and open_now <= opened + _FILES
    told = {"memory_mib": [round(before), round(after)], "files": [opened, open_now]}
    return told | {"highest_mib": round(max(size for size, _ in samples)), "is_flat": flat}


def main(minutes: str = str(MINUTES)) -> None:
    seconds = 60 * float(minutes)
    samples: list[tuple[float, int]] = []
    over = threading.Event()
    with tempfile.TemporaryDirectory(prefix="soak-") as name, started(Path(name)) as (process, url, token):

        def sample() -> None:
            while not over.wait(seconds / _SAMPLES):
                samples.append((memory(process.pid), files(process.pid)))

        watching = threading.Thread(target=sample)
        watching.start()
        began = time.monotonic()
        try:
            tally = asyncio.run(crowd(url, token, _CLIENTS, for_seconds(seconds)))
        finally:
            over.set()
            watching.join()
    told = {"minutes": round((time.monotonic() - began) / 60, 1)} | judged(samples) | tally.shown()
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=2))
    sys.exit(0 if told["is_flat"] and not tally.failures and not tally.lost else 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
