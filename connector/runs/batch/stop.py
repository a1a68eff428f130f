"""Stopping a batch, and going on with it: what is under way is taken back where that can be, and taken up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
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


def go_on(
    batches: Batches, runs: DurableRuns, batch_id: str, *, failed: bool = False, unknown: bool = False
) -> int:
    """Makes rows ready to be done again, as ``BatchRows.again`` tells; how many, with those taken up.

    What was cancelled on its way goes on there: a job is asked for again, a workflow does the steps that are
    left. Where that cannot be, it stays as it is, as it may have been paid for.
    """
    rows = batches.rows(batch_id)
    rows.catch_up()
    rows.settle()
    for run_id in rows.broken_off():
        with suppress(ConnectorError):  # its job is no longer kept, or a person has to decide on a step
            runs.resume(run_id)
    return rows.catch_up() + rows.again(failed=failed, unknown=unknown)


def _stopped(runs: DurableRuns, run_id: str) -> str:
    """Why a run could not be stopped, if it could not."""
    try:
        run = runs.cancel(run_id)
    except ConnectorError as error:
        return error.message
    return "" if run.has_ended else run.state
