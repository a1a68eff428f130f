"""``connector worker``: does the durable runs that are submitted, by whomever, until it is stopped."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from connector.cli.parsing import find_action, numbers
from connector.cli.parsing.parser import Parser, folder_of
from connector.cli.report import exit_codes
from connector.cli.terminal import terminal
from connector.engine.connector import Connector
from connector.spec.schema import amounts
from connector.storage.database.database import Database
from connector.storage.home import home
from connector.storage.runs.history import History
from connector.storage.runs.model import OPEN, Run


def run(words: list[str]) -> int:
    args = _parser().read(words)
    return asyncio.run(_work(args))


def _parser() -> Parser:
    parser = Parser("worker", usage="[FOLDER...] [OPTIONS]")
    add = parser.add_argument
    add("folders", metavar="FOLDER", nargs="*", help="integrations to work for beside the first")
    add("--concurrency", metavar="N", type=numbers.count(), default=32, help="requests at once (default: 32)")
    flight = "runs under way, most of which wait for their jobs (default: 1000)"
    add("--in-flight", metavar="N", type=numbers.count(), default=1000, help=flight)
    drain = "how long requests may take to end in a stop (default: 30)"
    add("--drain", metavar="SECONDS", type=numbers.seconds, default=30.0, help=drain)
    database = "a PostgreSQL database that workers share (default: CONNECTOR_DATABASE)"
    add("--database", metavar="URL", help=database)
    return parser


async def _work(args: Namespace) -> int:
    """Works until a signal says that it is enough."""
    from connector.runs.worker.worker import Worker

    folders = (folder_of(args), *args.folders)
    stop = _Stop(args)
    worker = Worker(
        home(),
        [find_action.integration(folder) for folder in folders],
        database=Database(args.database) if args.database else None,
        concurrency=args.concurrency,
        in_flight=args.in_flight,
        drain=args.drain,
        on_change=lambda run: _tell(run, args),
    )
    async with worker:
        stop.listen()
        _remark(args, f"At work for {worker.place}. Ctrl-C stops it.")
        await stop.wait()
    _remark(args, _left_over(folders[0], args.database))
    return exit_codes.DONE


class _Stop:
    """The first signal asks for a good end, and the second one for an end."""

    def __init__(self, args: Namespace) -> None:
        self._args = args
        self._asked = asyncio.Event()

    def listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._hear)

    async def wait(self) -> None:
        await self._asked.wait()

    def _hear(self) -> None:
        if self._asked.is_set():
            _remark(self._args, "\nLeft at once. What was under way is taken up by the next worker.")
            os._exit(exit_codes.INTERRUPTED)  # as if it were killed, which nothing is lost by
        self._asked.set()
        wait = f"requests under way have {self._args.drain:g} s for their answers"
        _remark(self._args, f"\nStopping: {wait}, and jobs go on upstream. Ctrl-C again leaves at once.")


def _left_over(folder: str, database: str | None) -> str:
    """What the next worker will find."""
    with Connector(find_action.integration(folder), database=database) as connector:
        history = History(connector.workspace.database)
        left = sum(len(history.list(durable=True, state=state, limit=numbers.PLENTY)) for state in OPEN)
    if not left:
        return "Stopped; everything is done."
    return f"Stopped; {left} run{'s are' if left > 1 else ' is'} left for the next worker."


def _tell(run: Run, args: Namespace) -> None:
    """A line for a run that has ended. It is called in a thread of the engine's."""
    if args.json:
        print(json.dumps(_facts(run), ensure_ascii=False), flush=True)
    elif not args.quiet:
        print(terminal.clean("  ".join(_cells(run))), flush=True)


def _facts(run: Run) -> dict[str, Any]:
    names = ("id", "kind", "action", "environment", "state", "outcome", "credits", "billed", "seconds")
    linked = {name: getattr(run, name) for name in ("parent", "place", "batch", "row") if getattr(run, name)}
    error = {"message": run.error["message"]} if run.error else {}
    return {name: getattr(run, name) for name in names} | linked | error


def _cells(run: Run) -> Iterator[str]:
    yield f"{run.state:<9}"
    yield run.action + (f" ({run.place})" if run.place else "")
    if run.credits or run.state == "succeeded":
        yield "unknown credits" if run.credits is None else amounts.credits(run.credits)
    if run.seconds is not None:
        yield f"{run.seconds:.1f} s"
    yield run.id
    if run.error:
        yield str(run.error["message"]).splitlines()[0]


def _remark(args: Namespace, line: str) -> None:
    if not args.quiet and not args.json:
        terminal.say(line)
