"""How much of the vendor's limit four processes use behind a network that is late and stalls: ``make rate``.

Fails where one request in all comes too early, or too much of the limit is left unused. The far side counts
arrivals in a sliding window, as the vendor does, and locks out for good whoever passes the limit.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import sharing

FAR = Path(__file__).parents[1] / "end_to_end" / "far_limit.py"
LIMIT = {"requests": 150, "window": 10.0}
# Seconds that a request takes to arrive; seconds of each minute in which nothing does; the least to be used.
NETWORKS: tuple[tuple[tuple[float, float], float, float], ...] = (
    ((0.02, 0.3), 0.0, 0.97),
    ((0.02, 1.0), 0.0, 0.90),
    ((0.02, 0.3), 1.0, 0.97),
    ((0.02, 0.3), 3.4, 0.95),
    ((0.02, 0.3), 8.0, 0.85),
)


def measure(folder: Path, seconds: float, network: dict[str, Any]) -> dict[str, Any]:
    """The share of the limit that was used, the most in any window, and how many were refused."""
    command = [sys.executable, str(FAR), json.dumps(LIMIT | network)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as far:
        assert far.stdout is not None
        sharing.ask(folder, far.stdout.readline().strip(), seconds)
        counted: dict[str, Any] = json.loads(far.communicate()[0])
    begin = min(counted["arrivals"]) + sharing.WARM
    used = sum(begin <= moment < begin + seconds for moment in counted["arrivals"])
    share = used / (LIMIT["requests"] / LIMIT["window"] * seconds)
    return {"used": share, "most": counted["most"], "refused": counted["refused"]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long each network is measured")
    seconds = parser.parse_args().seconds
    failed = False
    print("arrives after     stalls a minute    used   aim    most in 10 s   refused")
    for jitter, stall, least in NETWORKS:
        with tempfile.TemporaryDirectory() as folder:
            found = measure(Path(folder), seconds, {"jitter": jitter, "stall": stall, "every": 60.0})
        failed |= bool(found["refused"]) or found["used"] < least
        slowest = f"{jitter[0] * 1000:.0f} to {jitter[1] * 1000:.0f} ms"
        told = f"{slowest:17} {stall:>11g} s {found['used']:>10.3f} {least:>6.2f}"
        print(f"{told} {found['most']:>12} {found['refused']:>10}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
