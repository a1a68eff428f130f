"""The store of schedules: an action or workflow at the times of a cron line, and what came of each time."""

from __future__ import annotations

import builtins
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from connector.errors import Billed, InvocationError
from connector.runs.schedule.cron import Cron
from connector.spec import package_data
from connector.spec.schema.suggest import nearest
from connector.storage.database.database import Database, timestamp
from connector.storage.runs.model import Kind
from connector.storage.runs.model import State as RunState

Overlap = Literal[
    "skip",  # a time is let go while the run before it has not ended
    "queue",  # it waits until the run before it has ended
]
CatchUp = Literal[
    "none",  # times at which no worker was there are let go
    "last",  # the last of them is made up for
    "all",  # so are they all, one after the other, as far as their number is sensible
]
Why = Literal[
    "time",  # it was time
    "late",  # it was time, and no worker was there
    "hand",  # somebody asked for it
]
TickState = Literal[
    "due",  # it waits, or is about to be begun
    "begun",  # there is a run, or will be in a moment
    "skipped",  # the run before it had not ended
    "limited",  # it might have spent more than it may
    "missed",  # no worker was there, and it is not made up for
    "refused",  # a run could not even be written down
]


@dataclass(frozen=True, slots=True)
class Schedule:
    """What is done when, and where. ``inputs`` hold files by reference.

    ``definition`` is a workflow's text as it was when the schedule was made: that is what runs, whatever
    becomes of its file. ``limit_credits`` is what one run may spend, ``limit_daily`` what all runs of a UTC
    day may. What became of its times up to ``since`` is settled.
    """

    name: str
    created: float
    updated: float
    kind: Kind
    subject: str
    inputs: Mapping[str, Any]
    integration: str
    connection: str
    environment: str
    cron: str
    timezone: str
    overlap: Overlap
    catch_up: CatchUp
    since: float
    definition: str | None = None
    limit_credits: float | None = None
    limit_daily: float | None = None
    paused: bool = False

    @property
    def times(self) -> Cron:
        return Cron(self.cron, self.timezone)

    def next(self, now: float) -> datetime | None:
        """When it is due next; None while it is paused."""
        return None if self.paused else self.times.next(now)

    def to_dict(self) -> dict[str, Any]:
        """The schedule as every face shows it."""
        shown = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "definition"}
        return shown | {name: timestamp(shown[name]) for name in ("created", "updated", "since")}


@dataclass(frozen=True, slots=True)
class Tick:
    """A time that a schedule came to, and what became of it. ``run_state`` and the rest are its run's."""

    schedule: str
    at: float
    updated: float
    why: Why
    state: TickState
    run_id: str | None = None
    estimate: float | None = None
    message: str | None = None
    run_state: RunState | None = None
    credits: float | None = None
    billed: Billed | None = None
    seconds: float | None = None

    def to_dict(self) -> dict[str, Any]:
        shown = {one.name: getattr(self, one.name) for one in fields(self)}
        return shown | {"at": timestamp(self.at), "updated": timestamp(self.updated)}


_SQL = package_data.statements("runs/schedule/store.sql")
_OWN = tuple(one.name for one in fields(Schedule))
_INSERT = f"""
INSERT INTO schedules ({", ".join(_OWN)}) VALUES ({", ".join(f":{name}" for name in _OWN)})
ON CONFLICT (name) DO NOTHING RETURNING name"""
# It is paused where it was, and its times count anew.
_KEPT = ("name", "created", "paused")
_REPLACE = f"""
UPDATE schedules SET {", ".join(f"{name} = :{name}" for name in _OWN if name not in _KEPT)}
WHERE name = :name RETURNING name"""
_REMOVE = ("DELETE FROM ticks WHERE schedule = :name", "DELETE FROM schedules WHERE name = :name")
_FOREVER = 1e12


class ScheduleNotFound(InvocationError, LookupError):
    """There is no schedule of that name."""

    code = "not_found"


class ScheduleStore:
    """The schedules in a database. All methods block, and may be called from any thread."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self.database = database
        self.clock = clock

    def open(self, *, replace: bool = False, **given: Any) -> Schedule:
        """A new schedule. Raises InvocationError where there is one of that name.

        With ``replace`` it takes that one's place, and the history stays.
        """
        now = self.clock()
        schedule = Schedule(created=now, updated=now, since=now, **given)
        row = {name: getattr(schedule, name) for name in _OWN}
        row |= {"inputs": json.dumps(schedule.inputs), "paused": int(schedule.paused)}
        if replace and self.database.write(_REPLACE, row):
            return self.get(schedule.name)
        if not self.database.write(_INSERT, row):
            raise InvocationError(
                f"there is a schedule {schedule.name!r} already; replace it, or choose another name"
            )
        return schedule

    def find(self, name: str) -> Schedule | None:
        rows = self.database.read(_SQL["get"], {"name": name})
        return _schedule(rows[0]) if rows else None

    def get(self, name: str) -> Schedule:
        """The schedule of that name. Raises ScheduleNotFound."""
        found = self.find(name)
        if found is None:
            near = nearest(name, [one.name for one in self.list()])
            raise ScheduleNotFound(f"there is no schedule {name[:60]!r}{near}")
        return found

    def list(self) -> builtins.list[Schedule]:
        return [_schedule(row) for row in self.database.read(_SQL["list"])]

    def pause(self, name: str) -> None:
        self.database.write(_SQL["pause"], {"name": name, "now": self.clock(), "paused": 1})

    def resume(self, name: str) -> None:
        self.database.write(_SQL["resume"], {"name": name, "now": self.clock()})

    def settle(self, name: str, since: float) -> None:
        """What became of its times up to then is settled."""
        self.database.write(_SQL["settled"], {"name": name, "since": since})

    def remove(self, name: str) -> None:
        with self.database.transaction(about(name)) as database:
            for statement in _REMOVE:
                database.execute(statement, {"name": name})

    def ticks(self, name: str, limit: int = 20, before: float = _FOREVER) -> builtins.list[Tick]:
        """What became of its times, the latest first."""
        rows = self.database.read(_SQL["ticks"], {"name": name, "limit": limit, "before": before})
        return [tick_of(row) for row in rows]

    def add_tick(
        self, name: str, at: float, why: Why, state: TickState = "due", message: str | None = None
    ) -> None:
        """Writes a time down, unless it is written down already."""
        told = {"name": name, "at": at, "now": self.clock(), "why": why, "state": state, "message": message}
        self.database.write(_SQL["tick"], told)


def about(name: str) -> str:
    """What a transaction on the times of a schedule is about."""
    return f"schedule {name}"


def tick_of(row: Any) -> Tick:
    return Tick(**{one.name: row[one.name] for one in fields(Tick)})


def _schedule(row: Any) -> Schedule:
    values = {name: row[name] for name in _OWN}
    return Schedule(**values | {"inputs": json.loads(row["inputs"]), "paused": bool(row["paused"])})
