"""The report of an invocation that a command line asks for: made, watched, and what it delivers kept."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from connector.cli.parsing import find_action
from connector.cli.parsing.invoke_options import ParsedCommand
from connector.cli.report import failure, output_path
from connector.cli.report.show_result import Shown
from connector.cli.terminal import terminal
from connector.cli.terminal.progress import Progress
from connector.engine.arguments import with_options
from connector.engine.connector import Connector
from connector.engine.stream import Stream
from connector.errors import Filtered, InvalidArguments, NeedsConfirmation, OutcomeUnknown, Problem
from connector.spec.schema import amounts
from connector.storage.blocking import drive

T = TypeVar("T")


def run(asked: ParsedCommand, words: Sequence[str]) -> int:
    """Does what is asked for; the exit code."""
    _check(asked)
    return confirmed(asked, lambda: _run(asked, words))


def _run(asked: ParsedCommand, words: Sequence[str]) -> int:
    progress = Progress(asked.card.title, quiet=asked.args.quiet, waits=asked.args.wait)
    with Connector(find_action.integration(asked.folder), on_event=progress) as connector:
        if asked.args.estimate:
            return _estimate(connector, asked)
        shown = Shown(connector, asked.args)
        _remark_unknown(connector, asked)
        act = _stream if asked.args.stream else _invoke
        return saved_all_the_same(words, shown, lambda: act(connector, asked, progress, shown))


def _remark_unknown(connector: Connector, asked: ParsedCommand) -> None:
    """Whoever was killed does the same once more, and may have paid for it already."""
    place, environment = (connector.integration.id, asked.card.id), asked.where.get("environment")
    for entry in connector.workspace.ledger.unknown() if asked.card.paid and not asked.args.quiet else ():
        if place == (entry.integration, entry.action) and environment in (None, entry.environment):
            said = f"an earlier use of {asked.card.id} in {entry.environment} is unknown, and may be charged"
            terminal.say(f"The outcome of {said}: {entry.id}. See: connector jobs unknown")
            return


def confirmed(asked: ParsedCommand, act: Callable[[], int]) -> int:
    """The exit code of the act; where it needs a confirmation, somebody at a terminal is asked for it."""
    try:
        return act()
    except NeedsConfirmation as doubt:
        if asked.args.json or not terminal.agreed(f"{doubt.message}\nSend it all the same?"):
            raise
    asked.given = with_options(asked.card, asked.given, {"accept_warnings": True})
    return act()


def saved_all_the_same(words: Sequence[str], shown: Shown, act: Callable[[], int]) -> int:
    """The exit code of the act. Where the upstream filtered the file, it is still the caller's."""
    try:
        return act()
    except Filtered as error:
        path = None
        if error.result is not None and error.result.media is not None:
            with shown.keeping(error.result):
                path = shown.keep(error.result)
        code = failure.ended(error, words, path)
        if path and "--json" not in words:
            terminal.say(f"  What was delivered is in {path}")
        return code


def _check(asked: ParsedCommand) -> None:
    args = asked.args
    if args.stream and "job" in asked.card.spec:
        sentence = "the answer of this action is a job, whose result is fetched whole; leave --stream out"
        raise InvalidArguments([Problem("stream", sentence)], asked.card.title)
    if not args.estimate:
        output_path.check(args, streams=args.stream)


def _estimate(connector: Connector, asked: ParsedCommand) -> int:
    where = {name: value for name, value in asked.where.items() if name != "accept"}
    estimate = connector.estimate(asked.card.id, asked.given, **where)
    if asked.args.json:
        told = {"action": asked.card.id, "credits": estimate.credits, "why": estimate.why}
        terminal.print_json(told)
        return 0
    amount = estimate.credits
    if asked.args.quiet:
        print("unknown" if amount is None else f"{amount:g}")
    else:
        print(f"{'unknown' if amount is None else amounts.credits(amount)} ({estimate.why})")
        terminal.say("Nothing was sent.")
    return 0


def _invoke(connector: Connector, asked: ParsedCommand, progress: Progress, shown: Shown) -> int:
    args = asked.args
    with progress:
        result = interruptible(
            progress,
            asked.card.paid,
            lambda: connector.invoke(
                asked.card.id,
                asked.given,
                **asked.where,
                wait=args.wait,
                on_filtered=args.on_filtered,
                timeout=args.timeout,
            ),
        )
    shown.show(result)
    return 0


def _stream(connector: Connector, asked: ParsedCommand, progress: Progress, shown: Shown) -> int:
    def opened() -> Stream:
        return connector.stream(asked.card.id, asked.given, **asked.where, timeout=asked.args.timeout)

    with progress:
        stream = interruptible(progress, asked.card.paid, opened)
    with stream:
        if asked.args.output not in (None, output_path.STDOUT):
            shown.show(interruptible(progress, asked.card.paid, lambda: drive(stream.collect())))
            return 0
        interruptible(progress, asked.card.paid, lambda: _pour(stream))
    if not asked.args.quiet:
        shown.remark(stream.result)
    return 0


def _pour(stream: Stream) -> None:
    """The bytes to standard output, as they arrive."""
    for chunk in stream:
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()


def interruptible(progress: Progress, paid: bool, act: Callable[[], T]) -> T:
    """The act's outcome; a Ctrl-C says what becomes of what was begun."""
    try:
        return act()
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt(*_left(progress, paid)) from error


def _left(progress: Progress, paid: bool) -> tuple[str, dict[str, str]]:
    if progress.job_id:
        sentence = f"Interrupted. The job goes on; fetch it with: connector result {progress.job_id}"
        return sentence, {"job_id": progress.job_id, "billed": "yes"}
    if not progress.sent:
        return "Interrupted before anything was sent.", {}
    if not paid:
        return "Interrupted. The request had left; it costs nothing.", {}
    sentence = (
        "Interrupted after the request left. Its outcome is written down as unknown: connector jobs unknown"
    )
    return sentence, {"code": OutcomeUnknown.code, "billed": "unknown"}
