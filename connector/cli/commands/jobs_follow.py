"""``connector jobs show``, ``watch`` and ``wait``: one durable run, as it is, as it goes on, as it ends."""

from __future__ import annotations

import json
import time
from argparse import Namespace
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from connector.cli.report import exit_codes, output_path, save_files
from connector.cli.report.durable_client import DurableClient, failure_of
from connector.cli.terminal import terminal
from connector.cli.terminal.progress import Progress
from connector.errors import JobPending
from connector.events import Event
from connector.spec.schema import amounts
from connector.storage.database.database import timestamp
from connector.storage.runs.model import Run, RunEvent

_LOOK_AGAIN = 0.2
_LONGEST = 60


def show(desk: DurableClient, args: Namespace) -> int:
    """What is known of a run, and what has happened to it."""
    run = desk.runs.get(args.id)
    events = desk.runs.events(run.id)
    steps = desk.runs.list(parent=run.id, limit=1000)[::-1]
    if args.json:
        shown = {"events": [event.to_dict() for event in events], "steps": [one.to_dict() for one in steps]}
        terminal.print_json(run.to_dict() | shown)
        return exit_codes.DONE
    print(f"{terminal.paint(run.title, 'bold')} ({run.action})")
    print("\n".join(terminal.columns(_facts(run))))
    if steps:
        print("\n".join(["", terminal.paint("Steps", "bold"), *terminal.columns(map(_step, steps))]))
    print("\n".join(["", *map(_line, events)]))
    return exit_codes.DONE


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    yield "id", run.id
    yield "state", run.state + (f" ({run.outcome})" if run.outcome not in (None, run.state) else "")
    yield "where", run.environment + (f", connection {run.connection}" if run.connection else "")
    yield "cost", cost(run)
    yield "asked for", timestamp(run.created)
    facts = {"job": run.job_id, "part of": run.parent or run.batch, "tries again": run.retry_of}
    yield from ((name, value) for name, value in facts.items() if value)
    yield from (("input", f"{name} = {short(value)}") for name, value in run.inputs.items())
    yield from (("file", reference) for reference in save_files.named(run))


def cost(run: Run) -> str:
    """What a run cost, as far as that is known."""
    if not run.has_ended:
        return "not known yet"
    if run.credits is None:
        return "an unknown number of credits"
    paid = "" if run.billed == "yes" or not run.credits else f" (billed: {run.billed})"
    return f"{amounts.credits(run.credits)}{paid}"


def short(value: Any) -> str:
    """An input in a few words; a file by its name."""
    named = value.get("name") if isinstance(value, dict) and "sha256" in value else None
    text = str(named) if named else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _step(run: Run) -> tuple[str, ...]:
    return run.place or "", run.action, run.state, cost(run) if run.has_ended else "", run.id


def _line(event: RunEvent) -> str:
    """One event, at the clock of whoever looks."""
    at = datetime.fromtimestamp(event.at).strftime("%H:%M:%S")
    return f"{at}  {terminal.clean(str(event.data.get('sentence', event.kind)))}"


def watch(desk: DurableClient, args: Namespace) -> int:
    """Each event as it comes, until the run ends; the exit code is that of its end."""
    run = desk.runs.get(args.id)
    for event in _happening(desk, run.id, None, quiet=args.quiet):
        shown = json.dumps(event.to_dict(), ensure_ascii=False) if args.json else _line(event)
        print(shown, flush=True)
    ended = desk.runs.get(run.id)
    return exit_codes.DONE if ended.state == "succeeded" else exit_codes.code_for(type(failure_of(ended)))


def wait(desk: DurableClient, args: Namespace) -> int:
    """The run once it has ended, and its files where they are wanted."""
    output_path.check(args)
    run = desk.runs.get(args.id)
    with Progress(run.title, quiet=args.quiet) as progress:
        for event in _happening(desk, run.id, args.timeout, quiet=args.quiet):
            progress(Event(_kind(event), str(event.data.get("sentence", event.kind))))
    run = desk.runs.get(run.id)
    if not run.has_ended:
        raise JobPending(f"run {run.id} is {run.state}; it goes on, and can be waited for again", billed="no")
    return tell(desk, run, args)


def _kind(event: RunEvent) -> Any:
    """The engine's own kinds are told as they are; a state of the run shows on the changing line."""
    return event.kind if event.kind in ("poll", "started", "near_cap", "warning") else "note"


def _happening(desk: DurableClient, run_id: str, timeout: float | None, *, quiet: bool) -> Iterator[RunEvent]:
    """What happens to a run, until it ends or time is over. Where nobody does it, that is told once."""
    until, seen, alone = None if timeout is None else time.monotonic() + timeout, 0, False
    try:
        while True:
            has_ended = desk.runs.get(run_id).has_ended
            for event in desk.runs.events(run_id, seen):
                seen = event.seq
                yield event
            if has_ended or (until is not None and time.monotonic() >= until):
                return
            alone = alone or quiet or not desk.remark_worker()
            time.sleep(_LOOK_AGAIN)
    except KeyboardInterrupt as error:
        sentence = f"Interrupted. The run goes on; wait for it with: connector jobs wait {run_id}"
        raise KeyboardInterrupt(sentence, {"run": run_id, "billed": "unknown"}) from error


def tell(desk: DurableClient, run: Run, args: Namespace) -> int:
    """How a run ended: its files and what it cost. Raises its failure where it has no result."""
    paths = save_files.save(desk, run, args.output, overwrite=args.overwrite, number=args.number)
    if run.state != "succeeded":
        for path in paths:
            terminal.say(f"What was delivered is in {path}")
        raise failure_of(run)
    if args.json:
        terminal.print_json(run.to_dict() | {"files": paths})
        return exit_codes.DONE
    for path in paths:
        print(path)
    value = (run.result or {}).get("value")
    if not paths and value is not None:
        print(value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False))
    if not args.quiet:
        took = f", {run.seconds:.1f} s" if run.seconds is not None else ""
        terminal.say(f"  {cost(run)}{took}, {run.environment}")
    return exit_codes.DONE


ACTS = {"show": show, "watch": watch, "wait": wait}
