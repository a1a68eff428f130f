"""``connector batch list``, ``show`` and ``cancel``: the batches of this machine."""

from __future__ import annotations

import shlex
from argparse import Namespace
from collections.abc import Callable, Iterator

from connector.cli.parsing.parser import Parser, folder_of
from connector.cli.report.durable_client import DurableClient, desk
from connector.cli.terminal import terminal
from connector.runs.batch import stop
from connector.runs.batch.row import BatchRow, Counts
from connector.runs.batch.store import Batch, Batches
from connector.spec.schema import amounts

# Rows that are told one by one.
_MOST = 20
_LISTED = 1000


def run(words: list[str]) -> int:
    name, *rest = words
    description, metavar, act = COMMANDS[name]
    parser = Parser(f"batch {name}", description)
    if metavar:
        parser.add_argument(
            "batch", metavar=metavar, help="its name or id; `connector batch list` tells them"
        )
    args = parser.read(rest)
    with desk(folder_of(args)) as place:
        return act(place, Batches(place.connector.workspace.database), args)


def _list(place: DurableClient, batches: Batches, args: Namespace) -> int:
    found = [(batch, batches.rows(batch.id).counts()) for batch in batches.list(_LISTED)]
    if args.json:
        terminal.print_json({"batches": [batch.to_dict() | counts.to_dict() for batch, counts in found]})
    elif found:
        heading = ("batch", "subject", "environment", "state", "rows", "")
        print(terminal.table(heading, (_cells(batch, counts) for batch, counts in found)))
    elif not args.quiet:
        terminal.say("There is no batch yet. Begin one with: connector batch ACTION ITEMS -o DIR")
    return 0


def _cells(batch: Batch, counts: Counts) -> tuple[str, ...]:
    failed = counts.of("failed", "unknown")
    done = f"{counts.of('succeeded'):,} of {batch.total:,}"
    cost = amounts.credits(counts.credits) + (f", {failed:,} failed" if failed else "")
    return batch.name, batch.subject, batch.environment, batch.state, done, cost


def _show(place: DurableClient, batches: Batches, args: Namespace) -> int:
    batch = batches.get(args.batch)
    rows = batches.rows(batch.id)
    counts, failed = rows.counts(), rows.failed(_MOST)
    if args.json:
        listed = [{"row": row.number, "label": row.label, **_failure(row)} for row in failed]
        terminal.print_json(batch.to_dict() | counts.to_dict() | {"failures": listed})
        return 0
    print("\n".join([terminal.paint(batch.name, "bold"), *terminal.columns(_facts(batch, counts))]))
    if failed:
        print("\n".join(["", *terminal.columns(map(_failed_cells, failed))]))
        more = counts.of("failed", "unknown") - len(failed)
        if more > 0:
            print(f"  ... and {more:,} more; results.csv has all of them")
    return 0


def _facts(batch: Batch, counts: Counts) -> Iterator[tuple[str, str]]:
    yield "id", batch.id
    yield "does", f"{batch.subject} ({batch.kind})"
    yield "where", batch.environment + (f", connection {batch.connection}" if batch.connection else "")
    yield "state", batch.state + (f": {batch.message}" if batch.message else "")
    yield "rows", ", ".join(f"{count:,} {state}" for state, count in counts.rows.items())
    limit = batch.limit_credits
    unsure = f", {counts.uncertain:g} of them not certain" if counts.uncertain else ""
    allowed = f" of at most {limit:g}" if limit is not None else ""
    yield "cost", f"{amounts.credits(counts.credits)}{allowed}{unsure}"
    yield "source", batch.source
    yield "results", str(batch.directory)


def _failure(row: BatchRow) -> dict[str, str | None]:
    return {"outcome": row.outcome, "billed": row.billed, "message": row.message, "run": row.run_id}


def _failed_cells(row: BatchRow) -> tuple[str, ...]:
    first = (row.message or "").partition("\n")[0]
    return f"row {row.number}", row.label, row.outcome or row.state, first


def _cancel(place: DurableClient, batches: Batches, args: Namespace) -> int:
    batch, left = stop.cancel(batches, place.runs, args.batch)
    counts = batches.rows(batch.id).counts()
    said = [f"{batch.name} is cancelled: {counts.of('pending'):,} rows are left undone."]
    if left:
        said.append(f"{len(left):,} requests had left and cannot be taken back; they end by themselves.")
    said.append(f"Its results are in {shlex.quote(str(batch.directory))}; the same command goes on with it.")
    terminal.report(args, batch.to_dict() | counts.to_dict(), *said)
    return 0


COMMANDS: dict[str, tuple[str, str | None, Callable[[DurableClient, Batches, Namespace], int]]] = {
    "list": ("Lists the batches of this machine, newest first.", None, _list),
    "show": ("Tells all about a batch, with its rows that failed.", "BATCH", _show),
    "cancel": ("Stops a batch: nothing more is begun, and jobs are no longer asked for.", "BATCH", _cancel),
}
