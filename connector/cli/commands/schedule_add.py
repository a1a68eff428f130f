"""``connector schedule add``: an action or workflow, to be done at the times of a cron line."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from connector.cli.parsing import numbers, runnable
from connector.cli.parsing.parser import Parser, one_of
from connector.cli.terminal import terminal
from connector.errors import Problem
from connector.spec.schema import amounts

if TYPE_CHECKING:
    from connector.cli.report.durable_client import DurableClient
    from connector.runs.schedule.manage import ScheduleManager
    from connector.runs.schedule.store import Schedule

_SHOWN = 3
_ACT = "schedule add NAME"


def run(words: list[str]) -> int:
    name = words[0] if words and not words[0].startswith("-") else ""
    rest = words[1:] if name else words
    if not name and not {"-h", "--help"} & {*rest}:
        Parser("schedule add", "").refuse(Problem("name", "NAME is missing: what the schedule is called"))
    asked = runnable.read(_ACT, rest, _add_options, actions=True)
    args = asked.args
    if args.cron is None:
        said = "--cron is missing: when it is, such as '0 8 * * *' for every day at eight"
        Parser("schedule add", "").refuse(Problem("cron", said))
    from connector.cli.report.durable_client import desk

    with desk(asked.folder) as opened:
        taker = asked.taker(opened.connector)
        schedule = timetable(opened).add(
            name,
            opened.connector,
            taker,
            runnable.files_read(taker, asked.given, opened.files),
            cron=args.cron,
            timezone=args.timezone,
            definition=asked.workflow.text if asked.workflow else None,
            environment=args.environment,
            connection=args.connection,
            overlap=args.overlap,
            catch_up=args.catch_up,
            limit_credits=args.limit_credits,
            limit_daily=args.limit_daily,
            replace=args.replace,
        )
        _tell(opened, schedule, args)
    return 0


def timetable(opened: DurableClient) -> ScheduleManager:
    """The schedules of this machine."""
    from connector.runs.schedule.manage import ScheduleManager
    from connector.runs.schedule.store import ScheduleStore
    from connector.runs.schedule.tick import TickDecider

    integration = opened.connector.integration
    store = ScheduleStore(opened.connector.workspace.database)
    ticking = TickDecider(store, opened.runs, {integration.id: integration})
    return ScheduleManager(store, opened.runs.queues, opened.files, ticking)


def _tell(opened: DurableClient, schedule: Schedule, args: argparse.Namespace) -> None:
    if args.json:
        terminal.print_json(schedule.to_dict())
    else:
        for one in schedule.times.upcoming(schedule.updated, _SHOWN):
            print(terminal.moment(one))
    if args.quiet:
        return
    for line in _remarks(schedule):
        terminal.say(line)
    opened.remark_worker()


def _remarks(schedule: Schedule) -> Iterator[str]:
    zone = f"{schedule.cron!r} in {schedule.timezone}"
    yield f"{schedule.name} is kept: {schedule.subject} in {schedule.environment} at {zone}."
    if schedule.kind == "workflow":
        yield "It runs as the workflow is now; to have a changed one, add it again with --replace."
    limits = ((schedule.limit_credits, "one run"), (schedule.limit_daily, "a UTC day"))
    told = [f"{amounts.credits(limit)} for {what}" for limit, what in limits if limit is not None]
    if told:
        yield f"It may spend {' and '.join(told)}."


def _add_options(parser: Parser) -> None:
    add = parser.add_argument_group("when, and how much").add_argument
    add("--cron", metavar="LINE", help="its times, such as '30 8 * * mon-fri'")
    add(
        "--timezone", metavar="ZONE", default="UTC", help="of its times, such as Europe/Berlin (default: UTC)"
    )
    overlap = one_of("skip", "queue")
    said = "while the run before goes on: let the time go (default), or wait"
    add("--overlap", metavar="skip|queue", type=overlap, default="skip", help=said)
    missed = one_of("none", "last", "all")
    said = "of times at which no worker was there, make up for (default: last)"
    add("--catch-up", metavar="none|last|all", type=missed, default="last", help=said)
    add("--limit-credits", metavar="N", type=numbers.credits, help="what one run may spend")
    add("--limit-daily", metavar="N", type=numbers.credits, help="what all its runs of a UTC day may spend")
    add("--replace", action="store_true", help="take the place of the one of that name; its history stays")
