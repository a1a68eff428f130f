"""Runs that are open, and that the durable engine does not come back to by itself.

A process may die between writing a run down and handing it over; a full disk may keep the engine from
writing how a flow of its own ended. Whoever finds such a run hands it over again.
"""

from __future__ import annotations

from connector.database import Database
from connector.runs.workshop import Workshop

# What was written down just now is being handed over.
_JUST_NOW = 10.0

_STRAYS = """
SELECT runs.id, flow.status FROM runs LEFT JOIN {table} AS flow ON flow.workflow_uuid = runs.id
WHERE runs.durable = 1 AND runs.state IN ('queued', 'running') AND runs.updated < :before
AND (
    flow.status IS NULL OR flow.status NOT IN ('ENQUEUED', 'DELAYED', 'PENDING')
    OR (flow.status = 'PENDING' AND flow.executor_id = :executor)
)
ORDER BY runs.id"""


class Strays:
    """Finds them, for one worker. It blocks."""

    def __init__(self, database: Database, shop: Workshop, executor: str) -> None:
        self._database = database
        self._shop = shop
        self._executor = executor
        self._idle: frozenset[str] = frozenset()

    def gather(self) -> int:
        """Hands them over; how many there were.

        What the engine gave to this worker, and nobody works on, may be about to be begun: only who is found
        so twice is a stray.
        """
        values = {"before": self._shop.clock() - _JUST_NOW, "executor": self._executor}
        found = self._database.read(_STRAYS.format(table="workflow_status"), values)
        at_work = self._shop.actions.at_work | self._shop.workflows.at_work
        ours = {row["id"] for row in found if row["status"] == "PENDING"} - at_work
        again = [row["id"] for row in found if row["status"] != "PENDING"]
        stuck, self._idle = ours & self._idle, frozenset(ours)
        for run_id in again:
            self._shop.runs.queues.again(self._shop.history.get(run_id))
        for run_id in stuck:
            self._shop.runs.queues.take_up(self._shop.history.get(run_id))
        return len(again) + len(stuck)
