"""``connector schedule``: what is done by itself, at its times."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connector.cli.parsing import numbers
from connector.cli.parsing.parser import Parser, folder_of, subcommand
from connector.cli.report import exit_codes
from connector.cli.terminal import terminal
from connector.spec.schema import amounts

if TYPE_CHECKING:
    from connector.cli.report.durable_client import DurableClient
    from connector.runs.schedule.manage import ScheduleManager
    from connector.runs.schedule.store import Schedule, Tick

_MOST = 1000


def run(words: list[str]) -> int:
    name = subcommand("schedule", words, ("add", *_COMMANDS))
    if name == "add":
        from connector.cli.commands import schedule_add

        return schedule_add.run(words[1:])
    description, act = _COMMANDS[name]
    args = _parser(name, description).read(words[1:])
    from connector.cli.commands.schedule_add import timetable
    from connector.cli.report.durable_client import desk

    with desk(folder_of(args)) as opened:
        return act(opened, timetable(opened), args)


def _parser(name: str, description: str) -> Parser:
    parser = Parser(f"schedule {name}", description)
    if name != "list":
        parser.add_argument("name", metavar="NAME", help="the schedule")
    if default := {"next": 5, "show": 10}.get(name):
        said = f"so many times (default: {default})"
        parser.add_argument(
            "-n", "--count", metavar="N", type=numbers.count(_MOST), default=default, help=said
        )
    return parser


def _list(opened: DurableClient, timetable: ScheduleManager, args: Namespace) -> int:
    found = timetable.store.list()
    last = [(one, next(iter(timetable.store.ticks(one.name, 1)), None)) for one in found]
    if args.json:
        shown = [_document(one) | {"last": tick and tick.to_dict()} for one, tick in last]
        terminal.print_json({"schedules": shown})
    elif found:
        rows = ((*_cells(one), _became(tick, brief=True)) for one, tick in last)
        print(terminal.table(("name", "what", "environment", "times", "next", "last"), rows))
        if not args.quiet and any(not one.paused for one in found):
            opened.remark_worker()
    elif not args.quiet:
        terminal.say("There is none yet. Make one with: connector schedule add NAME --help")
    return exit_codes.DONE


def _document(schedule: Schedule) -> dict[str, Any]:
    upcoming = schedule.next(time.time())
    return schedule.to_dict() | {"next": upcoming and upcoming.isoformat()}


def _cells(schedule: Schedule) -> tuple[str, ...]:
    times = f"{schedule.cron} ({schedule.timezone})"
    return schedule.name, schedule.subject, schedule.environment, times, _next(schedule)


def _next(schedule: Schedule) -> str:
    found = schedule.next(time.time())
    return "paused" if schedule.paused else terminal.moment(found) if found else "never again"


def _became(tick: Tick | None, *, brief: bool = False) -> str:
    """What became of a time, in a few words."""
    if tick is None:
        return ""
    if tick.state == "begun":
        return tick.run_state or "about to begin"
    said = "waits" if tick.state == "due" else tick.state
    return said if brief or not tick.message else f"{said}: {tick.message.splitlines()[0]}"


def _show(opened: DurableClient, timetable: ScheduleManager, args: Namespace) -> int:
    schedule = timetable.store.get(args.name)
    ticks = timetable.store.ticks(schedule.name, args.count)
    if args.json:
        terminal.print_json(_document(schedule) | {"ticks": [one.to_dict() for one in ticks]})
        return exit_codes.DONE
    print(f"{terminal.paint(schedule.name, 'bold')}: {schedule.subject} in {schedule.environment}")
    print("\n".join(terminal.columns(_facts(schedule))))
    if ticks:
        rows = (_row(schedule, tick) for tick in ticks)
        print("\n" + terminal.table(("time", "what became of it", "credits", "run"), rows))
    elif not args.quiet:
        terminal.say("\nNone of its times has come yet.")
    if not args.quiet and not schedule.paused:
        opened.remark_worker()
    return exit_codes.DONE


def _facts(schedule: Schedule) -> Iterator[tuple[str, str]]:
    yield "times", f"{schedule.cron} in {schedule.timezone}"
    yield "next", _next(schedule)
    if schedule.connection:
        yield "connection", schedule.connection
    yield "overlap", {"skip": "let go while a run goes on", "queue": "wait"}[schedule.overlap]
    yield (
        "missed",
        {"none": "let go", "last": "the last is made up for", "all": "made up for"}[schedule.catch_up],
    )
    limits = ((schedule.limit_credits, "one run"), (schedule.limit_daily, "a UTC day"))
    yield from (("limit", f"{amounts.credits(one)} for {what}") for one, what in limits if one is not None)
    if schedule.definition is not None:
        made = datetime.fromtimestamp(schedule.created, UTC)
        yield "workflow", f"as it was on {made:%Y-%m-%d %H:%M} UTC; remove and add it for a changed one"
    from connector.cli.commands.jobs_follow import short

    yield from (("input", f"{name} = {short(value)}") for name, value in schedule.inputs.items())


def _row(schedule: Schedule, tick: Tick) -> tuple[str, ...]:
    from zoneinfo import ZoneInfo

    at = terminal.moment(datetime.fromtimestamp(tick.at, ZoneInfo(schedule.timezone)))
    why = {"time": "", "late": " (made up for)", "hand": " (by hand)"}[tick.why]
    credits = "" if tick.credits is None else f"{tick.credits:g}"
    return at + why, _became(tick), credits, tick.run_id or ""


def _next_times(opened: DurableClient, timetable: ScheduleManager, args: Namespace) -> int:
    schedule = timetable.store.get(args.name)
    found = schedule.times.upcoming(time.time(), args.count)
    if args.json:
        shown = [] if schedule.paused else [one.isoformat() for one in found]
        terminal.print_json({"paused": schedule.paused, "times": shown})
        return exit_codes.DONE
    if schedule.paused:
        terminal.say(f"{schedule.name} is paused; these would be its times:")
    for one in found:
        print(terminal.moment(one))
    return exit_codes.DONE


def _run(opened: DurableClient, timetable: ScheduleManager, args: Namespace) -> int:
    from connector.errors import CapReached, InvocationError

    tick = timetable.run(args.name)
    if tick.run_id is None:
        kind = CapReached if tick.state == "limited" else InvocationError
        raise kind(f"{args.name} was not begun ({tick.state}): {tick.message}")
    if args.json:
        terminal.print_json(tick.to_dict())
    else:
        print(tick.run_id)
    if not args.quiet and opened.remark_worker():
        terminal.say(f"Wait for it with: connector jobs wait {tick.run_id}")
    return exit_codes.DONE


def _pause(opened: DurableClient, timetable: ScheduleManager, args: Namespace) -> int:
    schedule = timetable.pause(args.name)
    return _told(args, schedule, f"{schedule.name} is paused; what is under way goes on.")


def _resume(opened: DurableClient, timetable: ScheduleManager, args: Namespace) -> int:
    schedule = timetable.resume(args.name)
    return _told(args, schedule, f"{schedule.name} goes on; its next time is {_next(schedule)}.")


def _remove(opened: DurableClient, timetable: ScheduleManager, args: Namespace) -> int:
    schedule = timetable.remove(args.name)
    return _told(args, schedule, f"{schedule.name} is forgotten; its runs stay: connector jobs list")


def _told(args: Namespace, schedule: Schedule, sentence: str) -> int:
    terminal.report(args, _document(schedule), sentence)
    return exit_codes.DONE


# what it does, and the act
_COMMANDS: dict[str, tuple[str, Callable[[DurableClient, ScheduleManager, Namespace], int]]] = {
    "list": ("Lists the schedules, with their next times and what became of the last.", _list),
    "show": ("Tells all about a schedule, and what became of its times, the latest first.", _show),
    "next": ("Tells the next times of a schedule.", _next_times),
    "run": ("Does what a schedule does, now. What it may spend holds.", _run),
    "pause": ("Lets the times of a schedule go, until it is resumed.", _pause),
    "resume": ("Counts the times of a schedule again, from now on.", _resume),
    "remove": ("Forgets a schedule. Its runs stay, and go on.", _remove),
}
