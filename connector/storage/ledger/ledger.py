"""The ledger: every invocation that may cost, before it leaves, when it left, and how it ended."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

from connector.errors import (
    Billed,
    CapReached,
    ConnectorError,
    JobCancelled,
    JobError,
    JobNotFound,
    OutcomeUnknown,
)
from connector.spec import package_data
from connector.storage.database.database import Database, new_id, timestamp
from connector.storage.database.protocols import Conflict, Transaction
from connector.storage.ledger.model import Intent, LedgerEntry, PollTurn, SpendingRow, State, longest_pause
from connector.storage.process import is_alive, is_gone, this_process

__all__ = ["Intent", "Ledger", "LedgerEntry", "PollTurn", "SpendingRow", "State"]

# After so long nobody waits for an answer any more. It settles what another machine has sent,
# whose processes cannot be seen from here.
_LONGEST_CALL = 3600.0

_SQL = package_data.statements("storage/ledger/ledger.sql")
_OWN = tuple(field.name for field in fields(LedgerEntry))
_COLUMNS = (*_OWN, "day", "writer")

_INSERT = f"""
INSERT INTO invocations ({", ".join(f'"{name}"' for name in _COLUMNS)})
VALUES ({", ".join(f":{name}" for name in _COLUMNS)})"""

# Two clocks, or one that is added to, may differ by this much.
_JUST_NOW = 0.001

# What a process that is gone has left open: the state it left, and how that ends.
_ABANDONED = {"intended": _SQL["not_sent"], "sent": _SQL["lost"]}


class Ledger:
    """The entries in a database. All methods block, and may be called from any thread.

    ``arrived`` tells the facts of an answer that is on this machine's disk, if there is one.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], float] = time.time,
        arrived: Callable[[str], Mapping[str, Any] | None] = lambda invocation_id: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._arrived = arrived

    def intend(self, entry: LedgerEntry, cap: float | None = None) -> Intent:
        """Writes the invocation down if the day's credits cover it; before its request leaves.

        Check and writing are one act, so that many processes together keep the cap. Raises ConnectorError
        where another one of that origin is open or was paid for: two took one run for theirs.
        """
        row = _new_row(entry, self._clock())
        try:
            with self._database.transaction(f"cap {entry.connection} {entry.environment}") as database:
                spent = None if cap is None else _checked(database, row, cap)
                if entry.origin is not None:
                    _check_token(database, row)
                database.execute(_INSERT, row)
        except Conflict as conflict:
            raise ConnectorError(
                f"run {entry.origin} is under way already, in another process; nothing was sent here"
            ) from conflict
        return Intent(row["id"], spent, cap)

    def sent(self, invocation_id: str) -> None:
        """The request leaves now. What another process has sent is refused: it may have cost already."""
        values = {"id": invocation_id, "writer": this_process()}
        if not self._database.write(_SQL["sent"], values):
            state = self.get(invocation_id).state
            if state == "cancelled":
                raise JobCancelled(
                    "somebody cancelled it before it was sent", billed="no", invocation_id=invocation_id
                )
            raise OutcomeUnknown(
                f"invocation {invocation_id} is {state!r} already, and is not sent a second time; "
                "see what became of it, and invoke the action again if that is wanted",
                invocation_id=invocation_id,
            )

    def unrun(self, invocation_id: str) -> None:
        """What was sent last did not run: it never left, or was refused unread. It may be sent again."""
        self._database.write(_SQL["unrun"], {"id": invocation_id, "writer": this_process()})

    def not_sent(self, invocation_id: str) -> None:
        """It was given up before it left; what has been sent stays as it is."""
        self._database.write(_ABANDONED["intended"], {"id": invocation_id})

    def running(
        self,
        invocation_id: str,
        upstream_id: str,
        fetch: str | None = None,
        next_poll: float | None = None,
        deadline: float | None = None,
    ) -> None:
        """The upstream took it as a job, which the action ``fetch`` asks for."""
        values = {"upstream_id": upstream_id, "fetch": fetch, "next_poll": next_poll, "deadline": deadline}
        self._change(_SQL["running"], invocation_id, **values)

    def poll_turn(self, invocation_id: str, interval: float) -> PollTurn:
        """Takes the next turn to ask for a job, or says how long nobody may.

        Of all who wait for one job, in whatever process, only one has a turn in an interval.
        """
        now = self._clock()
        values = {"id": invocation_id, "now": now + _JUST_NOW, "until": now + interval}
        values["furthest"] = now + longest_pause(interval)
        taken = self._database.write(_SQL["poll_turn"], values)
        if taken:
            return PollTurn(0.0, taken[0]["state"])
        entry = self.get(invocation_id)
        return PollTurn(max(_JUST_NOW, (entry.next_poll or now) - now), entry.state)

    def polled(self, invocation_id: str, next_poll: float) -> None:
        """The job was asked for, and is not to be asked for again before ``next_poll``."""
        self._change(_SQL["polled"], invocation_id, next_poll=next_poll)

    def settle(
        self,
        invocation_id: str,
        state: State,
        outcome: str | None = None,
        billed: Billed = "unknown",
        credits: float | None = None,
        request_id: str | None = None,
        message: str | None = None,
    ) -> None:
        """How it ended, also where that becomes known late. ``message`` holds no secret any more."""
        values = {"state": state, "outcome": outcome, "billed": billed, "credits": credits}
        self._change(_SQL["settle"], invocation_id, **values, request_id=request_id, message=message)

    def saved(self, invocation_id: str, files: tuple[str, ...]) -> None:
        """Where its result was written to."""
        self._change(_SQL["saved"], invocation_id, files=json.dumps(files))

    def cancel(self, invocation_id: str) -> None:
        """We stop asking for it. What has been sent and not answered cannot be taken back."""
        if not self._database.write(_SQL["cancel"], {"id": invocation_id}):
            state = self.get(invocation_id).state
            raise JobError(f"invocation {invocation_id} is {state!r}, and cannot be cancelled any more")

    def get(self, any_id: str) -> LedgerEntry:
        """The entry of that id, or the last one whose job has that id upstream."""
        found = self._database.read(_SQL["get"], {"id": any_id})
        if not found:
            place = self._database.name
            raise JobNotFound(
                f"no invocation or job {any_id!r} is written down in {place}; check the id, and whether "
                "CONNECTOR_HOME or CONNECTOR_DATABASE is that of the process which started it"
            )
        return _entry(found[0])

    def of_origin(self, origin: str) -> LedgerEntry | None:
        """The last entry of that origin; None where nothing that may cost came of it."""
        rows = self._database.read(_SQL["of_origin"], {"origin": origin})
        return _entry(rows[0]) if rows else None

    def entries(self, state: State | None = None, since: float = 0.0, limit: int = 100) -> list[LedgerEntry]:
        """The entries (in one state, since a moment), newest first."""
        query = _SQL["entries"] if state is None else _SQL["entries_in_state"]
        values = {"state": state, "since": since, "limit": limit}
        return [_entry(row) for row in self._database.read(query, values)]

    def unknown(self, limit: int = 1000) -> list[LedgerEntry]:
        """What may have been paid for without a result, newest first, also what a killed process left.

        Among it are cancelled jobs, which can still be had.
        """
        self.reconcile()
        return [_entry(row) for row in self._database.read(_SQL["unknown"], {"limit": limit})]

    def reconcile(self) -> int:
        """Settles what processes that are gone have left open; how many there were.

        A writer is gone for certain if its process id and time of start are not there any more on the
        same boot of the same machine. That is known at once, and a slow request of a living process is
        never taken for a lost one before an hour has passed. The hour alone decides for other machines.
        """
        abandoned = [row for row in self._database.read(_SQL["left_open"]) if self._is_abandoned(row)]
        for row in abandoned:
            self._end_abandoned(row["id"], row["state"])
        return len(abandoned)

    def abandon(self, invocation_id: str) -> LedgerEntry:
        """The entry, settled where it was left open: whoever asks knows that nobody works on it any more.

        Where its process lives on this machine all the same, and is another one, it stays as it is.
        """
        for row in self._database.read(_SQL["writer"], {"id": invocation_id}):
            is_ours = row["writer"] == this_process()
            if row["state"] in _ABANDONED and (is_ours or not is_alive(row["writer"])):
                self._end_abandoned(invocation_id, row["state"])
        return self.get(invocation_id)

    def spent(self, connection: str, environment: str, day: date | None = None) -> float:
        """The credits of a UTC day, today's if none is named, with those that are not settled yet."""
        shown = _day(self._clock()) if day is None else day.isoformat()
        values = {"connection": connection, "environment": environment, "day": shown}
        rows = self._database.read(_SQL["spent"], values)
        return float(rows[0]["spent"])

    def summary(self, first: date, last: date) -> list[SpendingRow]:
        """The costs of the UTC days from first to last, by day, connection, environment and action."""
        rows = self._database.read(_SQL["summary"], {"first": first.isoformat(), "last": last.isoformat()})
        return [SpendingRow(**dict(row)) for row in rows]

    def _change(self, statement: str, invocation_id: str, **values: Any) -> None:
        if not self._database.write(statement, {"id": invocation_id, **values}):
            self.get(invocation_id)  # says that it is not there

    def _end_abandoned(self, invocation_id: str, state: State) -> None:
        """Its process ended; it may have ended between its answer's arrival and the settlement."""
        facts = self._arrived(invocation_id) if state == "sent" else None
        if facts is None:
            self._database.write(_ABANDONED[state], {"id": invocation_id})
            return
        known: dict[str, Any] = {
            name: facts.get(name) for name in ("outcome", "billed", "credits", "request_id")
        }
        self.settle(invocation_id, "done" if facts["outcome"] == "success" else "failed", **known)

    def _is_abandoned(self, row: Any) -> bool:
        is_old = row["created"] < self._clock() - _LONGEST_CALL
        return is_gone(row["writer"]) or (is_old and row["state"] == "sent")


