"""The run record: opened with its files, and closed by how it ended. All of it blocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from logging import getLogger
from typing import Any

from connector.engine.arguments import Taker
from connector.engine.result import Result
from connector.errors import ConnectorError, JobCancelled, OutcomeUnknown
from connector.media import Media
from connector.runs.service import run_files
from connector.storage.files.store import FileStore, StoredFile
from connector.storage.runs.history import History, Run, State, Told
from connector.storage.runs.model import OPEN, RunSpec

_log = getLogger(__name__)
# The state that a failure ends a run in; any other one is `failed`.
_STATES: Mapping[type[ConnectorError], State] = {OutcomeUnknown: "unknown", JobCancelled: "cancelled"}
_UNDECIDED: frozenset[State] = OPEN | {"unknown"}


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Writes runs down, and keeps their files for ``keep_seconds`` (None: for good).

    What was paid for and cannot be kept stays in the folder ``rescued``.
    """

    history: History
    files: FileStore
    keep_seconds: float | None = None

    def open(
        self,
        action: Taker,
        spec: RunSpec,
        given: Mapping[str, Any],
        state: State,
        idempotency_key: str | None,
    ) -> tuple[Run, Mapping[str, Any] | None]:
        """A new run in that state and its arguments, or the earlier run of the key and None."""
        taken = run_files.take(action, spec.arguments, self.files, self.keep_seconds)
        own = {
            "action": action.id,
            "title": action.catalog.title,
            "inputs": taken.inputs,
            "options": spec.options,
        }
        is_new = False
        try:
            run, is_new = self.history.open({**given, **own}, idempotency_key, state)
        finally:
            if not is_new:
                self._remove(taken.files)
        return run, taken.arguments if is_new else None

    def succeed(self, run_id: str, result: Result, told: Told = ()) -> Run:
        """The run with its result, whose file is kept."""
        try:
            stored = self.keep(run_id, result)
        except (OSError, ConnectorError) as error:
            return self.fail(run_id, self._unkept(run_id, result, error), told)
        return self.close(run_id, result, stored, told)

    def keep(self, run_id: str, result: Result) -> StoredFile | None:
        """The file of a result, kept; None where it has none."""
        if not isinstance(result.media, Media):
            return None
        return self.files.put(
            result.media,
            name=result.file_name,
            source="result",
            run_id=run_id,
            keep_seconds=self.keep_seconds,
        )

    def close(self, run_id: str, result: Result, stored: StoredFile | None, told: Told = ()) -> Run:
        """The run with its result, whose file was kept before.

        So it ends also where somebody took whoever asked for dead. Where a person has decided otherwise
        since, the answer stays in the folder ``rescued``.
        """
        facts, said = _facts(result, stored), f"it ended as {result.outcome}"
        ended = self.history.enter(run_id, "succeeded", said, told, among=_UNDECIDED, **facts)
        if result.held is not None and ended.state == "succeeded":
            result.held.release()
        return ended

    def fail(self, run_id: str, error: ConnectorError, told: Told = ()) -> Run:
        """The run with its failure, and with what was delivered all the same."""
        state, entry = _STATES.get(type(error), "failed"), self.history.entry(run_id)
        facts: dict[str, Any] = self._delivered(run_id, error)
        facts |= {"outcome": error.code, "billed": error.billed, "error": error.to_dict()}
        facts["credits"] = 0.0 if error.billed == "no" or entry is None else entry.credits
        ids = {"job_id": error.job_id, "invocation_id": error.invocation_id}
        facts |= {name: value for name, value in ids.items() if value is not None}
        return self.history.enter(run_id, state, error.message.splitlines()[0], told, **facts)

    def leave(self, run_id: str, told: Told = ()) -> Run:
        """The run as it is: its job goes on upstream, and is asked for when the host is back."""
        self.history.tell(run_id, told)
        run = self.history.get(run_id)
        said = "the host stops; the job goes on, and is fetched when the host is back"
        self.history.event(run_id, "warning", {"sentence": said, "job_id": run.job_id})
        return run

    def thumbnail(self, run_id: str, file_id: str) -> None:
        """Makes the small picture of a run's result, where there can be one."""
        made = self.files.thumbnail(file_id)
        if made is not None:
            self.history.change(run_id, thumbnail=made)

    def _delivered(self, run_id: str, error: ConnectorError) -> dict[str, Any]:
        """A filtered picture is still the caller's."""
        result = error.result
        if not isinstance(result, Result):
            return {}
        try:
            return _facts(result, self.keep(run_id, result))
        except (OSError, ConnectorError):
            return {}

    def _unkept(self, run_id: str, result: Result, error: Exception) -> ConnectorError:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        return ConnectorError(
            f"the result came, and its file could not be kept: {reason}; {_instead(run_id, result)}",
            billed=result.billed,
            request_id=result.request_id,
            job_id=result.job_id,
            invocation_id=result.invocation_id,
        )

    def _remove(self, files: tuple[str, ...]) -> None:
        for file_id in files:
            self.files.remove(file_id)


def _instead(run_id: str, result: Result) -> str:
    """Where the file is instead. A caller elsewhere learns its name, and an operator the folder."""
    if result.held is None:
        _log.error("the file of run %s could be saved nowhere", run_id)
        return "its job still has it" if result.job_id else "nor could it be saved elsewhere"
    result.held.stay()
    place = result.held.paths[0]
    _log.warning("the file of run %s is at %s", run_id, place)
    return f"it is in the folder '{place.parent.name}' of the connector's home, as {place.name}"


def _facts(result: Result, stored: StoredFile | None) -> dict[str, Any]:
    facts = {
        "outcome": result.outcome,
        "credits": result.credits,
        "billed": result.billed,
        "environment": result.environment or None,
        "connection": result.connection,
        "job_id": result.job_id,
        "invocation_id": result.invocation_id,
        "file": None if stored is None else stored.id,
        "result": run_files.shown(result, stored),
    }
    return {name: value for name, value in facts.items() if value is not None}
