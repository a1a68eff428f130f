"""Orphaned runs: those that are open, and that the durable engine does not come back to by itself.

A process may die between writing a run down and handing it over; a full disk may keep the engine from
writing how a flow of its own ended. Whoever finds such a run hands it over again, and so with what the
engine gave to a worker that is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.runs.durable import dbos_engine
from connector.runs.durable.worker_lease import WorkerLease
from connector.runs.worker.context import WorkerContext
from connector.spec import package_data
from connector.storage.database.database import Database

_SQL = package_data.statements("runs/worker/orphaned_runs.sql")

# What was written down just now is being handed over.
_JUST_NOW = 10.0


class OrphanedRuns:
    """Finds them, for the worker of a place. It blocks."""

    def __init__(self, database: Database, shop: WorkerContext, place: WorkerLease) -> None:
        self._database = database
        self._shop = shop
        self._place = place
        self._idle: frozenset[str] = frozenset()
        self._empty: frozenset[str] = frozenset()

    def gather(self) -> int:
        """Hands them over; how many there were.

        What the engine gave to this worker, and nobody works on, may be about to be begun: only who is found
        so twice is a stray.
        """
        values = {"before": self._shop.clock() - _JUST_NOW, "executor": self._place.name}
        found = self._read(_SQL["strays"], values)
        at_work = self._shop.actions.at_work | self._shop.workflows.at_work
        ours = {row["id"] for row in found if row["status"] == "PENDING"} - at_work
        again = [row["id"] for row in found if row["status"] != "PENDING"]
        stuck, self._idle = ours & self._idle, frozenset(ours)
        for run_id in again:
            self._shop.runs.queues.again(self._shop.history.get(run_id))
        for run_id in stuck:
            self._shop.runs.queues.take_up(self._shop.history.get(run_id))
        return len(again) + len(stuck)

    def adopt(self) -> int:
        """Takes up what workers left who are gone; how much it was.

        A worker whose connection broke takes its place again within a moment: only a place that is found
        empty twice is deserted.
        """
        names = {row["executor_id"] for row in self._read(_SQL["elsewhere"], {"executor": self._place.name})}
        empty = frozenset(name for name in names if self._is_empty(name))
        deserted, self._empty = empty & self._empty, empty
        return sum(self._adopt(name) for name in deserted)

    def _is_empty(self, name: str) -> bool:
        with self._place.instead_of(name) as is_empty:
            return is_empty

    def _adopt(self, name: str) -> int:
        with self._place.instead_of(name) as is_empty:
            left = self._read(_SQL["left_there"], {"executor": name}) if is_empty else []
            for row in left:
                client = self._shop.runs.queues.client
                client.resume_workflow(row["workflow_uuid"], queue_name=row["queue_name"])
        return len(left)

    def _read(self, query: str, values: Mapping[str, Any]) -> Sequence[Any]:
        return self._database.read(query.format(table=dbos_engine.flows(self._database)), values)
