"""The run history: every run's inputs, outcome, cost and time."""

from __future__ import annotations

import builtins
import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from hashlib import sha256
from typing import Any

from connector.errors import InvocationError
from connector.events import Event
from connector.spec import package_data
from connector.storage.connections.api_tokens import NAMED, permit
from connector.storage.database.database import Database, as_row, new_id
from connector.storage.database.protocols import Transaction
from connector.storage.ledger.ledger import Ledger
from connector.storage.ledger.model import LedgerEntry
from connector.storage.process import is_gone, this_process
from connector.storage.runs import search
from connector.storage.runs.model import (
    ENDED,
    INTERRUPTED,
    OPEN,
    Child,
    EnvironmentCost,
    Run,
    RunEnding,
    RunEvent,
    RunSpec,
    State,
    given_up,
)
from connector.storage.runs.search import RunPage

__all__ = [
    "ENDED",
    "EnvironmentCost",
    "History",
    "KeyReused",
    "Run",
    "RunEvent",
    "RunNotFound",
    "RunSpec",
    "State",
    "Told",
    "digest",
]

Told = Sequence[tuple[float, Event]]
"""What the engine told, each with its moment."""

_OWN = tuple(one.name for one in fields(Run) if one.compare)
_AS_JSON = frozenset({"inputs", "options", "result", "error"})
_JSON_PLACES = tuple(at for at, name in enumerate(_OWN) if name in _AS_JSON)
_DURABLE_PLACE = _OWN.index("durable")
# In the order of a Run's fields; what only the database knows comes behind.
_SHOWN = ", ".join((*_OWN, "digest", "writer"))
# What somebody asked for; a run in the place of another has the same.
GIVEN = (
    "action",
    "title",
    "integration",
    "connection",
    "environment",
    "inputs",
    "options",
    "token_name",
)  # fmt: skip
# What a run of its own has none of.
_LINKS: Mapping[str, Any] = {
    one.name: one.default
    for one in fields(Run)
    if one.name in ("kind", "durable", "parent", "place", "batch", "row", "definition", "retry_of")
}
_AT_FIRST = (*GIVEN, *_LINKS, "id", "created", "updated", "state", "billed", "idempotency_key")
_COLUMNS = (*_AT_FIRST, "digest", "writer")

# What was deleted has this writer.
_DELETED = "deleted"
_PARTS = {
    "{shown}": _SHOWN,
    "{open}": "state IN ('queued', 'running')",
    "{deleted}": f"'{_DELETED}'",
    "{columns}": ", ".join(_COLUMNS),
    "{values}": ", ".join(f":{name}" for name in _COLUMNS),
}
_SQL = {
    name: reduce(lambda told, part: told.replace(*part), _PARTS.items(), statement)
    for name, statement in package_data.statements("storage/runs/history.sql").items()
}

# By the state that a run is opened in: what is told of it.
_BEGINNINGS: Mapping[State, tuple[tuple[State, str], ...]] = {
    "queued": (("queued", "Queued"),),
    "running": (("queued", "Queued"), ("running", "Running")),
}


class RunNotFound(InvocationError, LookupError):
    """There is no run of that id."""

    code = "not_found"


class KeyReused(InvocationError):
    """The idempotency key stands for another invocation already; nothing was sent."""

    code = "key_reused"


