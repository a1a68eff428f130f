"""Deleting a run: what was given and made goes, what it cost stays counted."""

from __future__ import annotations

import json
import re
from contextlib import suppress

from connector.errors import InvocationError
from connector.storage.files.store import FileNotFound, FileStore
from connector.storage.runs.history import History, Run

_MOST_STEPS = 10_000
_REFERENCE = re.compile(r"file:([0-9a-f]{32})")


def delete(history: History, files: FileStore, run_id: str) -> None:
    """The run is gone with its steps, and with each of its files that nothing else uses.

    Its rows in the ledger stay, and its idempotency key is never used again. Raises InvocationError for a run
    that goes on, whose cost nobody knows yet, or that is a step of another one.
    """
    run = history.get(run_id)
    if run.parent:
        raise InvocationError(f"run {run.id} is a step of run {run.parent}; delete that one")
    family = [run, *history.list(parent=run.id, limit=_MOST_STEPS)]
    for one in family:
        _check(one)
    named = [_REFERENCE.findall(json.dumps([one.inputs, one.result, f"file:{one.file}"])) for one in family]
    history.delete([one.id for one in family])
    for file_id in dict.fromkeys(each for found in named for each in found):
        if not history.uses(file_id):
            with suppress(FileNotFound):
                files.remove(file_id)


def _check(run: Run) -> None:
    if not run.has_ended:
        raise InvocationError(
            f"run {run.id} is {run.state}; cancel it, or wait for its end, and delete it then"
        )
    if run.billed == "unknown":
        raise InvocationError(f"nobody knows yet whether run {run.id} was paid for; settle that first")
