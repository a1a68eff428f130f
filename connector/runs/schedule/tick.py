"""A tick: a schedule has come to a time; whether a run is begun, and what is told where none is.

It may be asked any number of times, by any worker: what is decided is written down first, and the run is
made under a key of the schedule and the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connector.engine import pricing
from connector.errors import ConnectorError, InvocationError
from connector.runs.batch.columns import Runnable
from connector.runs.batch.runnable import subject_of
from connector.runs.schedule.store import Schedule, ScheduleStore, Tick, TickState, about, tick_of
from connector.runs.service.durable_runs import DurableRuns
from connector.runs.workflow import check_inputs, cost
from connector.runs.workflow.model import Workflow
from connector.spec import package_data
from connector.spec.model import Action, Integration
from connector.storage.runs.model import Run, RunSpec

if TYPE_CHECKING:
    from connector.storage.database.protocols import Transaction

_SQL = package_data.statements("runs/schedule/tick.sql")
# So many times of a schedule may wait for the run before them.
MOST_WAITING = 100
# Nobody waits for what a schedule begins.
_PRIORITY = 5
# Sums of credits are not exact.
_ROUNDING = 1e-6


class TickDecider:
    """Decides what becomes of the times of schedules. It blocks."""

    def __init__(
        self, store: ScheduleStore, runs: DurableRuns, integrations: Mapping[str, Integration]
    ) -> None:
        self._store = store
        self._runs = runs
        self._integrations = integrations

    def look(self, name: str, at: float) -> bool:
        """Does what is to be done at a time; False where it waits for the run before it."""
        schedule = self._store.find(name)
        if schedule is None:
            return True
        tick = self._tick(schedule, at)
        if tick is None or tick.state not in ("due", "begun") or tick.run_id is not None:
            return True
        if schedule.integration not in self._integrations:
            raise ConnectorError(
                f"this worker does not have the integration {schedule.integration!r}; "
                "start it with its folder"
            )
        try:
            return self._done(schedule, tick)
        except InvocationError as error:
            told = {"name": name, "at": at, "now": self._store.clock(), "message": str(error)}
            self._store.database.write(_SQL["refused"], told)
            return True

    def _tick(self, schedule: Schedule, at: float) -> Tick | None:
        """The time as it is written down. What is settled already comes to nothing, and what is no time."""
        found = self._store.database.read(_SQL["one"], {"name": schedule.name, "at": at})
        if not found and at > schedule.since and not schedule.paused and schedule.times.is_time(at):
            self._store.add_tick(schedule.name, at, "time")
            found = self._store.database.read(_SQL["one"], {"name": schedule.name, "at": at})
        return tick_of(found[0]) if found else None

    def _done(self, schedule: Schedule, tick: Tick) -> bool:
        integration = self._integrations[schedule.integration]
        subject = subject_of(integration, schedule.subject, schedule.definition)
        if tick.state == "due":
            decided = self._decided(schedule, tick, subject, integration)
            if decided is None or decided.state != "begun":
                return decided is not None
            tick = decided
        run = self._submit(schedule, tick, subject)
        told = {"name": schedule.name, "at": tick.at, "run_id": run.id}
        self._store.database.write(_SQL["run"], told)
        return True

    def _decided(
        self, schedule: Schedule, tick: Tick, subject: Runnable, integration: Integration
    ) -> Tick | None:
        """What becomes of it, written down before anything is done; None where it waits."""
        least, most = range_of(subject, integration, schedule.inputs)
        with self._store.database.transaction(about(schedule.name)) as database:
            state, message = _overlap(database, schedule, tick)
            spent = self._spent(database, schedule, tick)
            if state == "begun":
                state, message = _limit(schedule, spent, least)
            if state is None:
                return None
            bounds = [each for each in (most, *_left(schedule, spent)) if each is not None]
            estimate = min(bounds) if bounds else least
            told = {"name": schedule.name, "at": tick.at, "now": self._store.clock(), "state": state}
            database.execute(_SQL["decide"], told | {"message": message, "estimate": estimate})
        return replace(tick, state=state, message=message, estimate=estimate)

    def _spent(self, database: Transaction, schedule: Schedule, tick: Tick) -> float:
        """What was spent on this UTC day, or is about to be."""
        today = datetime.fromtimestamp(self._store.clock(), UTC)
        midnight = today.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
        told = {"name": schedule.name, "at": tick.at, "midnight": midnight}
        return float(database.execute(_SQL["spent"], told).fetchone()["credits"])

    def _submit(self, schedule: Schedule, tick: Tick, subject: Runnable) -> Run:
        place = schedule.environment or None, schedule.connection or None
        key = f"schedule {schedule.name} of {schedule.created:.3f} at {tick.at:.3f}"
        given: dict[str, Any] = {"integration": schedule.integration, "idempotency_key": key}
        given |= {"priority": _PRIORITY}
        if isinstance(subject, Workflow):
            limit = tick.estimate if _left(schedule, 0.0) else None
            spec = RunSpec(subject.id, schedule.inputs, *place, limit_credits=limit)
            return self._runs.submit_workflow(subject, spec, **given)
        return self._runs.submit(RunSpec(subject.id, schedule.inputs, *place), **given)


def _overlap(database: Transaction, schedule: Schedule, tick: Tick) -> tuple[TickState | None, str | None]:
    """Whether it may begin beside what has not ended. What somebody asks for by hand may."""
    if tick.why == "hand":
        return "begun", None
    if schedule.paused:
        return "skipped", "it was paused"
    told = {"name": schedule.name, "at": tick.at}
    open_run = database.execute(_SQL["under_way"], told).fetchone()
    waiting = int(database.execute(_SQL["before"], told).fetchone()["count"])
    if open_run is None and not waiting:
        return "begun", None
    if schedule.overlap == "skip" and tick.why == "time" and open_run is not None:
        return "skipped", f"run {open_run['run_id'] or 'before it'} had not ended"
    if waiting >= MOST_WAITING:
        return "skipped", f"{waiting} of its times waited already"
    return None, None


def _limit(schedule: Schedule, spent: float, least: float | None) -> tuple[TickState, str | None]:
    """Whether the credits that it may spend are enough, whatever it does."""
    run, day = schedule.limit_credits, schedule.limit_daily
    if run is None and day is None:
        return "begun", None
    if least is None:
        return "limited", "nobody can tell what it costs"
    if run is not None and least > run + _ROUNDING:
        return "limited", f"it costs at least {least:g} credits, and may spend {run:g}"
    if day is not None and spent + least > day + _ROUNDING:
        return "limited", f"it costs at least {least:g} credits; of {day:g} for the day {spent:g} are spent"
    return "begun", None


def _left(schedule: Schedule, spent: float) -> list[float]:
    """What one run may spend by each of the limits that there are."""
    day = None if schedule.limit_daily is None else schedule.limit_daily - spent
    return [each for each in (schedule.limit_credits, day) if each is not None]


def range_of(
    subject: Runnable, integration: Integration, given: Mapping[str, Any]
) -> tuple[float | None, float | None]:
    """What a run costs at least and at most; None where nobody can tell."""
    if isinstance(subject, Workflow):
        found = cost.estimate(subject, integration, check_inputs.references(subject, given))
        return found.low, found.high
    assert isinstance(subject, Action)
    amount = pricing.estimate(integration, subject, given).credits
    return amount, amount
