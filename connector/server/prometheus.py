"""What the host counts, in the text that Prometheus reads.

Labels are of closed sets (route, action, environment, outcome), so that no caller can make the page grow.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SLOW = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0)

Labels = tuple[str, ...]
Sample = tuple[str, float]


class Metric(Protocol):
    """One name with its help, and its samples as they are now."""

    def lines(self) -> Iterator[str]: ...


def _heading(name: str, said: str, kind: str) -> str:
    return f"# HELP {name} {said}\n# TYPE {name} {kind}"


def _line(name: str, names: Sequence[str], labels: Sequence[str], number: float) -> str:
    pairs = ",".join(f'{each}="{_escaped(text)}"' for each, text in zip(names, labels, strict=True))
    return f"{name}{{{pairs}}} {_number(number)}" if pairs else f"{name} {_number(number)}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(number: float) -> str:
    return f"{number:g}" if number % 1 else str(int(number))


class Counter:
    """What only grows."""

    def __init__(self, name: str, said: str, *labels: str) -> None:
        self._name, self._said, self._labels = name, said, labels
        self._counts: dict[Labels, float] = {}
        self._turn = threading.Lock()

    def add(self, *labels: str, amount: float = 1.0) -> None:
        with self._turn:
            self._counts[labels] = self._counts.get(labels, 0.0) + amount

    def lines(self) -> Iterator[str]:
        yield _heading(self._name, self._said, "counter")
        for labels, number in sorted(self._counts.copy().items()):
            yield _line(self._name, self._labels, labels, number)


class Gauge:
    """What is measured when it is asked for: samples of labels and number."""

    def __init__(
        self, name: str, said: str, *labels: str, read: Callable[[], Iterable[tuple[Labels, float]]]
    ) -> None:
        self._name, self._said, self._labels, self._read = name, said, labels, read

    def lines(self) -> Iterator[str]:
        yield _heading(self._name, self._said, "gauge")
        for labels, number in self._read():
            yield _line(self._name, self._labels, labels, number)


class Histogram:
    """How long things take: how many took no longer than each bound, how many there were, and their sum."""

    def __init__(self, name: str, said: str, *labels: str, bounds: Sequence[float]) -> None:
        self._name, self._said, self._labels, self._bounds = name, said, labels, bounds
        self._counts: dict[Labels, list[int]] = {}
        self._sums: dict[Labels, float] = {}
        self._turn = threading.Lock()

    def see(self, *labels: str, seconds: float) -> None:
        with self._turn:
            counts = self._counts.setdefault(labels, [0] * (len(self._bounds) + 1))
            counts[bisect_left(self._bounds, seconds)] += 1
            self._sums[labels] = self._sums.get(labels, 0.0) + seconds

    def lines(self) -> Iterator[str]:
        yield _heading(self._name, self._said, "histogram")
        with self._turn:
            seen = [
                (labels, [*counts], self._sums[labels]) for labels, counts in sorted(self._counts.items())
            ]
        for labels, counts, total in seen:
            yield from self._of(labels, counts, total)

    def _of(self, labels: Labels, counts: Sequence[int], total: float) -> Iterator[str]:
        upto, names = 0, (*self._labels, "le")
        for bound, count in zip((*self._bounds, float("inf")), counts, strict=True):
            upto += count
            shown = "+Inf" if bound == float("inf") else f"{bound:g}"
            yield _line(f"{self._name}_bucket", names, (*labels, shown), upto)
        yield _line(f"{self._name}_sum", self._labels, labels, round(total, 6))
        yield _line(f"{self._name}_count", self._labels, labels, upto)


class Metrics:
    """All that this host counts."""

    def __init__(self) -> None:
        self.requests = Counter("connector_http_requests_total", "Answers.", "method", "route", "status")
        self.request_seconds = Histogram(
            "connector_http_request_seconds", "From a request to its answer's end.", "route", bounds=QUICK
        )
        self.runs = Counter("connector_runs_total", "Runs that ended.", "action", "environment", "outcome")
        self.run_seconds = Histogram("connector_run_seconds", "How long runs took.", "action", bounds=SLOW)
        self.credits = Counter(
            "connector_credits_total", "Credits that runs cost, by the declared prices.", "environment"
        )
        self._all: list[Metric] = [
            self.requests,
            self.request_seconds,
            self.runs,
            self.run_seconds,
            self.credits,
        ]

    def add(self, metric: Metric) -> None:
        """One more, such as a gauge over what the host holds."""
        self._all.append(metric)

    def text(self) -> str:
        return "\n".join(line for metric in self._all for line in metric.lines()) + "\n"
