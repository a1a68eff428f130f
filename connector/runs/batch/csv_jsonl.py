"""CSV, JSON lines and patterns of files as sources of a batch: one item after the other, however long."""

from __future__ import annotations

import csv
import glob
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connector.errors import InvalidArguments, Problem

# No line of text is longer; what is one line of so much is something else.
_LONGEST = 32 * 1024 * 1024
# What stood for bytes that are no UTF-8 when they were read.
_NO_TEXT = re.compile("[\udc80-\udcff]")
_END = "\x1a"  # what some programs write behind a text, as DOS did
_QUOTED = re.compile(r'"[^"]*"?')


@dataclass(frozen=True, slots=True)
class Item:
    """What stands in one place of a source: texts by column, or values by name.

    ``line`` is where it begins, ``path`` the file that it is; ``wrong`` is why it cannot be read.
    """

    line: int | None
    values: Sequence[str] | Mapping[str, Any] = ()
    wrong: str | None = None
    path: str | None = None


@dataclass(frozen=True)
class Table:
    """A CSV file whose first line names the columns; ``delimiter`` is what stands between them."""

    path: Path
    name: str
    delimiter: str
    columns: tuple[str, ...]
    header_line: int

    @property
    def folder(self) -> Path:
        return self.path.parent

    @property
    def place(self) -> Path:
        return self.path.absolute()

    @property
    def notes(self) -> tuple[str, ...]:
        title = _DELIMITERS[self.delimiter]
        return (f"{self.name} has {title} between its columns",) if self.delimiter != "," else ()

    def items(self) -> Iterator[Item]:
        records = _records(_Lines(self.path), self.delimiter)
        for record in records:
            if record.line == self.header_line:
                break
        yield from (record for record in records if record.wrong or any(map(str.strip, record.values)))


@dataclass(frozen=True)
class Objects:
    """A file with a JSON object in each line."""

    path: Path
    name: str
    notes: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        return self.path.parent

    @property
    def place(self) -> Path:
        return self.path.absolute()

    def items(self) -> Iterator[Item]:
        lines = _Lines(self.path)
        for number, line in enumerate(lines, 1):
            if number in lines.bad:
                yield Item(number, wrong=lines.bad.pop(number))
            elif line.strip():
                yield _object(number, line)


@dataclass(frozen=True)
class Files:
    """Files, each of which is an item: those given, and those that match a pattern, sorted by name."""

    words: tuple[str, ...]
    folder: Path = field(default_factory=Path)
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        more = f" and {len(self.words) - 1} more" if len(self.words) > 1 else ""
        return f"{self.words[0]}{more}"

    @property
    def place(self) -> Path:
        return Path(os.path.commonpath(map(_base, self.words)))

    def items(self) -> Iterator[Item]:
        for word in self.words:
            yield from (Item(None, (path,), path=path) for path in _matching(word))


# Where items come from; it can be gone through any number of times. Its ``folder`` is what paths in it are
# relative to, its ``place`` what it is known by when it has other items, and its ``notes`` are what a person
# might not expect of it.
ItemSource = Table | Objects | Files


def source(words: Sequence[str]) -> ItemSource:
    """The source that somebody names: a table, a file of objects, or files. Raises InvalidArguments."""
    first = Path(words[0]).expanduser()
    if first.suffix.lower() not in _ROWS:
        return _files(words)
    if len(words) > 1:
        raise _wrong(words[0], "is a file of rows; give it alone, or only files that are rows themselves")
    _check_text(first, words[0])
    is_table = first.suffix.lower() in _TABLES
    return _table(first, words[0]) if is_table else Objects(first, words[0])


def _table(path: Path, name: str) -> Table:
    delimiter = _delimiter(path, name)
    for record in _records(_Lines(path), delimiter):
        if record.wrong:
            raise _wrong(name, record.wrong, record.line)
        if delimiter.join(record.values) == _SEPARATOR + delimiter:
            continue
        cells = [str(cell).strip() for cell in record.values]
        if any(cells) and record.line is not None:
            return Table(path, name, delimiter, tuple(cells), record.line)
    raise _wrong(name, "holds nothing; its first line names the columns, and each other line is a row")


_TABLES = (".csv", ".tsv")
_ROWS = (*_TABLES, ".jsonl", ".ndjson")
_HINTS = {
    "": "is no file of rows; give a .csv or .jsonl file, or a pattern such as 'photos/*.png'",
    ".json": "is one JSON document; write an object in each line and call it .jsonl (jq -c '.[]' does)",
    ".txt": "is plain text; name a column in its first line and call it .csv",
    **dict.fromkeys((".xlsx", ".xls", ".ods"), "is a spreadsheet; save it as CSV (UTF-8)"),
    **dict.fromkeys((".yaml", ".yml"), "is YAML; write an object in each line and call it .jsonl"),
}