def _checked(database: Transaction, row: Mapping[str, Any], cap: float) -> float:
    """The day's credits with this invocation; an error where they would pass the cap."""
    spent = float(database.execute(_SQL["spent"], row).fetchone()["spent"])
    if _exceeds(spent, row["estimate"], cap):
        raise _cap_reached(row, spent, cap, f"{row['environment']!r} of connection {row['connection']!r}")
    return spent + (row["estimate"] or 0)


def _check_token(database: Transaction, row: Mapping[str, Any]) -> None:
    """Raises CapReached where the limit of the token for whose run it is would be passed."""
    since = f"{int(datetime.fromisoformat(row['day']).replace(tzinfo=UTC).timestamp() * 1e6):014x}"
    for found in database.execute(_SQL["token"], {**row, "since": since}).fetchall():
        if _exceeds(float(found["spent"]), row["estimate"], found["cap"]):
            who = f"the token {found['name']!r} in {row['environment']!r}"
            raise _cap_reached(row, float(found["spent"]), found["cap"], who)


def _exceeds(spent: float, estimate: float | None, cap: float) -> bool:
    if estimate is None:
        return spent >= cap
    # What is free may be invoked always; a millionth of a credit is what floating point adds.
    return estimate > 0 and spent + estimate > cap + 1e-6


def _cap_reached(row: Mapping[str, Any], spent: float, cap: float, who: str) -> CapReached:
    reset = (datetime.fromisoformat(row["day"]).replace(tzinfo=UTC) + timedelta(days=1)).timestamp()
    needed = "an unknown number of" if row["estimate"] is None else f"{row['estimate']:g}"
    return CapReached(
        f"{who} may spend {cap:g} credits a day; "
        f"{spent:g} are spent or promised, and this needs {needed} more; "
        f"raise the cap, or wait until {timestamp(reset)}",
        retry_after=reset - row["created"],
    )


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _new_row(entry: LedgerEntry, now: float) -> dict[str, Any]:
    own = {name: getattr(entry, name) for name in _OWN}
    return own | {
        "id": new_id(now),
        "created": now,
        "day": _day(now),
        "state": "intended",
        "billed": "unknown",
        "files": json.dumps(entry.files),
        "writer": this_process(),
    }


def _entry(row: Any) -> LedgerEntry:
    own = {name: row[name] for name in _OWN}
    return LedgerEntry(**own | {"files": tuple(json.loads(row["files"]))})
