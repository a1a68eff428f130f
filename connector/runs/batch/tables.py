"""Result tables: what became of a batch's rows, one JSON object a line, and the same as CSV.

Lines are added as rows end, so that a table can be read at any moment, whoever was killed meanwhile. A row
that was done again has several lines, of which the last one counts; once everything has ended there is one
line for each row, in their order.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

RESULTS, RESULTS_CSV = "results.jsonl", "results.csv"

# The columns of the CSV, before those of the inputs.
_FIRST = ("row", "state", "outcome", "file", "seed", "credits", "billed", "seconds", "run", "message")
_INPUT = "input."
# What a spreadsheet would reckon with; behind an apostrophe it is text there.
_FORMULA = re.compile(r"[=@\t\r\n]|[-+](?!\d+(\.\d*)?$)")

Entry = Mapping[str, Any]


class Tables:
    """The two tables in a folder. ``inputs`` are the names that have a column each.

    What an earlier process left is taken over: its last line may be torn, and its CSV may lag behind.
    """

    def __init__(self, folder: Path, inputs: Sequence[str]) -> None:
        self._lines = folder / RESULTS
        self._table = folder / RESULTS_CSV
        self._inputs = tuple(inputs)
        self._mend()

    def add(self, entries: Sequence[Entry]) -> None:
        """Adds lines at the end, in one act each."""
        with self._lines.open("a", encoding="utf-8", newline="\n") as lines:
            lines.write("".join(map(_line, entries)))
        with self._table.open("a", encoding="utf-8", newline="") as table:
            table.write(self._text(entries))

    def entries(self) -> Iterator[Entry]:
        """The last entry of each row, in their order."""
        with self._lines.open("rb") as lines:
            places = {row: at for at, row in _places(lines)}
            for _, at in sorted(places.items()):
                lines.seek(at)
                yield json.loads(lines.readline())

    def finish(self) -> None:
        """Writes both anew, with one line for each row."""
        _replace(self._lines, lambda file: file.writelines(map(_line, self.entries())))
        self._write_table()

    def _mend(self) -> None:
        self._lines.touch()
        with self._lines.open("rb+") as lines:
            lines.truncate(_whole(lines))
        self._write_table()

    def _write_table(self) -> None:
        def write(file: IO[str]) -> None:
            file.write(heading(self._inputs))
            file.writelines(self._text([entry]) for entry in self._all())

        _replace(self._table, write)

    def _all(self) -> Iterator[Entry]:
        with self._lines.open("rb") as lines:
            yield from map(json.loads, lines)

    def _text(self, entries: Iterable[Entry]) -> str:
        return "".join(line(entry, self._inputs) for entry in entries)


def heading(inputs: Iterable[str]) -> str:
    """The first line of the CSV."""
    return _row([*_FIRST, *(_INPUT + name for name in inputs)])


def line(entry: Entry, inputs: Iterable[str]) -> str:
    """The line of a row in the CSV."""
    given = entry.get("inputs", {})
    return _row([*(_cell(entry.get(name)) for name in _FIRST), *(_cell(given.get(name)) for name in inputs)])


def _line(entry: Entry) -> str:
    return json.dumps(entry, ensure_ascii=False) + "\n"


def _row(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, str):
        return f"'{value}" if _FORMULA.match(value) else value
    return json.dumps(value, ensure_ascii=False)


def _places(lines: IO[bytes]) -> Iterator[tuple[int, int]]:
    """Where each line begins, and of which row it is."""
    at = 0
    for line in lines:
        yield at, json.loads(line)["row"]
        at += len(line)


def _whole(lines: IO[bytes]) -> int:
    """How much of the file is whole lines."""
    end = lines.seek(0, os.SEEK_END)
    while end:
        begin = max(0, end - 65536)
        lines.seek(begin)
        found = lines.read(end - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0


def _replace(path: Path, write: Callable[[IO[str]], None]) -> None:
    """The file anew, whole or not at all."""
    draft = path.with_name(f".{path.name}.part")
    with draft.open("w", encoding="utf-8", newline="") as file:
        write(file)
    draft.replace(path)
