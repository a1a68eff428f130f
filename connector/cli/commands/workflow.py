"""``connector workflow``: recipes of several actions, listed, shown, checked and run."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli.parsing import find_action
from connector.cli.parsing.parser import Parser, folder_of, subcommand
from connector.cli.report import exit_codes
from connector.cli.terminal import terminal

if TYPE_CHECKING:
    from connector.runs.workflow.model import Step, Workflow
    from connector.storage.runs.model import Run


def run(words: list[str]) -> int:
    name = subcommand("workflow", words, ("run", *_COMMANDS))
    if name == "run":
        from connector.cli.commands import workflow_run

        return workflow_run.run(words[1:])
    description, word, act = _COMMANDS[name]
    parser = Parser(f"workflow {name}", description)
    if word:
        metavar, nargs, said = word
        parser.add_argument("word", metavar=metavar, nargs=nargs, help=said)
    args = parser.read(words[1:])
    return act(args)


def _list(args: Namespace) -> int:
    from connector.runs.workflow import load

    integration = find_action.integration(folder_of(args))
    found = [load.find(integration, name) for name in load.names(integration)]
    if args.json:
        terminal.print_json({"workflows": [one.to_dict() for one in found]})
    elif found:
        print("\n".join(terminal.columns((one.id, one.title, _first(one.description)) for one in found)))
        if not args.quiet:
            terminal.say("\n`connector workflow show NAME` tells more.")
    elif not args.quiet:
        terminal.say(f"{integration.name} has no workflows.")
    return exit_codes.DONE


def _first(text: str) -> str:
    """The first sentence of a text."""
    return " ".join(text.split()).partition(". ")[0].rstrip(".")


def _show(args: Namespace) -> int:
    from connector.cli.parsing.runnable import workflow_of

    workflow = workflow_of(args.word, find_action.integration(folder_of(args)))
    if args.json:
        terminal.print_json(workflow.to_dict())
        return exit_codes.DONE
    print("\n".join(_page(workflow)))
    return exit_codes.DONE


def _page(workflow: Workflow) -> Iterator[str]:
    from connector.cli.commands.workflow_run import option_names
    from connector.spec.schema import describe

    yield f"{terminal.paint(workflow.title, 'bold')} ({workflow.id})"
    yield from terminal.wrapped(workflow.description)
    yield from ("", terminal.paint("Steps", "bold"))
    yield from terminal.columns(map(_step, workflow.steps))
    yield from ("", terminal.paint("Inputs", "bold"))
    for name, option in option_names(workflow).items():
        schema = workflow.parameters[name]
        need = "Required. " if name in workflow.required else ""
        yield f"  {terminal.paint(option, 'bold')}"
        yield from terminal.wrapped(f"{need}{schema['description'].strip()}", "      ")
        yield from (
            terminal.paint(line, "dim") for line in terminal.wrapped(describe.whole(schema), "      ")
        )
    yield from ("", terminal.paint("Outputs", "bold"), f"  {', '.join(workflow.outputs)}")
    if workflow.notes:
        yield from ("", terminal.paint("Notes", "bold"))
        yield from (line for note in workflow.notes for line in terminal.wrapped(note, "    ", "  - "))


def _step(step: Step) -> tuple[str, ...]:
    often = "for each item" if step.for_each is not None else ""
    when = "only in some cases" if step.when else ""
    return step.id, step.title, step.action or f"make {step.make}", ", ".join(filter(None, (often, when)))


def _check(args: Namespace) -> int:
    """Every problem as FILE:LINE: PATH: SENTENCE, as `check` tells those of an integration."""
    from connector.cli.commands import check as integration_check
    from connector.runs.workflow import check, read

    integration = find_action.integration(folder_of(args))
    path = Path(args.word).expanduser()
    found = check.problems(read.source(path, args.word), integration, path)
    return integration_check.show(found, args, args.word)


def _status(args: Namespace) -> int:
    from connector.cli.commands import workflow_run
    from connector.cli.report.durable_client import desk

    with desk(folder_of(args)) as opened:
        if args.word is not None:
            return workflow_run.status(opened, opened.runs.get(args.word), args)
        found = opened.runs.list(kind="workflow", limit=20)
    if args.json:
        terminal.print_json({"runs": [one.to_dict() for one in found]})
    elif found:
        print(terminal.table(("run", "state", "workflow", "credits", "asked for"), map(_run, found)))
    elif not args.quiet:
        terminal.say("No workflow was run yet. Begin with: connector workflow list")
    return exit_codes.DONE


def _run(run: Run) -> tuple[str, ...]:
    from connector.storage.database.database import timestamp

    ended = run.state if run.outcome in (None, "success", run.state) else f"{run.state} ({run.outcome})"
    credits = "" if run.credits is None else f"{run.credits:g}"
    return run.id, ended, run.action, credits, timestamp(run.created)


_Word = tuple[str, str | None, str]
# what it does, its word, and the act
_COMMANDS: dict[str, tuple[str, _Word | None, Callable[[Namespace], int]]] = {
    "list": ("Lists the workflows of the integration.", None, _list),
    "show": ("Tells all about a workflow.", ("NAME", None, "its id, or its file"), _show),
    "check": ("Names every problem in a workflow's file.", ("FILE", None, "the workflow's file"), _check),
    "status": (
        "Lists the runs of workflows; or tells of one what each step did, and what it cost.",
        ("ID", "?", "the run"),
        _status,
    ),
}
