"""Resuming a workflow's run that ended early: what is done stays done, what failed is tried again."""

from __future__ import annotations

from collections.abc import Callable

from connector.errors import InvocationError
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
    again = history.enter(run.id, "running", "it is under way again", among=ENDED, outcome=None, error=None)
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
