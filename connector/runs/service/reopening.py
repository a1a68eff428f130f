"""Reopening a run that ended without a result: its job is still there to be asked for."""

from __future__ import annotations

from typing import Any

from connector.errors import JobError, JobExpired
from connector.storage.ledger.ledger import Ledger
from connector.storage.ledger.model import LedgerEntry
from connector.storage.runs.history import History, Run
from connector.storage.runs.model import ENDED


def reopen(run: Run, entry: LedgerEntry | None, history: History, ledger: Ledger) -> Run:
    """The run, under way again. ``entry`` is the ledger's row of its job.

    Raises JobError where there is no job to go on with, and JobExpired where it is no longer kept.
    """
    if run.state == "succeeded" or entry is None or entry.upstream_id is None or entry.fetch is None:
        raise JobError(f"run {run.id} is {run.state}, and has no job to go on with; try it once more")
    if entry.deadline is not None and entry.deadline < history.clock():
        raise JobExpired(f"the upstream no longer keeps job {entry.upstream_id}", job_id=entry.upstream_id)
    if entry.state == "cancelled":
        ledger.running(entry.id, entry.upstream_id, entry.fetch, None, entry.deadline)
    elif entry.state not in ("running", "done"):
        raise JobError(f"job {entry.upstream_id} has ended: {entry.message or entry.outcome}")
    facts: dict[str, Any] = {
        "outcome": None,
        "error": None,
        "billed": "unknown",
        "job_id": entry.upstream_id,
    }
    return history.enter(run.id, "running", "it is resumed", among=ENDED, **facts)
