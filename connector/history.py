"""What was run: its inputs, outcome, cost and time."""

from __future__ import annotations

import builtins
import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from connector.alive import is_gone, this_process
from connector.database import Database, new_id
from connector.entry import Entry
from connector.errors import InvocationError
from connector.events import Event
from connector.ledger import Ledger
from connector.run import ENDED, INTERRUPTED, Cost, Ending, Run, RunEvent, RunSpec, State, given_up

__all__ = ["ENDED", "Cost", "History", "KeyReused", "Run", "RunEvent", "RunNotFound", "RunSpec", "State"]

_OWN = tuple(one.name for one in fields(Run))
_AS_JSON = frozenset({"inputs", "options", "result", "error"})
_GIVEN = (
    "action",
    "title",
    "integration",
    "connection",
    "environment",
    "inputs",
    "options",
    "token_name",
)  # fmt: skip
_COLUMNS = (*_GIVEN, "id", "created", "updated", "state", "billed", "idempotency_key", "digest", "writer")

_INSERT = f"""
INSERT INTO runs ({", ".join(_COLUMNS)}) VALUES ({", ".join(f":{name}" for name in _COLUMNS)})
ON CONFLICT DO NOTHING RETURNING *"""

_BY_KEY = "SELECT * FROM runs WHERE token_name = :token_name AND idempotency_key = :idempotency_key"

_GET = "SELECT * FROM runs WHERE id = :id"

_EVENT = """
INSERT INTO run_events (run_id, seq, at, kind, data)
SELECT :run_id, coalesce(max(seq), 0) + 1, :at, :kind, :data FROM run_events WHERE run_id = :run_id
RETURNING seq"""

_EVENTS = "SELECT * FROM run_events WHERE run_id = :run_id AND seq > :after ORDER BY seq"

_IS_OPEN = "state IN ('queued', 'running')"

_LEFT_OPEN = f"SELECT * FROM runs WHERE {_IS_OPEN} ORDER BY id"

# Of several hosts that start at once, one takes a run over.
_TAKE_OVER = f"""
UPDATE runs SET writer = :writer WHERE id = :id AND writer = :before AND {_IS_OPEN} RETURNING *"""

_FILTERS = {
    "action": "action = :action",
    "environment": "environment = :environment",
    "state": "state = :state",
    "outcome": "outcome = :outcome",
    "before": "id < :before",
}


class RunNotFound(InvocationError, LookupError):
    """There is no run of that id."""

    code = "not_found"


class KeyReused(InvocationError):
    """The idempotency key stands for another invocation already; nothing was sent."""

    code = "key_reused"


