"""``connector jobs``: the jobs that are running, and the runs that are written down for workers."""

from __future__ import annotations

import argparse
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from connector.cli.parsing import find_action, numbers
from connector.cli.parsing.parser import Parser, folder_of, one_of, subcommand
from connector.cli.terminal import terminal
from connector.spec.schema import amounts

if TYPE_CHECKING:
    from connector.cli.report.durable_client import DurableClient
    from connector.storage.ledger.model import LedgerEntry
    from connector.storage.runs.model import Run
    from connector.storage.runs.search import RunPage

_STATES = ("queued", "running", "succeeded", "failed", "unknown", "cancelled")
_MOST_JOBS = 1000


def run(words: list[str]) -> int:
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help")):
        return _running(words)
    name = subcommand("jobs", words, ("list", "submit", *_COMMANDS))
    if name == "submit":
        from connector.cli.commands import jobs_submit

        return jobs_submit.run(words[1:])
    if name == "list":
        return _list(words[1:])
    return _one(name, words[1:])


def _running(words: Sequence[str]) -> int:
    """What there was before anything was durable: the jobs that the ledger knows to be running."""
    args = Parser("jobs", "Lists the jobs that are running.").read(words)
    from connector.engine.connector import Connector

    with Connector(find_action.integration(folder_of(args))) as connector:
        found = connector.workspace.ledger.entries("running", limit=_MOST_JOBS)
    if args.json:
        terminal.print_json({"jobs": [entry.to_dict() for entry in found]})
    elif found:
        print(terminal.table(("id", "job", "action", "environment", "started", ""), map(_entry, found)))
    elif not args.quiet:
        terminal.say("No job is running.")
    if found and not args.json and not args.quiet:
        terminal.say("\nFetch one with: connector result ID")
    return 0


def _list(words: Sequence[str]) -> int:
    parser = Parser("jobs list", "Lists the jobs that are running, and the runs, newest first.")
    add = parser.add_argument
    add("--state", metavar="STATE", type=one_of(*_STATES), help=f"{', '.join(_STATES)}")
    add("--outcome", metavar="CODE", help="such as success, moderated or rate_limited")
    add("--text", metavar="WORDS", help="words that are all in prompts, ids or names of files")
    add("--since", metavar="DATE", type=_moment, help="from a date or time on (UTC, unless it names a zone)")
    add("--until", metavar="DATE", type=_moment, help="through a date, or up to a time")
    add("--of", metavar="ID", help="only the steps of a workflow's run, or a batch's rows")
    add("--limit", metavar="N", type=numbers.count(), default=20, help="so many runs (default: 20)")
    args = parser.read(words)
    from connector.cli.report.durable_client import desk

    with desk(folder_of(args)) as opened:
        found, is_search = _found(opened, args)
        known = {each.id for each in opened.runs.history.list(state="running", limit=_MOST_JOBS)}
        entries = opened.connector.workspace.ledger.entries("running", limit=_MOST_JOBS)
    runs = found.runs
    if args.json:
        shown = {"jobs": [one.to_dict() for one in entries], "runs": [one.to_dict() for one in runs]}
        terminal.print_json(shown | {"total": found.total})
        return 0
    others = [] if is_search else [one for one in entries if one.origin not in known]
    if runs:
        heading = ("run", "state", "what", "environment", "credits", "asked for")
        print(terminal.table(heading, map(_run, runs)))
    if others:
        heading = ("invocation", "job", "action", "environment", "started", "")
        print(terminal.table(heading, map(_entry, others)))
    if not runs and not others and not args.quiet:
        terminal.say("There is none.")
    if not args.quiet:
        for line in _beyond(found, args):
            terminal.say(line)
    return 0


def _moment(text: str) -> str:
    """A date or a time, as runs are searched for it."""
    from connector.storage.runs import search

    try:
        search.moment(text)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(search.NO_MOMENT) from None
    return text


