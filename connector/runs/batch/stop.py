"""Stopping a batch: nothing more of it is begun, and what is under way is taken back where that can be."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from connector.errors import ConnectorError
from connector.runs.batch.store import Batch, Batches
from connector.runs.service.durable_runs import DurableRuns

_AT_ONCE = 16


def cancel(batches: Batches, runs: DurableRuns, id_or_name: str) -> tuple[Batch, list[str]]:
    """The batch as it is then, and why some of its runs could not be stopped."""
    batch = batches.get(id_or_name)
    batch = batches.change(batch.id, state="cancelled", message="somebody cancelled it")
    rows = batches.rows(batch.id)
    rows.catch_up()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        left = [said for said in pool.map(partial(_stopped, runs), rows.run_ids()) if said]
    rows.settle()
    return batch, left


def _stopped(runs: DurableRuns, run_id: str) -> str:
    """Why a run could not be stopped, if it could not."""
    try:
        run = runs.cancel(run_id)
    except ConnectorError as error:
        return error.message
    return "" if run.has_ended else run.state
