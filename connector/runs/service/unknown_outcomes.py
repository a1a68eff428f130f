"""The list of what is unknown: every use that may have been paid for without a result, whoever began it.

The ledger knows all of them. Those that are runs have a row of their own, which is settled with the ledger's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connector.errors import Billed, InvocationError
from connector.spec.model import Integration
from connector.storage.database.database import timestamp
from connector.storage.ledger.ledger import Ledger
from connector.storage.ledger.model import LedgerEntry
from connector.storage.runs.history import ENDED, History, Run, RunNotFound

_SAID = "the request left and its answer did not come back"
# What a person found out: how it is billed, the outcome, whether trying again can help, and the sentence.
_MARKS: Mapping[bool, tuple[Billed, str, bool, str]] = {
    True: ("yes", "lost", False, "somebody found out that it was paid for; its result is lost"),
    False: ("no", "not_run", True, "somebody found out that it was not paid for; it can be tried again"),
}


@dataclass(frozen=True, slots=True)
class UnknownOutcome:
    """One use. ``id`` settles it: the run's, or the invocation's where it is no run.

    ``sent`` is the time of the request, ``credits`` are at stake (None: an unknown number), ``look`` is the
    address where the account can be seen. A ``cancelled`` job can still be had.
    """

    id: str
    run: Run | None
    entry: LedgerEntry | None
    action: str
    title: str
    environment: str
    connection: str
    sent: float
    credits: float | None
    message: str
    look: str | None

    @property
    def is_cancelled_job(self) -> bool:
        return self.entry is not None and self.entry.state == "cancelled"

    @property
    def names(self) -> tuple[str | None, ...]:
        """The ids by which it is known."""
        return (self.id,) if self.entry is None else (self.id, self.entry.id, self.entry.upstream_id)

    def to_dict(self) -> dict[str, Any]:
        """The outcome as every face shows it."""
        own = ("id", "action", "title", "environment", "connection", "credits", "message", "look")
        return {name: getattr(self, name) for name in own} | {
            "sent": timestamp(self.sent),
            "run": None if self.run is None else self.run.id,
            "invocation_id": None if self.entry is None else self.entry.id,
            "job_id": None if self.entry is None else self.entry.upstream_id,
            "request_id": None if self.entry is None else self.entry.request_id,
            "cancelled": self.is_cancelled_job,
        }


class UnknownOutcomes:
    """The list in a database. All methods block."""

    def __init__(self, history: History, ledger: Ledger, integrations: Iterable[Integration]) -> None:
        self._history = history
        self._ledger = ledger
        self._integrations = {each.id: each for each in integrations}

    def list(self, limit: int = 1000) -> list[UnknownOutcome]:
        """What nobody has decided upon, newest first."""
        found = [self._of_entry(entry) for entry in self._ledger.unknown(limit)]
        known = {one.id for one in found}
        runs = [run for run in self._history.list(state="unknown", limit=limit) if run.id not in known]
        alone = [self._of(run, None) for run in runs if not self._history.list(retry_of=run.id, limit=1)]
        return sorted([*found, *alone], key=lambda one: one.sent, reverse=True)[:limit]

    def settle(self, any_id: str, *, paid: bool) -> UnknownOutcome:
        """What a person found out: whether it was paid for. Raises InvocationError for what is known."""
        found = next((one for one in self.list() if any_id in one.names), None)
        if found is None:
            raise InvocationError(
                f"{any_id[:80]!r} is not among the unknown outcomes; only what is unknown can be marked"
            )
        billed, outcome, retryable, said = _MARKS[paid]
        cost = found.credits if paid else 0.0
        if found.entry is not None:
            self._ledger.settle(found.entry.id, "failed", outcome, billed, cost, message=said)
        if found.run is not None:
            error = {"code": outcome, "message": said, "billed": billed, "retryable": retryable}
            facts: dict[str, Any] = {"outcome": outcome, "billed": billed, "credits": cost, "error": error}
            self._history.enter(found.run.id, "failed", said, among=ENDED - {"succeeded"}, **facts)
        return found

    def _of_entry(self, entry: LedgerEntry) -> UnknownOutcome:
        try:
            run = self._history.get(entry.origin) if entry.origin else None
        except RunNotFound:
            run = None
        return self._of(run, entry)

    def _of(self, run: Run | None, entry: LedgerEntry | None) -> UnknownOutcome:
        about: Any = entry if run is None else run
        integration = self._integrations.get(about.integration)
        action = None if integration is None else integration.actions.get(about.action)
        message = (entry and entry.message) or (run and (run.error or {}).get("message")) or _SAID
        return UnknownOutcome(
            about.id,
            run,
            entry,
            about.action,
            action.catalog.title if action else about.action,
            about.environment,
            about.connection,
            run.updated if entry is None and run else about.created if entry is None else entry.created,
            run.credits if entry is None and run else entry.estimate if entry else None,
            str(message).partition("\n")[0],
            None if integration is None else _account(integration),
        )


def _account(integration: Integration) -> str | None:
    """Where the account of a credential can be seen."""
    fields = integration.credential.get("properties", {}).values()
    return next((one["help"] for one in fields if one.get("help")), integration.documentation)
