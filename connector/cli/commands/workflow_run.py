"""``connector workflow run``: a workflow is priced, run step by step, and what it makes is saved."""

from __future__ import annotations

import argparse
import os
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from connector.cli.parsing import input_options, invoke_options, numbers, runnable
from connector.cli.parsing.parser import Parser
from connector.cli.report import exit_codes, output_path, save_files
from connector.cli.terminal import terminal
from connector.cli.terminal.progress import Progress
from connector.errors import ConnectorError
from connector.spec.schema import amounts

if TYPE_CHECKING:
    from connector.cli.report.durable_client import DurableClient
    from connector.runs.worker.foreground import Foreground
    from connector.runs.workflow.cost import WorkflowCost
    from connector.runs.workflow.model import Workflow
    from connector.storage.runs.model import Run

_LOOK_AGAIN = 0.2
# How often it is seen to that somebody works on the run, in seconds.
_TEND = 2.0
_DRAIN = 30.0


def run(words: list[str]) -> int:
    asked = runnable.read("workflow run", words, _add_options, actions=False)
    assert asked.workflow is not None
    from connector.cli.report.durable_client import desk
    from connector.storage.runs.model import RunSpec

    args, workflow = asked.args, asked.workflow
    folder = _folder(args, workflow)
    output_path.check_folder(folder)
    with desk(asked.folder) as opened:
        given = runnable.files_read(workflow, asked.given, opened.files)
        cost = _checked(opened, workflow, given, args)
        if args.dry_run:
            return _forecast(cost, args)
        if not args.quiet:
            terminal.say(f"{workflow.title} will cost {cost.text}.")
        spec = RunSpec(
            workflow.id, given, args.environment, args.connection, limit_credits=args.limit_credits
        )
        begun = opened.runs.submit_workflow(workflow, spec)
        if not args.wait:
            return _left(opened, begun, args)
        ended = _followed(opened, begun, args)
        return _end(opened, ended, folder, args)


def _add_options(parser: Parser) -> None:
    add = parser.add_argument_group("the run").add_argument
    add("-o", "--output", metavar="DIR", help="the folder for what it makes (default: named like it)")
    add("--limit-credits", metavar="N", type=numbers.credits, help="begin no step that would take it beyond")
    add("--dry-run", action="store_true", help="check the inputs and tell what it will cost; begin nothing")
    wait = "wait for its end (default), or print its id at once"
    add("--wait", action=argparse.BooleanOptionalAction, default=True, help=wait)


def option_names(workflow: Workflow) -> dict[str, str]:
    """The option that ``workflow run`` has for each input."""
    return input_options.option_names(workflow.parameters, invoke_options.taken(_add_options))


def _folder(args: Namespace, workflow: Workflow) -> str:
    """Where its files go: each has a name of its own, so that it is a folder."""
    return f"{(args.output or workflow.id).rstrip(os.sep) or os.sep}{os.sep}"


def _checked(
    opened: DurableClient, workflow: Workflow, given: dict[str, Any], args: Namespace
) -> WorkflowCost:
    """What it will cost. Raises what is wrong with it before anything is written down."""
    from connector.runs.workflow import check_inputs, cost

    integration = opened.connector.integration
    opened.connector.place(environment=args.environment, connection=args.connection)
    check_inputs.checked(workflow, integration, given, opened.files, args.limit_credits)
    return cost.estimate(workflow, integration, given)


def _forecast(cost: WorkflowCost, args: Namespace) -> int:
    if args.json:
        terminal.print_json(cost.to_dict())
        return exit_codes.DONE
    rows = [
        (one.step, one.title, _times(one.least, one.most), _price(one.low, one.high)) for one in cost.steps
    ]
    total = ("", "in all", "", _price(cost.low, cost.high))
    head, *lines, last = terminal.columns([("step", "", "times", "credits"), *rows, total])
    print("\n".join([terminal.paint(head, "dim"), *lines, terminal.paint(last, "bold")]))
    if not args.quiet:
        terminal.say("Nothing was begun.")
    return exit_codes.DONE


def _times(least: int, most: int | None) -> str:
    return f"{least} or more" if most is None else f"{least}" if least == most else f"{least} to {most}"


def _price(low: float, high: float | None) -> str:
    return f"{low:g} or more" if high is None else f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _left(opened: DurableClient, begun: Run, args: Namespace) -> int:
    """The run is a worker's affair."""
    if args.json:
        terminal.print_json(begun.to_dict())
    else:
        print(begun.id)
    if not args.quiet and opened.remark_worker():
        terminal.say(f"See how it goes: connector workflow status {begun.id}")
    return exit_codes.DONE


