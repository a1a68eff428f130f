"""Feeding a batch: its rows become durable runs, so many at a time, for as long as it may spend."""

from __future__ import annotations

from collections.abc import Callable

from connector.errors import ConnectorError
from connector.runs.batch.row import OUTSIDE, BatchRow, Ended
from connector.runs.batch.store import Batch, Batches, State
from connector.runs.batch.submit_row import RowSubmitter
from connector.runs.durable.outages import is_passing
from connector.runs.worker.context import WorkerContext
from connector.storage.runs.model import Run

# How often it is looked at what has ended, in seconds.
_LOOK_AGAIN = 0.2

# Sums of credits are not exact.
_ROUNDING = 1e-6

Submit = Callable[[Batch, BatchRow], Run]


async def feed(batch_id: str, context: WorkerContext) -> None:
    """Feeds a batch until it ends or somebody stops it, and what is under way has ended.

    Whoever does so can be killed at any moment: all that is known is written down, and the next one goes on.
    """
    submit = RowSubmitter(context.runs, context.files, context.integrations)
    feeder = Feeder(Batches(context.database, context.clock), batch_id, submit)
    await context.look_until(lambda: not feeder.step(), f"batch {batch_id}", _LOOK_AGAIN)


class Feeder:
    """Feeds one batch, step by step. It blocks.

    ``submit`` makes a run of a row; the same one where it is asked twice.
    """

    def __init__(self, batches: Batches, batch_id: str, submit: Submit) -> None:
        self._batches = batches
        self._batch_id = batch_id
        self._rows = batches.rows(batch_id)
        self._submit = submit
        self._is_begun = False
        self._spent = 0.0
        # The rows under way, each with what it is expected to cost.
        self._in_flight: dict[int, float] = {}
        self._ends_as: tuple[State, str] | None = None

    def step(self) -> bool:
        """Takes in what has ended, and begins what may begin; whether there is more to do."""
        batch = self._batches.get(self._batch_id)
        is_feeding = batch.state == "feeding"
        if is_feeding and not self._is_begun:
            self._begin()
        self._is_begun = is_feeding
        for ended in self._rows.settle():
            self._take_in(ended)
        self._in_flight = self._rows.running()
        taken = self._feed(batch) if is_feeding and self._ends_as is None else 0
        return bool(taken or self._in_flight) or (is_feeding and not self._end())

    def _begin(self) -> None:
        """Finds what was begun before, by this process or by one that is gone."""
        self._rows.catch_up()
        self._spent = sum(self._rows.spent().values())
        self._ends_as = None

    def _take_in(self, ended: Ended) -> None:
        self._spent += ended.cost
        if ended.state == "failed" and ended.billed == "no" and ended.outcome in OUTSIDE:
            self._halt(ended.number, ended.message or ended.outcome or "")

    def _halt(self, number: int, message: str) -> None:
        """Every other row would fail for the same reason."""
        first = message.splitlines()[0] if message else ""
        self._ends_as = self._ends_as or ("halted", f"row {number}: {first}")

    def _feed(self, batch: Batch) -> int:
        """Begins as many rows as there is room for; how many were taken."""
        room = batch.concurrency - len(self._in_flight)
        pending = self._rows.pending(room) if room > 0 else []
        for taken, row in enumerate(pending):
            if self._ends_as is not None:
                return taken
            if self._would_pass(batch, row):
                # What is under way may turn out to cost nothing.
                if not self._in_flight:
                    self._ends_as = "limited", f"row {row.number} might cost more than is left of the limit"
                return taken
            self._begin_row(batch, row)
        return len(pending)

    def _would_pass(self, batch: Batch, row: BatchRow) -> bool:
        """Whether the row could take the batch over what it may spend; what is under way counts as spent."""
        if batch.limit_credits is None:
            return False
        promised = self._spent + sum(self._in_flight.values())
        return promised + (row.estimate or 0.0) > batch.limit_credits + _ROUNDING

    def _begin_row(self, batch: Batch, row: BatchRow) -> None:
        try:
            run = self._submit(batch, row)
        except ConnectorError as error:
            if is_passing(error):
                raise
            self._rows.refuse(row.number, error)
            if error.code in OUTSIDE:
                self._halt(row.number, error.message)
            return
        self._rows.begin(row.number, run.id)
        self._in_flight[row.number] = row.estimate or 0.0

    def _end(self) -> bool:
        """The batch ends, unless somebody had a run tried again meanwhile; whether it did."""
        if self._ends_as is None and self._rows.catch_up():
            return False
        state, message = self._ends_as or ("done", None)
        self._batches.end(self._batch_id, state, message)
        return True