def _found(opened: DurableClient, args: Namespace) -> tuple[RunPage, bool]:
    """The runs asked for, whoever began them, and whether anything was asked of them."""
    names = ("state", "outcome", "since", "until")
    asked = {name: getattr(args, name) for name in names if getattr(args, name)}
    search = partial(opened.runs.history.search, args.text or "", limit=args.limit, **asked)
    if args.of is None:
        return search(), bool(asked or args.text)
    steps = search(parent=args.of)
    return (steps if steps.runs else search(batch=args.of)), True


def _beyond(found: RunPage, args: Namespace) -> Iterator[str]:
    """What is not on the list, and how to see it."""
    if found.before:
        of = "more than 10,000" if found.total is None else f"{found.total:,}"
        yield f"{len(found.runs):,} of {of} runs; more with --limit N."
    if found.is_cut and args.text:
        yield "The newest 10,000 runs were searched; search earlier ones with --since and --until."


def _one(name: str, words: Sequence[str]) -> int:
    """A command that is about one run, or about those that a person must decide on."""
    description, add_options = _COMMANDS[name]
    parser = Parser(f"jobs {name}", description)
    add_options(parser)
    args = parser.read(words)
    from connector.cli.commands import jobs_follow, jobs_settle
    from connector.cli.report.durable_client import desk

    acts: dict[str, Callable[[DurableClient, Namespace], int]] = {**jobs_follow.ACTS, **jobs_settle.ACTS}
    with desk(folder_of(args)) as opened:
        return acts[name](opened, args)


def _id(parser: Parser) -> None:
    parser.add_argument("id", metavar="ID", help="the run's id, or that of its job upstream")


def _of_mark(parser: Parser) -> None:
    _id(parser)
    parser.add_argument("--paid", action="store_true", help="it was charged; the result is lost")
    parser.add_argument("--unpaid", action="store_true", help="it was not charged; it can be retried")


def _of_wait(parser: Parser) -> None:
    _id(parser)
    parser.add_argument("--timeout", metavar="SECONDS", type=numbers.seconds, help="how long to wait")
    parser.add_argument("-o", "--output", metavar="PATH", help="a file, a folder/, or - for standard output")


def _nothing(parser: Parser) -> None:
    """No options of its own."""


# what it does, and what adds its words and options; the acts are in modules that take long to import
_COMMANDS: dict[str, tuple[str, Callable[[Parser], None]]] = {
    "show": ("Tells all about a durable run.", _id),
    "watch": ("Tells what happens to a durable run, as it happens, until it ends.", _id),
    "wait": ("Waits for a durable run, and saves what it made.", _of_wait),
    "cancel": ("Stops a durable run where that is possible. A job is no longer asked for.", _id),
    "resume": ("Goes on with a durable run or a job that was cancelled or left, wherever it began.", _id),
    "unknown": ("Lists the runs that may have been paid for, and whose answer was lost.", _nothing),
    "mark": ("Settles a run whose outcome is unknown, as somebody found out.", _of_mark),
    "retry": ("Does a run once more that ended without a result.", _id),
}


def _run(run: Run) -> tuple[str, ...]:
    what = run.action + (f" ({run.place})" if run.place else f" (row {run.row})" if run.batch else "")
    credits = "" if not run.has_ended else "?" if run.credits is None else f"{run.credits:g}"
    asked = f"{amounts.duration(time.time() - run.created)} ago"
    return run.id, run.state, what, run.environment, credits, asked


def _entry(entry: LedgerEntry) -> tuple[str, ...]:
    now = time.time()
    left = "" if entry.deadline is None else "no longer kept"
    if entry.deadline is not None and entry.deadline > now:
        left = f"kept for {amounts.duration(entry.deadline - now)}"
    job = f"{(entry.upstream_id or '')[:8]}..."
    started = f"{amounts.duration(now - entry.created)} ago"
    return entry.id, job, entry.action, entry.environment, started, left
