"""The results of a batch wherever it was begun: its files and its table, as it stands."""

from __future__ import annotations

from collections.abc import Iterator

from connector.runs.batch import tables
from connector.runs.batch.output_folder import entry_of, stem_of
from connector.runs.batch.row import BatchRow
from connector.runs.batch.row_store import BatchRows
from connector.runs.service import run_files
from connector.storage.runs.history import History, Run


def each(rows: BatchRows, history: History) -> Iterator[tuple[BatchRow, Run | None]]:
    """The rows in their order, each with the run that did it last."""
    after = 0
    while window := rows.rows(after):
        yield from ((row, history.find(row.run_id)) for row in window)
        after = window[-1].number


def files(rows: BatchRows, history: History) -> Iterator[tuple[str, str]]:
    """The files of all rows, by how their names begin and their ids."""
    for row, run in each(rows, history):
        found = [] if run is None else [*run_files.made(run)]
        yield from ((stem_of(row, title if len(found) > 1 else ""), file_id) for title, file_id in found)


def table(rows: BatchRows, history: History) -> Iterator[bytes]:
    """What became of each row as CSV, a line at a time; a file stands as its reference."""
    inputs = [*dict.fromkeys(name for row, _ in each(rows, history) for name in row.inputs)]
    yield tables.heading(inputs).encode()
    for row, run in each(rows, history):
        names = [] if run is None else [f"file:{file_id}" for _, file_id in run_files.made(run)]
        yield tables.line(entry_of(row, run, names), inputs).encode()
