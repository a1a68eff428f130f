"""Asks a host for its health several times a second, in a process of its own, as whoever restarts it would.

Each time is a connection of its own. What is told, as one line, are the times in seconds and the failures.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from itertools import cycle
from typing import Any
from urllib.parse import urlsplit

_EVERY = 0.2
_PATIENCE = 60.0
_PATHS = ("/healthz", "/readyz")


@contextmanager
def probing(url: str) -> Iterator[dict[str, Any]]:
    """Probes while the block runs; what is given then holds ``seconds`` by path, and ``failures``."""
    found: dict[str, Any] = {}
    command = [sys.executable, __file__, url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        process.stdout.readline()  # it has begun
        try:
            yield found
        finally:
            process.send_signal(signal.SIGINT)
            found |= json.loads(process.stdout.read())


def percentiles(seconds: list[float]) -> dict[str, float]:
    """What most waited, nearly all, and the last one."""
    times = sorted(seconds)
    shown = {f"p{at}": round(times[int(len(times) * at / 100)], 3) for at in (50, 99)}
    return shown | {"slowest": round(times[-1], 3)}


def main(url: str) -> None:
    told: dict[str, Any] = {"seconds": {path: [] for path in _PATHS}, "failures": []}
    place = urlsplit(url).netloc
    print("begun", flush=True)
    try:
        for path in cycle(_PATHS):
            began = time.perf_counter()
            try:
                failure = _ask(place, path)
            finally:  # the one that waits when it is over has waited as well
                taken = time.perf_counter() - began
                told["seconds"][path].append(taken)
            told["failures"] += failure
            time.sleep(max(0.0, _EVERY - taken))
    except KeyboardInterrupt:
        print(json.dumps(told), flush=True)


def _ask(place: str, path: str) -> list[str]:
    connection = HTTPConnection(place, timeout=_PATIENCE)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return [f"{path}: {type(error).__name__}"]
    finally:
        connection.close()
    return [] if status == 200 else [f"{path}: {status}"]


if __name__ == "__main__":
    main(*sys.argv[1:])
