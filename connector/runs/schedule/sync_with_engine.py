"""Synchronisation of schedules with the durable engine: that it knows them, and what was missed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from connector.runs.durable.queues import Queues
from connector.runs.schedule.manage import keep
from connector.runs.schedule.store import CatchUp, Schedule, ScheduleStore
from connector.storage.database.database import timestamp

# The engine fires a time within these seconds, at its leisure.
LEISURE = 15.0
# What is no later than this was not missed: a worker was just being started.
PUNCTUAL = 60.0
# So many of the times that were missed are made up for, at most.
MOST_MADE_UP = 100
_MOST_TICKS = 1000
_PAUSED = {True: "PAUSED", False: "ACTIVE"}
_ALL_DUE = "SELECT schedule, at FROM ticks WHERE state = 'due' AND why <> 'hand' ORDER BY at"


class ScheduleSync:
    """Looks after the schedules of a database. It blocks, and is for one thread at a time."""

    def __init__(self, store: ScheduleStore, queues: Queues) -> None:
        self._store = store
        self._queues = queues
        self._is_begun = False

    def tend(self) -> None:
        """To be called now and then."""
        schedules = self._store.list()
        if not schedules:
            return
        self._align(schedules)
        if not self._is_begun:  # somebody may have died between writing a time down and handing it over
            for row in self._store.database.read(_ALL_DUE):
                self._fire(row["schedule"], row["at"])
        self._is_begun = True
        for schedule in schedules:
            if not schedule.paused:
                self._catch_up(schedule)

    def _align(self, schedules: Sequence[Schedule]) -> None:
        """The engine knows each schedule as it is written down, and no other one."""
        client = self._queues.client
        known = {one["schedule_name"]: one for one in client.list_schedules()}
        for schedule in schedules:
            found = known.pop(schedule.name, None)
            if found is None:
                keep(self._queues, schedule)
            if found is None or found["status"] != _PAUSED[schedule.paused]:
                act = client.pause_schedule if schedule.paused else client.resume_schedule
                act(schedule.name)
        for name in known:
            client.delete_schedule(name)

    def _catch_up(self, schedule: Schedule) -> None:
        """What becomes of the times that the engine did not come to."""
        now = self._store.clock()
        times = schedule.times.between(schedule.since, now - LEISURE, _MOST_TICKS)
        if not times:
            return
        ticks = self._store.ticks(schedule.name, _MOST_TICKS)
        seen = {tick.at for tick in ticks}
        made_up = _made_up([at for at in times if at not in seen], schedule.catch_up, now)
        let_go = [at for at in times if at not in seen and at not in made_up]
        if let_go:
            self._store.add_tick(schedule.name, let_go[-1], "time", "missed", _missed(let_go))
        for at in made_up:
            self._store.add_tick(schedule.name, at, "late" if at < now - PUNCTUAL else "time")
        for at in made_up:
            self._fire(schedule.name, at)
        self._store.settle(schedule.name, times[-1])

    def _fire(self, name: str, at: float) -> None:
        """As the engine itself fires a time, and under the same name: a time is fired once."""
        from dbos import error

        moment, beside = datetime.fromtimestamp(at, UTC), timedelta(seconds=1)
        with suppress(error.DBOSException):  # somebody has just removed it
            self._queues.client.backfill_schedule(name, moment - beside, moment + beside)


def _made_up(missing: Sequence[float], catch_up: CatchUp, now: float) -> Sequence[float]:
    """Which of the times that nobody came to are come to now."""
    if catch_up == "all":
        return missing[-MOST_MADE_UP:]
    if catch_up == "last":
        return missing[-1:]
    return [at for at in missing if at >= now - PUNCTUAL]


def _missed(times: Sequence[float]) -> str:
    """What is told of the times that are let go, the last of which it stands for."""
    if len(times) == 1:
        return "no worker was there"
    count = f"{len(times)}{' or more' if len(times) >= _MOST_TICKS - MOST_MADE_UP else ''}"
    return f"no worker was there: so were {count} times since {timestamp(times[0])}"
