"""``connector jobs cancel``, ``resume``, ``unknown``, ``mark``, ``retry``: what a person decides of runs."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence

from connector.cli.report import exit_codes
from connector.cli.report.durable_client import DurableClient
from connector.cli.terminal import terminal
from connector.errors import Problem
from connector.runs.service.unknown_outcomes import UnknownOutcome
from connector.spec.schema import amounts
from connector.storage.database.database import timestamp
from connector.storage.runs.model import Run


def cancel(desk: DurableClient, args: Namespace) -> int:
    before = desk.runs.get(args.id)
    if before.has_ended:
        return _told(args, before, f"It has ended already: {before.state}.")
    if terminal.is_terminal(sys.stdin) and not _is_sure(desk, before):
        return _told(args, before, "It goes on.")
    run = desk.runs.cancel(args.id)
    return _told(args, run, "It is cancelled." + (_STILL.format(run.id) if run.job_id else ""))


def _is_sure(desk: DurableClient, run: Run) -> bool:
    """Asked on a terminal: what has left may be charged all the same."""
    entry = desk.runs.history.entry(run.id)
    stake = "Nothing was sent yet."
    if entry is not None and entry.state != "intended":
        stake = f"It was sent: {_price(entry.estimate)} may be charged all the same."
    terminal.say(f"{stake} Cancel {run.title}? [y/N] ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def resume(desk: DurableClient, args: Namespace) -> int:
    run = desk.runs.resume(args.id)
    code = _told(args, run, f"It is under way again. Wait for it with: connector jobs wait {run.id}")
    return _with_worker(desk, args, code)


def retry(desk: DurableClient, args: Namespace) -> int:
    run = desk.runs.retry(args.id)
    if not args.json:
        print(run.id)
    code = _told(args, run, f"It is tried again. Wait for it with: connector jobs wait {run.id}")
    return _with_worker(desk, args, code)


def mark(desk: DurableClient, args: Namespace) -> int:
    if args.paid == args.unpaid:
        from connector.cli.parsing.usage import BadUsage

        raise BadUsage(Problem("paid", "say --paid or --unpaid, as the account says"), command="jobs mark")
    found = desk.runs.unknown.settle(args.id, paid=args.paid)
    said = "nothing was paid."
    if args.paid:
        said = f"{_price(found.credits)} were paid, and the result is lost."
    elif found.run is not None:
        said += f" Try it again with: connector jobs retry {found.id}"
    terminal.report(args, found.to_dict(), f"It is settled: {said}")
    return exit_codes.DONE


def unknown(desk: DurableClient, args: Namespace) -> int:
    """Each use whose end nobody knows, with what to do; and each answer that a dead process left."""
    found = desk.runs.unknown.list()
    kept = [(one.invocation_id, str(one.path or "")) for one in desk.connector.workspace.rescued.left()]
    if args.json:
        told = [{"invocation_id": id, "file": path} for id, path in kept]
        terminal.print_json({"unknown": [one.to_dict() for one in found], "kept": told})
        return exit_codes.DONE
    if found:
        print("\n".join(line for one in found for line in _riddle(one)).lstrip("\n"))
    if found and not args.quiet:
        terminal.say(_advice(found))
    elif not args.quiet and not kept:
        terminal.say("There is none: every run has ended one way or the other, or is under way.")
    for id, path in kept:
        print(
            f"{terminal.paint(id, 'bold')}  paid, and kept: {path or desk.connector.workspace.rescued.folder}"
        )
    return exit_codes.DONE


_STILL = " It may be charged all the same; get it after all with: connector jobs resume {}"
_ADVICE = """
The request left, and its answer did not come back: it may have been paid for.
It is never sent again by itself. Look in the account{} whether it was charged:
  it was      connector jobs mark ID --paid      (its result is lost)
  it was not  connector jobs mark ID --unpaid    (then {})"""
_ANYWAY = "\n  never mind  connector jobs retry ID            (it may be paid for twice)"
_CANCELLED = "\nA job that was cancelled can be had: connector jobs resume ID"


def _advice(found: Sequence[UnknownOutcome]) -> str:
    """What to do; a run can be retried by its id, and any other use is invoked again."""
    looks = sorted({one.look for one in found if one.look})
    are_runs = any(one.run is not None for one in found)
    again = "connector jobs retry ID" if are_runs else "connector invoke ..."
    said = _ADVICE.format(f" ({', '.join(looks)})" if looks else "", again)
    cancelled = any(one.is_cancelled_job for one in found)
    return said + _ANYWAY * are_runs + _CANCELLED * cancelled


def _riddle(one: UnknownOutcome) -> Iterator[str]:
    place = one.run.place if one.run else None
    title = f"{one.title} in {one.environment}" + (f", step {place}" if place else "")
    yield ""
    yield f"{terminal.paint(one.id, 'bold')}  {terminal.clean(title)}"
    yield f"  sent {timestamp(one.sent)}, up to {_price(one.credits)}"
    yield from terminal.wrapped(one.message, "  ")


def _price(credits: float | None) -> str:
    return "an unknown number of credits" if credits is None else amounts.credits(credits)


def _with_worker(desk: DurableClient, args: Namespace, code: int) -> int:
    if not args.quiet:
        desk.remark_worker()
    return code


def _told(args: Namespace, run: Run, sentence: str) -> int:
    terminal.report(args, run.to_dict(), sentence)
    return exit_codes.DONE


ACTS = {"cancel": cancel, "resume": resume, "retry": retry, "mark": mark, "unknown": unknown}