class History:
    """The runs in a database. All methods block, and may be called from any thread."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self.clock = clock
        self._ledger = Ledger(database, clock)

    def open(self, given: Mapping[str, Any], idempotency_key: str | None = None) -> tuple[Run, bool]:
        """Writes a run down before anything else is done; False where the key stands for an earlier one.

        Raises KeyReused where that one was something else. Each token has its own keys.
        """
        row = _new_row(given, idempotency_key, self.clock())
        with self._database.transaction() as database:
            added = database.execute(_INSERT, row).fetchone()
            if added is not None:
                database.execute(
                    _EVENT, _event(row["id"], row["created"], "queued", {"sentence": "it is written down"})
                )
                return _run(added), True
            before = database.execute(_BY_KEY, row).fetchone()
        if before["digest"] != row["digest"]:
            raise KeyReused(
                f"the idempotency key {idempotency_key!r} was used for run {before['id']}, "
                "which was asked for something else; use a new key for each new invocation"
            )
        return _run(before), False

    def get(self, run_id: str) -> Run:
        rows = self._database.read(_GET, {"id": run_id})
        if not rows:
            raise RunNotFound(f"there is no run {run_id[:60]!r}; look it up in the list of runs")
        return _run(rows[0])

    def change(self, run_id: str, **changed: Any) -> Run:
        """The run with other values."""
        rows = self._database.write(_update(changed), self._values(run_id, changed))
        return _run(rows[0]) if rows else self.get(run_id)

    def enter(self, run_id: str, state: State, sentence: str, **changed: Any) -> Run:
        """The run in its next state, and the event that says so; what has ended stays as it ended."""
        now, values = self.clock(), changed | {"state": state}
        length = ", seconds = :updated - created" if state in ENDED else ""
        statement = _update(values, length, f" AND {_IS_OPEN}")
        with self._database.transaction() as database:
            row = database.execute(statement, self._values(run_id, values)).fetchone()
            if row is not None:
                database.execute(_EVENT, _event(run_id, now, state, {"sentence": sentence}))
        return self.get(run_id) if row is None else _run(row)

    def give_up(self, run_id: str, otherwise: Ending) -> Run:
        """The run as it ends when nobody works on it any more: as the ledger says, or else ``otherwise``."""
        entry = self.entry(run_id)
        ending = given_up(entry, otherwise)
        return self.enter(run_id, ending.state, ending.message, **ending.fields(entry))

    def entry(self, run_id: str) -> Entry | None:
        """The ledger's row of a run; None where it could cost nothing, or did not come so far."""
        return self._ledger.of_origin(run_id)

    def list(
        self,
        *,
        action: str | None = None,
        environment: str | None = None,
        state: str | None = None,
        outcome: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> list[Run]:
        """The runs, newest first; ``before`` is the id of the last one that is known already."""
        asked = {
            "action": action,
            "environment": environment,
            "state": state,
            "outcome": outcome,
            "before": before,
        }
        given = {name: value for name, value in asked.items() if value is not None}
        where = " AND ".join(_FILTERS[name] for name in given) or "true"
        query = f"SELECT * FROM runs WHERE {where} ORDER BY id DESC LIMIT :limit"
        return [_run(row) for row in self._database.read(query, given | {"limit": limit})]

    def event(self, run_id: str, kind: str, data: Mapping[str, Any]) -> int:
        """Adds a step to a run; its number."""
        return int(self._database.write(_EVENT, _event(run_id, self.clock(), kind, data))[0]["seq"])

    def tell(self, run_id: str, told: Sequence[tuple[float, Event]]) -> None:
        """Adds the engine's events with their moments, and the job's id where they tell it."""
        rows = [_event(run_id, at, event.kind, event.facts) for at, event in told]
        job_ids = [event.job_id for _, event in told if event.kind == "started"]
        if not rows:
            return
        with self._database.transaction() as database:
            for row in rows:
                database.execute(_EVENT, row)
            for job_id in job_ids:
                database.execute(_update(["job_id"]), self._values(run_id, {"job_id": job_id}))

    def events(self, run_id: str, after: int = 0) -> builtins.list[RunEvent]:
        """The steps of a run that follow a number; the one that ends it shows the whole run."""
        rows = self._database.read(_EVENTS, {"run_id": run_id, "after": after})
        found = [RunEvent(row["seq"], row["at"], row["kind"], json.loads(row["data"])) for row in rows]
        return [self._with_run(run_id, event) if event.kind in ENDED else event for event in found]

    def costs(self, days: int = 30) -> builtins.list[Cost]:
        """What each of the last UTC days cost in each environment by the ledger, whoever invoked it."""
        today = datetime.fromtimestamp(self.clock(), UTC).date()
        sums: dict[tuple[str, str], Cost] = {}
        for row in self._ledger.summary(today - timedelta(days=days - 1), today):
            key = (row.day, row.environment)
            known = sums.get(key, Cost(*key, 0, 0.0, 0.0))
            counts = known.invocations + row.invocations, known.credits + row.credits
            sums[key] = Cost(*key, *counts, known.uncertain + row.uncertain)
        return [*sums.values()]

    def abandon(self) -> int:
        """Ends the runs of processes that are gone, as the ledger says; how many there were.

        A run whose job goes on upstream stays open, and is this process's from now on.
        """
        self._ledger.reconcile()
        left = [row for row in self._database.read(_LEFT_OPEN) if is_gone(row["writer"])]
        return sum(self._take_over(row) for row in left)

    def open_here(self) -> builtins.list[Run]:
        """The runs of this process that have not ended, oldest first."""
        rows = self._database.read(_LEFT_OPEN)
        return [_run(row) for row in rows if row["writer"] == this_process()]

    def _take_over(self, row: sqlite3.Row) -> bool:
        values = {"id": row["id"], "writer": this_process(), "before": row["writer"]}
        taken = self._database.write(_TAKE_OVER, values)
        if taken:
            self._settle(_run(taken[0]))
        return bool(taken)

    def _settle(self, run: Run) -> None:
        entry = self.entry(run.id)
        # The upstream keeps what a job made, so that it is not lost even where the answer came already.
        if entry is not None and entry.upstream_id and entry.state in ("running", "done"):
            self.change(run.id, state="running", job_id=entry.upstream_id, invocation_id=entry.id)
        else:
            self.give_up(run.id, INTERRUPTED)

    def _with_run(self, run_id: str, event: RunEvent) -> RunEvent:
        shown = {**event.data, "run": self.get(run_id).to_dict()}
        return RunEvent(event.seq, event.at, event.kind, shown)

    def _values(self, run_id: str, changed: Mapping[str, Any]) -> dict[str, Any]:
        return _as_row(changed) | {"id": run_id, "updated": self.clock()}


def _new_row(given: Mapping[str, Any], idempotency_key: str | None, now: float) -> dict[str, Any]:
    return _as_row({name: given[name] for name in _GIVEN}) | {
        "id": new_id(now),
        "created": now,
        "updated": now,
        "state": "queued",
        "billed": "unknown",
        "idempotency_key": idempotency_key,
        "digest": _digest(given),
        "writer": this_process(),
    }


def _digest(given: Mapping[str, Any]) -> str:
    """The same for the same invocation, under whichever ids its files were uploaded."""
    asked = [given[name] for name in ("action", "connection", "environment", "options")]
    text = json.dumps([*asked, _by_content(given["inputs"])], sort_keys=True)
    return sha256(text.encode()).hexdigest()


def _by_content(value: Any) -> Any:
    if isinstance(value, Mapping):
        if "file" in value and "sha256" in value:
            return {"sha256": value["sha256"]}
        return {name: _by_content(inner) for name, inner in value.items()}
    return [_by_content(inner) for inner in value] if isinstance(value, list) else value


def _update(changed: Iterable[str], more: str = "", condition: str = "") -> str:
    names = sorted({*changed, "updated"})
    settings = ", ".join(f"{name} = :{name}" for name in names)
    return f"UPDATE runs SET {settings}{more} WHERE id = :id{condition} RETURNING *"


def _event(run_id: str, at: float, kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"run_id": run_id, "at": at, "kind": kind, "data": json.dumps(dict(data))}


def _as_row(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: json.dumps(value) if name in _AS_JSON and value is not None else value
        for name, value in values.items()
    }


def _run(row: sqlite3.Row) -> Run:
    values = {name: row[name] for name in _OWN}
    parsed = {name: json.loads(values[name]) for name in _AS_JSON if values[name] is not None}
    return Run(**values | parsed)
