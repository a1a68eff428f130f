"""Ways of doing the same job, told apart round by round in one run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Literal

HERE = Path(__file__).parent
Measure = Literal["cpu", "wall"]


class Worker:
    """One way, in a process of its own."""

    def __init__(self, way: str, port: int, folder: Path) -> None:
        environ = os.environ | {"CONNECTOR_HOME": str(folder / f"home-{way}")}
        command = [sys.executable, str(HERE / "worker.py"), way, str(port), str(folder / "image.png")]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environ)

    def seconds(self, job: str, count: int, workers: int, measure: Measure) -> float:
        """What one job took, on average of so many."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{job} {count} {workers}\n")
        self._process.stdin.flush()
        answer: dict[str, float] = json.loads(self._process.stdout.readline())
        return answer[measure] / count

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)


@dataclass(frozen=True)
class Compared:
    """Seconds a job in each round, by way."""

    rounds: dict[str, list[float]]

    def best(self, way: str) -> float:
        return min(self.rounds[way])

    def ratio(self, way: str, base: str = "httpx") -> float:
        """The median over the rounds of what it takes, as a multiple of the base."""
        pairs = zip(self.rounds[way], self.rounds[base], strict=True)
        return median(one / other for one, other in pairs)


def compare(
    workers: dict[str, Worker], job: str, *, count: int, at_once: int = 1, rounds: int = 9, measure: Measure
) -> Compared:
    """The job in all ways, in turn, after one round that nobody counts; each round begins with another."""
    names = list(workers)
    found: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds + 1):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            taken = workers[name].seconds(job, count, at_once, measure)
            if number:
                found[name].append(taken)
    return Compared(found)
