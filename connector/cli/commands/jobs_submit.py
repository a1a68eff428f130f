"""``connector jobs submit``: an invocation that outlasts this command is written down."""

from __future__ import annotations

from connector.cli.parsing import invoke_options
from connector.cli.parsing.invoke_options import ParsedCommand
from connector.cli.parsing.parser import Parser
from connector.cli.terminal import terminal
from connector.errors import NeedsConfirmation


def run(words: list[str]) -> int:
    asked = invoke_options.read("jobs submit", words, _add_answer_options)
    from connector.cli.report.invocation import confirmed

    return confirmed(asked, lambda: _submit(asked))


def _submit(asked: ParsedCommand) -> int:
    from connector.cli.report.durable_client import desk
    from connector.storage.runs.model import RunSpec

    args = asked.args
    spec = RunSpec(asked.card.id, asked.given, **asked.where, on_filtered=args.on_filtered)
    with desk(asked.folder) as opened:
        preview = opened.connector.preview(asked.card.id, asked.given, **asked.where)
        if doubts := [each for each in preview.warnings if each.severity == "question"]:
            raise NeedsConfirmation(doubts, asked.card.title)
        for warning in () if args.quiet else preview.warnings:
            terminal.say(f"Warning: {terminal.clean(str(warning))}")
        written = opened.runs.submit(spec)
        if args.json:
            terminal.print_json(written.to_dict())
        else:
            print(written.id)
        if not args.quiet and opened.remark_worker():
            terminal.say(f"Wait for it with: connector jobs wait {written.id}")
    return 0


def _add_answer_options(parser: Parser) -> None:
    invoke_options.add_filtered_option(parser.add_argument_group("the answer").add_argument)
