"""``connector batch``, once it is parsed: checked, written down, and done while somebody watches."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connector.cli.parsing.batch_order import order
from connector.cli.parsing.parser import folder_of
from connector.cli.report import dry_run, output_path
from connector.cli.report.durable_client import DurableClient, desk
from connector.cli.report.watch_batch import Watch
from connector.cli.terminal import terminal
from connector.cli.terminal.progress import Progress
from connector.engine.sources import Sources
from connector.errors import InvalidArguments, Problem
from connector.runs.batch import create, stop
from connector.runs.batch.create import BatchOrder, Plan
from connector.runs.batch.dry_run import DryRun
from connector.runs.batch.refresh import RowChanges
from connector.runs.batch.store import Batch, Batches
from connector.runs.batch.submit_row import FileShelf
from connector.runs.batch.tables import RESULTS, RESULTS_CSV

# So many numbers of rows are told; of the others, how many there are.
_MOST = 10


def run(args: Namespace, words: Sequence[str]) -> int:
    """Does what is asked for; the exit code."""
    with desk(folder_of(args)) as place:
        wanted = order(args, place.connector)
        batches = Batches(place.connector.workspace.database)
        with Progress("Checking the rows", quiet=args.quiet):
            planned = _planned(place, batches, wanted)
        if args.dry_run:
            return dry_run.show(place.connector, wanted, planned.found, args)
        _check_folder(wanted, planned.batch)
        with Progress("Writing the rows down", quiet=args.quiet):
            # On a server's database, whoever works may not see the files of this machine.
            shelf = FileShelf(place.files) if place.connector.workspace.database.url else None
            batch, news = create.write_down(batches, planned, shelf)
        tries = {"failed": args.retry_failed, "unknown": args.retry_unknown}
        again = stop.go_on(batches, place.runs, batch.id, **tries)
        if not args.quiet:
            for line in _notes(wanted, batch, planned.found, news, again):
                terminal.say(terminal.clean(line))
        return Watch(place, batches, batch, args, words).run()


def _planned(place: DurableClient, batches: Batches, wanted: BatchOrder) -> Plan:
    def by_request(given: Mapping[str, Any]) -> float | None:
        where = {"environment": wanted.environment, "connection": wanted.connection or None}
        return place.connector.estimate(wanted.subject.id, given, **where).credits

    sources = Sources(urls=None, references=place.files.resolve)
    return create.plan(batches, wanted, place.connector.integration, sources, by_request)


def _check_folder(wanted: BatchOrder, batch: Batch | None) -> None:
    """Results of something else are not mixed with ours."""
    folder = wanted.directory
    output_path.check(f"{folder}/", as_json=False)
    there = [name for name in (RESULTS, RESULTS_CSV) if (folder / name).exists()]
    if batch is None and there:
        sentence = f"{folder / there[0]} is there already, of something else; choose another folder"
        raise InvalidArguments([Problem("output", sentence)], said="the results have no place")


def _notes(wanted: BatchOrder, batch: Batch, found: DryRun, news: RowChanges, again: int) -> Iterator[str]:
    """What a person might not expect."""
    yield from (f"Note: {note}" for note in (*wanted.rows.notes, *found.warnings))
    if news.new == batch.total:
        return
    yield f"Going on with {batch.name}: {found.done_rows:,} of {batch.total:,} rows are done."
    source = wanted.rows.source.name
    yield from _counted(news.new, "is new", "are new")
    changed = "changed, and is done as it is now", "changed, and are done as they are now"
    yield from _counted(news.changed, *changed)
    gone = f"no longer in {source}, and"
    yield from _counted(news.gone, f"is {gone} is left out", f"are {gone} are left out")
    listed = ", ".join(map(str, news.late[:_MOST])) + (", ..." if len(news.late) > _MOST else "")
    late = (
        "changed after it was done, and stays as it is",
        "changed after they were done, and stay as they are",
    )
    yield from _counted(len(news.late), *(f"{said}: {listed}" for said in late))
    yield from _counted(again, "is done again", "are done again")


def _counted(count: int, one: str, several: str) -> Iterator[str]:
    """So many rows of which something is to be said, if there are any."""
    if count:
        yield f"  {count:,} row{'' if count == 1 else 's'} {one if count == 1 else several}"