def _files(words: Sequence[str]) -> Files:
    for word in words:
        if next(_matching(word), None) is None:
            raise _wrong(word, _absent(word))
    # One of several, or of those that match, was meant as it is.
    if len(words) == 1 and Path(words[0]).is_file() and (hint := _HINTS.get(Path(words[0]).suffix.lower())):
        raise _wrong(words[0], hint)
    return Files(tuple(words))


def _absent(word: str) -> str:
    if Path(word).expanduser().is_dir():
        return f"is a folder; name its files by a pattern: '{word.rstrip('/')}/*.png'"
    return "is the name of no file; look at the spelling and the folder"


def _base(word: str) -> Path:
    """The folder that a file or all that match a pattern are in."""
    found = Path(word).expanduser().absolute().parent
    while glob.has_magic(str(found)):
        found = found.parent
    return found


def _matching(word: str) -> Iterator[str]:
    """The files of a name or a pattern."""
    path = str(Path(word).expanduser())
    if Path(path).is_file():
        yield path
        return
    # Sorted, so that a row has the same number each time; names alone fit into memory.
    found = sorted(glob.iglob(path, recursive=True))  # noqa: PTH207 (a Path knows no absolute patterns)
    yield from (each for each in found if Path(each).is_file())


def _check_text(path: Path, name: str) -> None:
    try:
        with path.open("rb") as file:
            begin = file.read(4)
    except OSError as error:
        raise _wrong(name, f"cannot be read: {error.strerror}") from error
    for mark, sentence in _MARKS.items():
        if begin.startswith(mark):
            raise _wrong(name, sentence)


_MARKS = {
    b"PK\x03\x04": "is a spreadsheet or an archive, whatever its name says; save it as CSV (UTF-8)",
    b"\xd0\xcf\x11\xe0": "is a spreadsheet, whatever its name says; save it as CSV (UTF-8)",
    b"\xff\xfe": "is UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "is UTF-16 text; save it as UTF-8",
}
_SEPARATOR = "sep="  # Excel's own first line says what stands between columns
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def _delimiter(path: Path, name: str) -> str:
    """What stands most often between the names of the columns."""
    first = next((line for line in _Lines(path) if line.strip()), "")
    said = first.strip("\r\n").replace('"', "").removeprefix(_SEPARATOR)
    if _SEPARATOR in first and said in _DELIMITERS:
        return said
    bare = _QUOTED.sub("", first)
    return max(_DELIMITERS, key=bare.count)


class _Lines:
    """The lines of a text file, each with its ending. ``bad`` are those that are no text, with why."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.bad: dict[int, str] = {}

    def __iter__(self) -> Iterator[str]:
        with self._path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            number = 0
            while line := file.readline(_LONGEST):
                number += 1
                if len(line) == _LONGEST:
                    self.bad[number] = f"is longer than {_LONGEST // 1024**2} MiB; give files by their paths"
                    yield ""
                    return
                if not line.isascii() and _NO_TEXT.search(line):
                    self.bad[number] = "is not UTF-8 text; save the file as UTF-8 (in Excel: CSV UTF-8)"
                    line = _NO_TEXT.sub("?", line)
                yield line.removesuffix(_END)


def _records(lines: _Lines, delimiter: str) -> Iterator[Item]:
    """The records of a CSV file; one may take several lines."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=delimiter != "\t")
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            lines.bad.clear()
            sentence, may_go_on = _fault(str(error))
            yield Item(line, wrong=sentence)
            if not may_go_on:
                return
            continue
        bad = min(lines.bad, default=None)
        yield Item(line, cells) if bad is None else Item(bad, wrong=lines.bad[bad])
        lines.bad.clear()


def _fault(said: str) -> tuple[str, bool]:
    """What the reader found, as a person would say it, and whether it makes sense to read on."""
    for word, sentence in _FAULTS.items():
        if word in said:
            return sentence, False
    return "has text behind a closing quote; double a quote that is part of the text", True


_OPEN = "opens a quote that is never closed; close it, or double a quote that is part of the text"
_FAULTS = {
    "unexpected end": _OPEN,
    "field larger": f"{_OPEN} (no value may have more than 131,072 characters)",
}


def _object(number: int, line: str) -> Item:
    try:
        found = json.loads(line.strip(), object_pairs_hook=_once, parse_constant=_refused)
    except json.JSONDecodeError as error:
        return Item(number, wrong=f"is no JSON: {error.msg}, at column {error.colno}")
    except (ValueError, RecursionError) as error:
        return Item(number, wrong=f"is no JSON that can be read: {error}")
    if isinstance(found, dict):
        return Item(number, found)
    return Item(number, wrong='is no JSON object; write {"name": value, ...} in each line')


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"it names {twice!r} twice")
    return found


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is no number that JSON knows")


def _wrong(name: str, sentence: str, line: int | None = None) -> InvalidArguments:
    return InvalidArguments([Problem("", sentence, name, line)], said="the rows cannot be read")
