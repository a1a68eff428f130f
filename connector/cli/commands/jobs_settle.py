"""``connector jobs cancel``, ``resume``, ``unknown``, ``mark``, ``retry``: what a person decides of runs."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from connector.cli.report import exit_codes
from connector.cli.report.durable_client import DurableClient
from connector.cli.terminal import terminal
from connector.errors import Problem
from connector.spec.schema import amounts
from connector.storage.database.database import timestamp
from connector.storage.runs.model import Run


def cancel(desk: DurableClient, args: Namespace) -> int:
    before = desk.runs.get(args.id)
    if before.has_ended:
        return _told(args, before, f"It has ended already: {before.state}.")
    return _told(args, desk.runs.cancel(args.id), "It is cancelled.")


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
    run = desk.runs.mark(args.id, paid=args.paid)
    if args.paid:
        return _told(args, run, f"It is settled: {_price(run)} were paid, and the result is lost.")
    more = f"Try it again with: connector jobs retry {run.id}"
    return _told(args, run, f"It is settled: nothing was paid. {more}")


def unknown(desk: DurableClient, args: Namespace) -> int:
    """Each run whose end nobody knows, and what a person should do."""
    found = desk.runs.unknown()
    if args.json:
        terminal.print_json({"unknown": [run.to_dict() for run in found]})
    elif found:
        print("\n".join(line for run in found for line in _riddle(run)).lstrip("\n"))
        if not args.quiet:
            terminal.say(_ADVICE)
    elif not args.quiet:
        terminal.say("There is none: every run has ended one way or the other, or is under way.")
    return exit_codes.DONE


_ADVICE = """
The request left, and its answer did not come back: it may have been paid for.
It is never sent again by itself. Look in the account whether it was charged:
  it was      connector jobs mark ID --paid      (its result is lost)
  it was not  connector jobs mark ID --unpaid    (then: connector jobs retry ID)
  never mind  connector jobs retry ID            (it may be paid for twice)"""


def _riddle(run: Run) -> Iterator[str]:
    title = f"{run.title} in {run.environment}" + (f", step {run.place}" if run.place else "")
    yield ""
    yield f"{terminal.paint(run.id, 'bold')}  {terminal.clean(title)}"
    yield f"  sent {timestamp(run.updated)}, up to {_price(run)}"
    message = str((run.error or {}).get("message", ""))
    yield from terminal.wrapped(message.partition("\n")[0], "  ")


def _price(run: Run) -> str:
    return "an unknown number of credits" if run.credits is None else amounts.credits(run.credits)


def _with_worker(desk: DurableClient, args: Namespace, code: int) -> int:
    if not args.quiet:
        desk.remark_worker()
    return code


def _told(args: Namespace, run: Run, sentence: str) -> int:
    terminal.report(args, run.to_dict(), sentence)
    return exit_codes.DONE


ACTS = {"cancel": cancel, "resume": resume, "retry": retry, "mark": mark, "unknown": unknown}
