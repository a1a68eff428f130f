"""Management of schedules: checked, written down, paused, resumed, removed, kept going."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connector.engine.connector import AsyncConnector, Connector
from connector.engine.sources import Sources
from connector.errors import CapReached, InvalidArguments, Problem
from connector.runs.batch.columns import Runnable
from connector.runs.batch.runnable import check_of
from connector.runs.durable import dbos_engine
from connector.runs.durable.queues import Queues
from connector.runs.schedule.cron import Cron
from connector.runs.schedule.store import CatchUp, Overlap, Schedule, ScheduleStore, Tick
from connector.runs.schedule.tick import TickDecider, range_of
from connector.runs.service import run_files
from connector.spec.schema import amounts
from connector.storage.files.store import FileStore

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


class ScheduleManager:
    """The schedules of a database. All methods block, and may be called from any thread."""

    def __init__(self, store: ScheduleStore, queues: Queues, files: FileStore, ticking: TickDecider) -> None:
        self.store = store
        self._queues = queues
        self._files = files
        self._ticking = ticking

    def add(
        self,
        name: str,
        connector: Connector | AsyncConnector,
        subject: Runnable,
        inputs: Mapping[str, Any],
        *,
        cron: str,
        timezone: str = "UTC",
        definition: str | None = None,
        environment: str | None = None,
        connection: str | None = None,
        overlap: Overlap = "skip",
        catch_up: CatchUp = "last",
        limit_credits: float | None = None,
        limit_daily: float | None = None,
        replace: bool = False,
    ) -> Schedule:
        """A new schedule of an action, or of a workflow as its ``definition`` has it now.

        With ``replace`` it takes the place of the one of that name, keeps its history, and is paused where
        that one was. Files are given as Media or as references, and are kept. Raises InvalidArguments with
        everything that is wrong, and CapReached where a run will cost more than it may spend.
        """
        if not _NAME.fullmatch(name):
            said = f"{name[:60]!r} is no name: take up to 60 letters, digits, dots, hyphens and underscores"
            raise InvalidArguments([Problem("name", said)], None, "the schedule cannot be kept")
        times = Cron.read(cron, timezone)
        given = {each: value for each, value in inputs.items() if value is not None}
        self._check(connector, subject, given)
        place = connector.place(environment=environment, connection=connection)
        _check_limits(connector, subject, given, limit_credits, limit_daily)
        self._queues.client  # noqa: B018  (what is missing for it is told before anything is written down)
        schedule = self.store.open(
            name=name,
            kind="action" if definition is None else "workflow",
            subject=subject.id,
            definition=definition,
            inputs=run_files.take(subject, given, self._files, None).inputs,
            integration=connector.integration.id,
            environment=place[0],
            connection=place[1],
            cron=times.line,
            timezone=timezone,
            overlap=overlap,
            catch_up=catch_up,
            limit_credits=limit_credits,
            limit_daily=limit_daily,
            replace=replace,
        )
        keep(self._queues, schedule)
        if schedule.paused:
            self._queues.client.pause_schedule(name)
        return schedule

    def pause(self, name: str) -> Schedule:
        """The schedule, whose times come to nothing until it is resumed."""
        self.store.get(name)
        self.store.pause(name)
        self._queues.client.pause_schedule(name)
        return self.store.get(name)

    def resume(self, name: str) -> Schedule:
        """The schedule, whose times count from now on."""
        self.store.get(name)
        self.store.resume(name)
        self._queues.client.resume_schedule(name)
        return self.store.get(name)

    def remove(self, name: str) -> Schedule:
        """The schedule that was. Its runs stay, and go on."""
        schedule = self.store.get(name)
        self._queues.client.delete_schedule(name)
        self.store.remove(name)
        return schedule

    def run(self, name: str) -> Tick:
        """What becomes of a run that somebody asks for now, whatever the time. What it may spend holds."""
        self.store.get(name)
        at = round(self.store.clock(), 3)
        self.store.add_tick(name, at, "hand")
        self._ticking.look(name, at)
        return self.store.ticks(name, 1, at + 0.0005)[0]

    def _check(
        self, connector: Connector | AsyncConnector, subject: Runnable, given: Mapping[str, Any]
    ) -> None:
        """Everything that can be told before the first run."""
        sources = Sources(paths=False, urls=None, references=self._files.resolve)
        problems = check_of(subject, connector.integration, sources)(given)
        if wrong := [each for each in problems if each.severity != "warning"]:
            raise InvalidArguments(wrong, subject.title)


def keep(queues: Queues, schedule: Schedule) -> None:
    """Has the durable engine fire the schedule; once, however often it is called."""
    queues.client.apply_schedules(
        [
            {
                "schedule_name": schedule.name,
                "workflow_name": dbos_engine.RUN_SCHEDULED,
                "schedule": schedule.cron,
                "cron_timezone": schedule.timezone,
                "context": {"schedule": schedule.name},
            }
        ]
    )


def _check_limits(
    connector: Connector | AsyncConnector,
    subject: Runnable,
    given: Mapping[str, Any],
    limit: float | None,
    daily: float | None,
) -> None:
    limits = [each for each in (limit, daily) if each is not None]
    if not limits:
        return
    least, _ = range_of(subject, connector.integration, given)
    if least is None:
        raise CapReached(
            f"nobody can tell what {subject.title} costs with these inputs, so that no limit can be kept"
        )
    if least > min(limits):
        raise CapReached(
            f"{subject.title} costs at least {amounts.credits(least)} with these inputs, and may spend "
            f"{min(limits):g}; give it more, or less to do"
        )
