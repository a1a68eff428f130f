"""The results of a batch wherever it was begun: its files and its table, as it stands."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from connector.media import Media
from connector.runs.batch import tables
from connector.runs.batch.output_folder import entry_of, stem_of
from connector.runs.batch.row import BatchRow
from connector.runs.batch.row_store import BatchRows
from connector.runs.service import run_files
from connector.storage.runs.history import History, Run

# A longer text is cut where it tells a row from others.
_LONGEST = 120


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
    for entry in entries(rows, history):
        yield tables.line(entry, inputs).encode()


def entries(rows: BatchRows, history: History) -> Iterator[tables.Entry]:
    """The rows in their order as the tables show them; a file stands as its reference."""
    for row, run in each(rows, history):
        names = [] if run is None else [f"file:{file_id}" for _, file_id in run_files.made(run)]
        yield entry_of(row, run, names)


def differences(rows: Sequence[Mapping[str, Any]], opened: Callable[[str], Media | None]) -> list[str]:
    """What tells each set of inputs from the others: those that are not the same in all; of one row all.

    ``opened`` is the file that a text stands for, which is told by its name; None where it stands for none.
    """
    given = [{name: value for name, value in row.items() if value is not None} for row in rows]
    known = dict.fromkeys(chain.from_iterable(given))
    names = [
        name for name in known if len(given) == 1 or any(row.get(name) != given[0].get(name) for row in given)
    ]
    said = ({name: _said(row[name], opened) for name in names if name in row} for row in given)
    return [", ".join(f"{name}: {value}" for name, value in each.items()) for each in said]


def _said(value: Any, opened: Callable[[str], Media | None]) -> str:
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    media = opened(value)
    return value[:_LONGEST] if media is None else media.name
