"""Resuming runs that ended early: a job is asked for again, and a workflow's failed steps are tried again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connector.errors import InvocationError, JobError, JobExpired
from connector.storage.ledger.ledger import Ledger
from connector.storage.ledger.model import LedgerEntry
from connector.storage.runs.history import History, Run
from connector.storage.runs.model import ENDED, Child, State

# The event after which what is made without the API is made anew: it may show what comes now.
TAKEN_UP = "taken_up"
_SAID = "it is gone on with; what is done is not paid again"
_TRIED_AGAIN: frozenset[State] = frozenset({"failed", "cancelled"})


def take_up(run: Run, history: History, retry: Callable[[str], Run]) -> Run:
    """The run, under way again, with a new run for each of its steps that failed or was cancelled.

    Raises InvocationError where there is nothing left to do, and where a step's outcome is unknown: a person
    decides upon that first.
    """
    if run.outcome == "success":
        raise InvocationError(f"run {run.id} succeeded; there is nothing left to do")
    newest = {child.place: child for child in history.children(run.id)}
    _refuse_unknown(run, [child for child in newest.values() if child.state == "unknown"])
    history.event(run.id, TAKEN_UP, {"sentence": _SAID})
    again = history.enter(run.id, "running", "Running again", among=ENDED, outcome=None, error=None)
    for child in newest.values():
        if child.state in _TRIED_AGAIN:
            retry(child.id)
    return again


def _refuse_unknown(run: Run, unknown: list[Child]) -> None:
    if unknown:
        named = ", ".join(f"{child.place} (run {child.id})" for child in unknown)
        raise InvocationError(
            f"run {run.id} has steps whose outcome nobody knows: {named}; mark them, or try them once more"
        )


def reopen(run: Run, entry: LedgerEntry | None, history: History, ledger: Ledger) -> Run:
    """The run, under way again. ``entry`` is the ledger's row of its job.

    Raises JobError where there is no job to go on with, and JobExpired where it is no longer kept.
    """
    if run.state == "succeeded" or entry is None or entry.upstream_id is None or entry.fetch is None:
        raise JobError(f"run {run.id} is {run.state}, and has no job to go on with; try it once more")
    if entry.deadline is not None and entry.deadline < history.clock():
        raise JobExpired(f"the API no longer keeps job {entry.upstream_id}", job_id=entry.upstream_id)
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
    return history.enter(run.id, "running", "Resumed", among=ENDED, **facts)