class History:
    """The runs in a database. All methods block, and may be called from any thread.

    Whoever settles runs gives the ``ledger`` that knows of the answers on this machine's disk.
    """

    def __init__(
        self, database: Database, clock: Callable[[], float] = time.time, ledger: Ledger | None = None
    ) -> None:
        self._database = database
        self.clock = clock
        self._ledger = ledger or Ledger(database, clock)

    def open(
        self, given: Mapping[str, Any], idempotency_key: str | None = None, state: State = "queued"
    ) -> tuple[Run, bool]:
        """Writes a run down before anything else is done; False where the key stands for an earlier one.

        One that need not queue is ``running`` at once. Raises KeyReused where the earlier one was something
        else, and NotPermitted where its token is for other things. Each token has its own keys.
        """
        row = _new_row(given, idempotency_key, state, self.clock())
        with self._database.transaction(f"run {row['id']}") as database:
            # What is part of something was permitted with it.
            if row["token_name"] and not (row["parent"] or row["batch"]):
                named = database.execute(NAMED, {"name": row["token_name"]}).fetchall()
                permit(named, row["action"], row["environment"])
            if database.execute(_SQL["insert"], row).rowcount:
                database.executemany(_SQL["first_event"], _first_events(row))
                first = {name: given.get(name, row[name]) for name in _AT_FIRST}
                return Run(**first | {"durable": bool(row["durable"])}), True
            before = database.execute(_SQL["by_key"], row).fetchone()
        if before["writer"] == _DELETED:
            raise KeyReused(
                f"the idempotency key {idempotency_key!r} was used for run {before['id']}, which was deleted"
            )
        if before["digest"] != row["digest"]:
            raise KeyReused(
                f"the idempotency key {idempotency_key!r} was used for run {before['id']}, "
                "which was asked for something else; use a new key for each new invocation"
            )
        return replace(_run(before), replayed=True), False

    def get(self, run_id: str) -> Run:
        rows = self._database.read(_SQL["get"], {"id": run_id})
        if not rows:
            raise RunNotFound(f"there is no run {run_id[:60]!r}; look it up in the list of runs")
        return _run(rows[0])

    def find(self, run_id: str | None) -> Run | None:
        """The run of that id, where there still is one."""
        try:
            return None if run_id is None else self.get(run_id)
        except RunNotFound:
            return None

    def delete(self, run_ids: Iterable[str]) -> None:
        """What was given and made is gone, of runs that have ended and whose cost is known.

        What they cost, and their idempotency keys, stay.
        """
        with self._database.transaction() as database:
            for run_id in run_ids:
                if database.execute(_SQL["delete"], {"id": run_id, "updated": self.clock()}).rowcount:
                    database.execute(_SQL["delete_events"], {"id": run_id})

    def uses(self, file_id: str) -> bool:
        """Whether a run, a schedule or a batch has the file among what it was given or made."""
        return bool(self._database.read(_SQL["uses"], {"id": file_id, "like": f"%{file_id}%"}))

    def change(self, run_id: str, **changed: Any) -> Run:
        """The run with other values."""
        rows = self._database.write(_update(changed), self._values(run_id, changed))
        return _run(rows[0]) if rows else self.get(run_id)

    def enter(
        self,
        run_id: str,
        state: State,
        sentence: str,
        told: Told = (),
        *,
        among: Collection[State] = OPEN,
        seen: Run | None = None,
        **changed: Any,
    ) -> Run:
        """The run in its next state, and the event that says so; one that is not ``among`` these stays.

        So does one that somebody has changed since it was ``seen``. What was told on the way is written down
        before, in the same act.
        """
        now, values = self.clock(), changed | {"state": state}
        length = ", seconds = :updated - created" if state in ENDED else ""
        unchanged = "" if seen is None else " AND updated = :seen"
        statement = _update(values, length, f" AND {_is_among(among)}{unchanged}")
        known = self._values(run_id, values) | ({} if seen is None else {"seen": seen.updated})
        with self._database.transaction(f"run {run_id}") as database:
            self._tell(database, run_id, told)
            row = database.execute(statement, known).fetchone()
            if row is not None:
                database.execute(_SQL["event"], _event(run_id, now, state, {"sentence": sentence}))
        return self.get(run_id) if row is None else _run(row)

    def give_up(self, run_id: str, otherwise: RunEnding, told: Told = (), *, seen: Run | None = None) -> Run:
        """The run as it ends when nobody works on it any more: as the ledger says, or else ``otherwise``.

        One that somebody has changed since it was ``seen`` stays.
        """
        entry = self.entry(run_id)
        ending = given_up(entry, otherwise)
        return self.enter(run_id, ending.state, ending.message, told, seen=seen, **ending.fields(entry))

    def entry(self, run_id: str) -> LedgerEntry | None:
        """The ledger's row of a run; None where it could cost nothing, or did not come so far."""
        return self._ledger.of_origin(run_id)

    def list(self, *, limit: int = 50, **asked: Any) -> list[Run]:
        """The runs, newest first; with ``after``, those that come next after it.

        They have the values asked for, lie ``before`` and ``after`` those ids, and were begun ``since`` and
        ``until`` those times (ISO 8601); None is any.
        """
        where, values = search.condition(asked)
        order = "ASC" if asked.get("after") else "DESC"
        query = _SQL["list"].replace("{condition}", where).replace("{order}", order)
        found = [_run(row) for row in self._database.read(query, values | {"limit": limit})]
        return found[::-1] if order == "ASC" else found

    def search(self, text: str = "", *, limit: int = 50, **asked: Any) -> RunPage:
        """A page of the runs that have all words of the text: see ``search.having``."""
        before, after = asked.get("before"), asked.get("after")
        others = {name: value for name, value in asked.items() if name not in ("before", "after")}
        where, values = search.condition(others)
        most = {"most": search.WINDOW + 1}
        known = self._database.read(_SQL["count"].replace("{condition}", where), values | most)[0]["count"]
        is_cut = known > search.WINDOW
        if text.split():
            ids = search.having(self._database, _SQL, others, text)
            fit = [one for one in ids if (not before or one < before) and (not after or one > after)]
            runs = [self.get(one) for one in (fit[-limit:] if after else fit[:limit])]
            has_newer, has_older = bool(runs) and runs[0].id != ids[0], bool(runs) and runs[-1].id != ids[-1]
        else:
            found = self.list(limit=limit + 1, **asked)
            more, runs = len(found) > limit, found[-limit:] if after else found[:limit]
            has_newer, has_older = (more, True) if after else (bool(before), more)
        cursors = runs[-1].id if runs and has_older else None, runs[0].id if runs and has_newer else None
        return RunPage(runs, *cursors, len(ids) if text.split() else None if is_cut else known, is_cut)

    def seen(self, column: str) -> builtins.list[str]:
        """What the newest runs have there, such as their connections, tokens and outcomes."""
        query = _SQL["seen"].replace("{column}", column)
        return [row[column] for row in self._database.read(query, {"most": search.WINDOW})]

    def durations(self, action: str, environment: str) -> builtins.list[float]:
        """How many seconds each of the latest runs of its own took there that succeeded."""
        rows = self._database.read(_SQL["durations"], {"action": action, "environment": environment})
        return [row["seconds"] for row in rows if row["seconds"] is not None]

    def children(self, run_id: str) -> builtins.list[Child]:
        """The steps of a workflow's run, oldest first; one that was tried once more is there twice."""
        rows = self._database.read(_SQL["children"], {"parent": run_id})
        return [Child(*(row[name] for name in ("id", "place", "state", "credits", "billed"))) for row in rows]

    def event(self, run_id: str, kind: str, data: Mapping[str, Any]) -> int:
        """Adds a step to a run; its number."""
        event = _event(run_id, self.clock(), kind, data)
        return int(self._database.write(_SQL["event"], event, about=f"run {run_id}")[0]["seq"])

    def tell(self, run_id: str, told: Told) -> None:
        """Adds the engine's events with their moments, and the job's id where they tell it."""
        if told:
            with self._database.transaction(f"run {run_id}") as database:
                self._tell(database, run_id, told)

    def _tell(self, database: Transaction, run_id: str, told: Told) -> None:
        database.executemany(
            _SQL["event"], [_event(run_id, at, event.kind, event.facts) for at, event in told]
        )
        for job_id in (event.job_id for _, event in told if event.kind == "started"):
            database.execute(_update(["job_id"]), self._values(run_id, {"job_id": job_id}))

    def events(self, run_id: str, after: int = 0) -> builtins.list[RunEvent]:
        """The steps of a run that follow a number; the one that ends it shows the whole run."""
        rows = self._database.read(_SQL["events"], {"run_id": run_id, "after": after})
        found = [RunEvent(row["seq"], row["at"], row["kind"], json.loads(row["data"])) for row in rows]
        return [self._with_run(run_id, event) if event.kind in ENDED else event for event in found]

    def costs(self, days: int = 30) -> builtins.list[EnvironmentCost]:
        """What each of the last UTC days cost in each environment by the ledger, whoever invoked it."""
        today = datetime.fromtimestamp(self.clock(), UTC).date()
        sums: dict[tuple[str, str], EnvironmentCost] = {}
        for row in self._ledger.summary(today - timedelta(days=days - 1), today):
            key = (row.day, row.environment)
            known = sums.get(key, EnvironmentCost(*key, 0, 0.0, 0.0))
            counts = known.invocations + row.invocations, known.credits + row.credits
            sums[key] = EnvironmentCost(*key, *counts, known.uncertain + row.uncertain)
        return [*sums.values()]

    def abandon(self, run_id: str | None = None) -> int:
        """Ends the runs of processes that are gone, or one of them, as the ledger says; how many there were.

        A run whose job goes on upstream, or whose answer came, stays open, and is this process's from now on.
        """
        if run_id is None:
            self._ledger.reconcile()
        rows = [row for row in self._database.read(_SQL["left_open"]) if run_id in (None, row["id"])]
        left = [row for row in rows if is_gone(row["writer"])]
        if left and run_id is not None:
            self._ledger.reconcile()
        return sum(self._take_over(row) for row in left)

    def take(self, run_id: str) -> Run:
        """The run, which is this process's from now on if it is open: who asks knows that it is no other's.

        No host takes it then for one whose process is gone.
        """
        taken = self._database.write(_SQL["take"], {"id": run_id, "writer": this_process()})
        return _run(taken[0]) if taken else self.get(run_id)

    def open_here(self) -> builtins.list[Run]:
        """The runs of this process that have not ended, oldest first."""
        rows = self._database.read(_SQL["left_open"])
        return [_run(row) for row in rows if row["writer"] == this_process()]

    def _take_over(self, row: Any) -> bool:
        values = {"id": row["id"], "writer": this_process(), "before": row["writer"]}
        taken = self._database.write(_SQL["take_over"], values)
        if taken:
            self._settle(_run(taken[0]))
        return bool(taken)

    def _settle(self, run: Run) -> None:
        entry = self.entry(run.id)
        # What came is kept, by the upstream where it is a job's: whoever takes the run over ends it so.
        if entry is not None and (entry.state == "done" or (entry.upstream_id and entry.state == "running")):
            self.change(run.id, state="running", job_id=entry.upstream_id, invocation_id=entry.id)
        else:
            self.give_up(run.id, INTERRUPTED)

    def _with_run(self, run_id: str, event: RunEvent) -> RunEvent:
        shown = {**event.data, "run": self.get(run_id).to_dict()}
        return RunEvent(event.seq, event.at, event.kind, shown)

    def _values(self, run_id: str, changed: Mapping[str, Any]) -> dict[str, Any]:
        return as_row(changed, _AS_JSON) | {"id": run_id, "updated": self.clock()}


