"""Prometheus metrics: what the host counts, and what it looks up when somebody asks.

Labels are of closed sets (route, action, environment, outcome), so that no caller can make the page grow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Histogram, exposition
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.openmetrics import exposition as openmetrics

from connector.spec import package_data
from connector.storage.database.database import Database

_SQL = package_data.statements("server/prometheus.sql")

QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SLOW = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0)

_OPENMETRICS = "application/openmetrics-text"

Labels = tuple[str, ...]
Readings = Iterable[tuple[Labels, float]]


# Of durable runs: the name, what it is, its labels (which are columns), and the query.
_DURABLE: tuple[tuple[str, str, Labels, str], ...] = (
    ("connector_durable_queue", "Durable runs that wait or are under way.", ("kind", "state"), _SQL["queue"]),
    ("connector_durable_ended", "Durable runs that have ended.", ("kind", "outcome"), _SQL["ended"]),
    ("connector_batches", "Batches.", ("state",), _SQL["batches"]),
    ("connector_batch_rows", "Rows of all batches.", ("state",), _SQL["rows"]),
    (
        "connector_schedule_last",
        "What became of a schedule's last time.",
        ("schedule", "outcome"),
        _SQL["schedules"],
    ),
)


class Gauge:
    """A collector of what is measured when it is asked for: samples of labels and number."""

    def __init__(self, name: str, said: str, *labels: str, read: Callable[[], Readings]) -> None:
        self._name, self._said, self._labels, self._read = name, said, labels, read

    def collect(self) -> Iterator[Metric]:
        family = GaugeMetricFamily(self._name, self._said, labels=self._labels)
        for labels, number in self._read():
            family.add_metric(labels, number)
        yield family


class _Registry(CollectorRegistry):
    """Without the time at which each counter began: a series more for each, which nobody asked for."""

    def collect(self) -> Iterator[Metric]:
        for metric in super().collect():
            metric.samples = [each for each in metric.samples if not each.name.endswith("_created")]
            yield metric


class Metrics:
    """All that this host counts, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = _Registry()
        counter = partial(Counter, registry=self._registry)
        histogram = partial(Histogram, registry=self._registry)
        self.requests = counter("connector_http_requests_total", "Answers.", ("method", "route", "status"))
        self.request_seconds = histogram(
            "connector_http_request_seconds", "From a request to its answer's end.", ("route",), buckets=QUICK
        )
        self.runs = counter("connector_runs_total", "Runs that ended.", ("action", "environment", "outcome"))
        self.run_seconds = histogram(
            "connector_run_seconds", "How long runs took.", ("action",), buckets=SLOW
        )
        self.credits = counter(
            "connector_credits_total", "Credits that runs cost, by the declared prices.", ("environment",)
        )

    def add(self, gauge: Gauge) -> None:
        """One more, over what the host holds."""
        self._registry.register(gauge)

    def add_durable(self, database: Database) -> None:
        """A gauge for each row of the table above."""
        for name, said, labels, query in _DURABLE:
            self.add(Gauge(name, said, *labels, read=partial(_read, database, query, labels)))

    def page(self, accept: str = "") -> tuple[bytes, str]:
        """The text and its media type: OpenMetrics for whoever takes it, else the format before it."""
        if any(kind.split(";")[0].strip() == _OPENMETRICS for kind in accept.split(",")):
            text: bytes = openmetrics.generate_latest(self._registry)  # type: ignore[no-untyped-call]
            return text, openmetrics.CONTENT_TYPE_LATEST
        return exposition.generate_latest(self._registry), exposition.CONTENT_TYPE_PLAIN_0_0_4


def _read(database: Database, query: str, labels: Labels) -> list[tuple[Labels, float]]:
    rows = database.read(query)
    return sorted((tuple(str(row[name]) for name in labels), float(row["count"])) for row in rows)
