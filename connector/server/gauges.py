"""What is measured of durable runs when somebody asks for the metrics: counts by state, of closed sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from connector.server.prometheus import Gauge, Labels
from connector.storage.database.database import Database

_QUEUE = """
SELECT kind, state, count(*) AS count FROM runs
WHERE durable = 1 AND state IN ('queued', 'running') GROUP BY kind, state"""
_ENDED = """
SELECT kind, coalesce(outcome, state) AS outcome, count(*) AS count FROM runs
WHERE durable = 1 AND state NOT IN ('queued', 'running') GROUP BY kind, coalesce(outcome, state)"""
_BATCHES = "SELECT state, count(*) AS count FROM batches GROUP BY state"
_ROWS = "SELECT state, count(*) AS count FROM batch_rows GROUP BY state"
_SCHEDULES = """
SELECT ticks.schedule, CASE WHEN ticks.state = 'begun' THEN coalesce(runs.state, ticks.state)
    ELSE ticks.state END AS outcome, 1 AS count
FROM ticks LEFT JOIN runs ON runs.id = ticks.run_id
WHERE ticks.at = (SELECT max(at) FROM ticks AS others WHERE others.schedule = ticks.schedule)"""

# The name, what it is, its labels (which are columns), and the query.
_GAUGES: tuple[tuple[str, str, Labels, str], ...] = (
    ("connector_durable_queue", "Durable runs that wait or are under way.", ("kind", "state"), _QUEUE),
    ("connector_durable_ended", "Durable runs that have ended.", ("kind", "outcome"), _ENDED),
    ("connector_batches", "Batches.", ("state",), _BATCHES),
    ("connector_batch_rows", "Rows of all batches.", ("state",), _ROWS),
    (
        "connector_schedule_last",
        "What became of a schedule's last time.",
        ("schedule", "outcome"),
        _SCHEDULES,
    ),
)


def durable(database: Database) -> Iterator[Gauge]:
    """A gauge for each row of the table."""
    for name, said, labels, query in _GAUGES:
        yield Gauge(name, said, *labels, read=_reader(database, query, labels))


def _reader(database: Database, query: str, labels: Labels) -> Callable[[], list[tuple[Labels, float]]]:
    return partial(_read, database, query, labels)


def _read(database: Database, query: str, labels: Labels) -> list[tuple[Labels, float]]:
    rows = database.read(query)
    return sorted((tuple(str(row[name]) for name in labels), float(row["count"])) for row in rows)
