"""The model of a run, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from connector.errors import Billed
from connector.storage.database.database import timestamp
from connector.storage.ledger.model import LedgerEntry

State = Literal[
    "queued",  # written down; nothing has been done yet
    "running",  # the engine works on it, or asks for its job
    "succeeded",  # there is a result
    "failed",  # there is none, and why is known
    "unknown",  # a request that may have cost went out, and no answer came back
    "cancelled",  # somebody stopped it
]
OPEN: frozenset[State] = frozenset({"queued", "running"})
ENDED: frozenset[State] = frozenset({"succeeded", "failed", "unknown", "cancelled"})
Kind = Literal["action", "workflow"]


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What is to be run, where, and how it is to be answered; None is the default.

    ``arguments`` are as for ``invoke``; files may also be ``file:ID`` references, or as they stand in the
    inputs of an earlier run. ``limit_credits`` is what a run of a workflow may spend.
    """

    action: str
    arguments: Mapping[str, Any]
    environment: str | None = None
    connection: str | None = None
    accept: str | None = None
    on_filtered: Literal["raise", "return"] = "raise"
    timeout: float | None = None
    limit_credits: float | None = None

    @property
    def options(self) -> dict[str, Any]:
        """How it is to be answered."""
        names = ("accept", "on_filtered", "timeout", "limit_credits")
        asked = {name: getattr(self, name) for name in names}
        return {name: value for name, value in asked.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Run:
    """One invocation, or one workflow, that is written down. ``id`` sorts by time.

    ``inputs`` hold files by reference, ``options`` how it is to be answered; ``result`` and ``error`` are
    what the engine showed. ``file`` and ``thumbnail`` are ids of kept files; ``job_id`` is the upstream's id
    of the job, ``invocation_id`` the ledger's. What is ``durable`` is done by workers; ``parent`` is the run
    of the workflow that it is a step of, at ``place``; ``batch`` and ``row`` tell what it was fed by,
    ``definition`` is a workflow's text as it was, and ``retry_of`` the run that it tries once more.
    """

    id: str
    created: float
    updated: float
    action: str
    title: str
    integration: str
    connection: str
    environment: str
    inputs: Mapping[str, Any] = field(repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)
    state: State = "queued"
    outcome: str | None = None
    credits: float | None = None
    billed: Billed = "unknown"
    seconds: float | None = None
    result: Mapping[str, Any] | None = field(default=None, repr=False)
    file: str | None = None
    thumbnail: str | None = None
    error: Mapping[str, Any] | None = None
    job_id: str | None = None
    invocation_id: str | None = None
    token_name: str = ""
    idempotency_key: str | None = None
    kind: Kind = "action"
    durable: bool = False
    parent: str | None = None
    place: str | None = None
    batch: str | None = None
    row: int | None = None
    definition: str | None = field(default=None, repr=False)
    retry_of: str | None = None
    # Of no column: whether whoever opened the run was given the earlier one of their idempotency key.
    replayed: bool = field(default=False, compare=False)

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def spec(self) -> RunSpec:
        """The same once more."""
        place = self.environment or None, self.connection or None
        return RunSpec(self.action, self.inputs, *place, **self.options)

    def to_dict(self) -> dict[str, Any]:
        """The run as every face shows it."""
        seconds = None if self.seconds is None else round(self.seconds, 3)
        times = {"created": timestamp(self.created), "updated": timestamp(self.updated), "seconds": seconds}
        return {one.name: getattr(self, one.name) for one in fields(self) if one.compare} | times


@dataclass(frozen=True, slots=True)
class Child:
    """In short, a run that is a step of a workflow's run."""

    id: str
    place: str
    state: State
    credits: float | None
    billed: Billed

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One step of a run. ``seq`` counts from 1 within the run."""

    seq: int
    at: float
    kind: str
    data: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return {"seq": self.seq, "at": timestamp(self.at), "kind": self.kind, "data": dict(self.data)}


@dataclass(frozen=True, slots=True)
class EnvironmentCost:
    """What an environment cost on a UTC day. Of the ``credits``, ``uncertain`` may not have been billed."""

    day: str
    environment: str
    invocations: int
    credits: float
    uncertain: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RunEnding:
    """How a run ended without a result: its state, and the failure as every face shows it."""

    state: State
    code: str
    billed: Billed
    message: str

    def fields(self, entry: LedgerEntry | None) -> dict[str, Any]:
        """What changes in the run."""
        ids = {} if entry is None else {"job_id": entry.upstream_id, "invocation_id": entry.id}
        named = {name: value for name, value in ids.items() if value is not None}
        error = {
            "code": self.code,
            "message": self.message,
            "billed": self.billed,
            "retryable": self.billed == "no",
        }
        # What is not settled is promised, and counts so.
        credits = None if entry is None else entry.estimate if entry.credits is None else entry.credits
        return named | {
            "outcome": self.code,
            "billed": self.billed,
            "credits": 0.0 if self.billed == "no" else credits,
            "error": error | named,
        }


CANCELLED = RunEnding("cancelled", "cancelled", "no", "somebody cancelled it before anything was spent")
BROKEN_OFF = RunEnding(
    "cancelled", "cancelled", "unknown", "somebody cancelled it; its steps tell their cost"
)
INTERRUPTED = RunEnding(
    "failed", "interrupted", "no", "the host ended before anything was spent; run it again"
)


def given_up(entry: LedgerEntry | None, otherwise: RunEnding) -> RunEnding:
    """How a run ends that is no longer worked on: as its row in the ledger says, or else ``otherwise``."""
    if entry is None or entry.state == "intended" or entry.outcome == "not_sent":
        return otherwise
    message = entry.message or _SAID[entry.state]
    if entry.state in ("sent", "unknown"):
        return RunEnding("unknown", "unknown", entry.billed, message)
    if entry.state == "failed":
        return RunEnding("failed", entry.outcome or otherwise.code, entry.billed, message)
    if entry.state == "done":
        return RunEnding(otherwise.state, otherwise.code, entry.billed, message)
    return RunEnding("cancelled", "job_cancelled", entry.billed, message)


# What to tell where the ledger has no message, by the state of its row.
_SAID: Mapping[str, str] = {
    "sent": "it was given up while the request was under way; look in the account whether it ran",
    "unknown": "it was given up while the request was under way; look in the account whether it ran",
    "failed": "it failed",
    "done": "the answer came and was paid for, and it was given up before its result was kept",
    "running": "the job is no longer waited for; it may be charged all the same",
    "cancelled": "the job is no longer waited for; it may be charged all the same",
}