def _new_row(
    given: Mapping[str, Any], idempotency_key: str | None, state: State, now: float
) -> dict[str, Any]:
    links = {name: given.get(name, default) for name, default in _LINKS.items()}
    return as_row({name: given[name] for name in GIVEN} | links, _AS_JSON) | {
        "durable": int(links["durable"]),
        "id": new_id(now),
        "created": now,
        "updated": now,
        "state": state,
        "billed": "unknown",
        "idempotency_key": idempotency_key,
        # Only by a key is one invocation compared with another.
        "digest": "" if idempotency_key is None else digest(given),
        "writer": this_process(),
    }


def _first_events(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for number, (kind, sentence) in enumerate(_BEGINNINGS[row["state"]], 1):
        yield _event(row["id"], row["created"], kind, {"sentence": sentence}) | {"seq": number}


def digest(given: Mapping[str, Any]) -> str:
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


def _is_among(states: Iterable[State]) -> str:
    """Ours, every one: no text of a caller comes here."""
    return f"state IN ({', '.join(repr(state) for state in sorted(states))})"


def _update(changed: Iterable[str], more: str = "", condition: str = "") -> str:
    names = sorted({*changed, "updated"})
    settings = ", ".join(f"{name} = :{name}" for name in names)
    return f"UPDATE runs SET {settings}{more} WHERE id = :id{condition} RETURNING {_SHOWN}"


def _event(run_id: str, at: float, kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"run_id": run_id, "at": at, "kind": kind, "data": json.dumps(dict(data))}


def _run(row: Any) -> Run:
    values = [*row[: len(_OWN)]]
    for at in _JSON_PLACES:
        values[at] = None if values[at] is None else json.loads(values[at])
    values[_DURABLE_PLACE] = bool(values[_DURABLE_PLACE])
    return Run(*values)