def _followed(opened: DurableClient, run: Run, args: Namespace) -> Run:
    """The run as it ended; its steps are told as they end."""
    from connector.runs.worker.foreground import Foreground

    stopped = ""
    try:
        with Foreground(opened.home, [opened.connector.integration], drain=_DRAIN) as worker:
            try:
                return _watched(opened, run, worker, args)
            except KeyboardInterrupt:
                stopped = _stopped(run, worker, args)
    except KeyboardInterrupt:
        terminal.say("Left at once. What was under way is taken up by the next worker.")
        os._exit(exit_codes.INTERRUPTED)  # as if it were killed, which nothing is lost by
    raise KeyboardInterrupt(stopped, {"run": run.id, "billed": "unknown"})


def _watched(opened: DurableClient, run: Run, worker: Foreground, args: Namespace) -> Run:
    seen, tended = 0, time.monotonic()
    with Progress(run.title, quiet=args.quiet) as progress:
        while True:
            with worker.look():
                now = opened.runs.get(run.id)
                for event in opened.runs.events(run.id, seen):
                    seen = event.seq
                    if event.kind in ("step", "warning") and not args.quiet:
                        progress.tell(str(event.data.get("sentence", "")))
                if now.has_ended:
                    return now
                if time.monotonic() - tended >= _TEND:
                    worker.tend()
                    tended = time.monotonic()
                time.sleep(_LOOK_AGAIN)


def _stopped(run: Run, worker: Foreground, args: Namespace) -> str:
    """What is to be said of a Ctrl-C."""
    more = f"See it with: connector workflow status {run.id}"
    if not worker.is_own:
        return f"Interrupted. The worker goes on with it. {more}"
    if not args.quiet:
        wait = f"what is under way has {_DRAIN:g} s for its answers"
        terminal.say(f"\nStopping: {wait}. Ctrl-C again leaves at once.")
    return f"Interrupted. The next worker goes on with it: connector worker. {more}"


def _end(opened: DurableClient, run: Run, folder: str, args: Namespace) -> int:
    """Saves the files, also those that were made before it stopped, and tells what it cost."""
    from connector.cli.report.durable_client import failure_of

    paths = save_files.save(opened, run, folder)
    failure: ConnectorError | None = None if run.state == "succeeded" else failure_of(run)
    if args.json and failure is None:
        terminal.print_json(run.to_dict() | {"files": paths, "steps": _steps_told(opened, run)})
        return exit_codes.DONE
    for path in paths if failure is None else ():
        print(path)
    if not args.quiet and not args.json:
        for line in (*_costs(opened, run), *_ways_on(run)):
            terminal.say(line)
        for path in paths if failure else ():
            terminal.say(f"What was delivered is in {path}")
    if failure is not None:
        raise failure
    return exit_codes.DONE


def status(opened: DurableClient, run: Run, args: Namespace) -> int:
    """What each step of a run did, and what it cost."""
    if args.json:
        terminal.print_json(run.to_dict() | {"steps": _steps_told(opened, run)})
        return exit_codes.DONE
    ended = run.state if run.outcome in (None, run.state) else f"{run.state} ({run.outcome})"
    print(f"{terminal.paint(run.title, 'bold')} ({run.action}) in {run.environment}: {ended}")
    print("\n".join(_costs(opened, run)))
    if not run.has_ended and not args.quiet:
        opened.remark_worker()
    return exit_codes.DONE


def _steps(opened: DurableClient, run: Run) -> Sequence[Run]:
    return opened.runs.list(parent=run.id, limit=10_000)[::-1]


def _steps_told(opened: DurableClient, run: Run) -> list[dict[str, Any]]:
    names = ("id", "place", "action", "state", "outcome", "credits", "billed", "seconds")
    return [{name: getattr(step, name) for name in names} for step in _steps(opened, run)]


def _costs(opened: DurableClient, run: Run) -> Iterator[str]:
    rows = [(step.place or "", step.action, step.state, _credits(step)) for step in _steps(opened, run)]
    total = _credits(run) if run.has_ended else "so far"
    yield from terminal.columns([*rows, ("in all", "", run.outcome or run.state, total)])


def _credits(run: Run) -> str:
    if not run.has_ended:
        return ""
    if run.credits is None:
        return "not known"
    return amounts.credits(run.credits) + (
        "" if run.billed == "yes" or not run.credits else f" ({run.billed})"
    )


def _ways_on(run: Run) -> Iterator[str]:
    if run.outcome == "partial":
        yield "Some of its steps gave nothing; see them with: connector jobs list --of " + run.id
    if run.state == "failed":
        yield f"Go on where it stopped, and pay for no step again: connector jobs retry {run.id}"
