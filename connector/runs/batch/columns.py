"""Columns become inputs: which input each is for, and what its texts are by that input's schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from connector.engine.arguments import Taker
from connector.errors import InvalidArguments, Problem
from connector.runs.batch.csv_jsonl import Files, Item, ItemSource, Table
from connector.spec.model import JsonSchema
from connector.spec.schema import coerce
from connector.spec.schema.suggest import nearest, same

# What the one column of a source that is files is called.
FILE = "file"


class Runnable(Taker, Protocol):
    """What is done with each row: an action or a workflow."""

    @property
    def id(self) -> str: ...
    @property
    def inputs(self) -> JsonSchema: ...


@dataclass(frozen=True, slots=True)
class Naming:
    """How columns are named: ``mapping`` leads from columns to inputs, and to "" for those that are none.

    ``label`` is the column whose texts name what is made of the rows. ``option`` is what a caller gives the
    mapping by, and ``said`` how one column is mapped there, in their own words.
    """

    mapping: Mapping[str, str]
    label: str | None = None
    option: str = "columns"
    said: Callable[[str, str], str] = lambda column, wanted: f"columns: {json.dumps({column: wanted})}"


@dataclass(frozen=True, slots=True)
class RowValues:
    """What an item gives: values by input, a label where one is named, and what is wrong, by column."""

    values: Mapping[str, Any]
    label: str = ""
    wrong: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _ColumnTarget:
    """Where the texts of a column go: an input, or an entry of one that is an object."""

    column: str
    input: str
    entry: str | None
    schema: JsonSchema


def reader(source: ItemSource, subject: Runnable, naming: Naming) -> Callable[[Item], RowValues]:
    """What reads the items of a source. Raises InvalidArguments with every column that is wrong."""
    if isinstance(source, Table):
        return _Cells(source, subject, naming)
    if isinstance(source, Files):
        return _OneFile(_file_input(source, subject, naming))
    return _Entries(subject, naming)


class _Cells:
    """Reads the texts of a table."""

    def __init__(self, table: Table, subject: Runnable, naming: Naming) -> None:
        self._label = None
        self._places: list[_ColumnTarget | None] = []
        self._nameless = [at for at, column in enumerate(table.columns) if not column]
        problems = [*_unmapped(table, naming)]
        for at, column in enumerate(table.columns):
            if column == naming.label:
                self._label = at
            place = _placed(column, subject, naming)
            self._places.append(place if isinstance(place, _ColumnTarget) else None)
            if isinstance(place, str):
                problems.append(Problem(column, place, table.name, table.header_line))
        problems += _twice(table, self._places)
        if problems:
            raise InvalidArguments(problems, subject.title, "the columns cannot be used")

    def __call__(self, item: Item) -> RowValues:
        cells = item.values
        assert not isinstance(cells, Mapping)
        values: dict[str, Any] = {}
        for place, cell in zip(self._places, cells, strict=False):
            if place is not None and cell and not cell.isspace():
                _put(values, place, cell)
        label = "" if self._label is None or self._label >= len(cells) else cells[self._label]
        return RowValues(values, label, tuple(self._astray(cells)))

    def _astray(self, cells: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Cells that are in no column."""
        count = len(self._places)
        if any(map(str.strip, cells[count:])):
            yield (
                "",
                f"has {len(cells)} values for {count} columns; quote a value that has the separator in it",
            )
        if any(cells[at].strip() for at in self._nameless if at < len(cells)):
            yield "", "has a value in a column that has no name"


def _put(values: dict[str, Any], place: _ColumnTarget, cell: str) -> None:
    schema = place.schema
    if coerce.is_only(schema, "array"):
        found: Any = coerce.listed(schema, [cell.strip()], coerce.value)
    else:
        found = coerce.value(schema, cell if "string" in coerce.types(schema) else cell.strip())
    if place.entry is not None:
        values.setdefault(place.input, {})[place.entry] = found
    elif isinstance(found, list) and isinstance(values.get(place.input), list):
        values[place.input] += found
    else:
        values[place.input] = found


def _placed(column: str, subject: Runnable, naming: Naming) -> _ColumnTarget | str | None:
    """Where a column goes, None where it is left out, or what is wrong with it."""
    wanted = naming.mapping.get(column, column)
    if not wanted:
        return None
    known = subject.parameters
    name = wanted if wanted in known else next((one for one in known if same(one, wanted)), None)
    if name is not None:
        return _ColumnTarget(column, name, None, known[name])
    outer, dot, inner = wanted.partition(".")
    if dot and "object" in coerce.types(known.get(outer, {})):
        return _ColumnTarget(column, outer, inner, coerce.entry(known[outer], inner))
    return None if column == naming.label else _unknown(column, wanted, subject, naming)


def _unknown(column: str, wanted: str, subject: Runnable, naming: Naming) -> str:
    near = nearest(wanted, subject.parameters)
    if wanted != column:
        return f"is mapped to {wanted!r}, which is no input of {subject.title}{near}"
    how = f"ap it ({naming.said(column, 'INPUT')}), or leave the column out ({naming.said(column, '')})"
    return f"is no input of {subject.title}{f'{near} M' if near else '; m'}{how}"


def _unmapped(table: Table, naming: Naming) -> list[Problem]:
    """Columns that are spoken of, and are not there."""
    spoken = [(naming.option, column) for column in naming.mapping]
    spoken += [("name_by", naming.label)] if naming.label is not None else []
    return [
        Problem(option, f"there is no column {column!r} in {table.name}{nearest(column, table.columns)}")
        for option, column in spoken
        if column not in table.columns
    ]


def _twice(table: Table, places: Sequence[_ColumnTarget | None]) -> list[Problem]:
    """Two columns for one input, unless it is a list."""
    seen: dict[tuple[str, str | None], str] = {}
    found = []
    for place in places:
        if place is None or coerce.is_only(place.schema, "array"):
            continue
        key = (place.input, place.entry)
        if key in seen:
            sentence = f"is for the input {place.input!r}, and so is the column {seen[key]!r}; leave one out"
            found.append(Problem(place.column, sentence, table.name, table.header_line))
        seen[key] = place.column
    return found


class _Entries:
    """Reads objects, whose values are what they are."""

    def __init__(self, subject: Runnable, naming: Naming) -> None:
        self._subject = subject
        self._naming = naming
        self._known: dict[str, _ColumnTarget | str | None] = {}

    def __call__(self, item: Item) -> RowValues:
        entries = item.values
        assert isinstance(entries, Mapping)
        values: dict[str, Any] = {}
        wrong: list[tuple[str, str]] = []
        for name, value in entries.items():
            place = self._place(name)
            if isinstance(place, str):
                wrong.append((name, place))
            elif place is not None and value is not None:
                _set(values, place, value)
        label = entries.get(self._naming.label or "")
        return RowValues(values, "" if label is None else str(label), tuple(wrong))

    def _place(self, name: str) -> _ColumnTarget | str | None:
        if name not in self._known:
            if len(self._known) > 1000:  # names that are all different are a mistake, and not kept
                return _placed(name, self._subject, self._naming)
            self._known[name] = _placed(name, self._subject, self._naming)
        return self._known[name]


def _set(values: dict[str, Any], place: _ColumnTarget, value: Any) -> None:
    if place.entry is None:
        values[place.input] = value
    else:
        values.setdefault(place.input, {})[place.entry] = value


@dataclass(frozen=True, slots=True)
class _OneFile:
    """Reads a file, for the one input that takes it."""

    input: str

    def __call__(self, item: Item) -> RowValues:
        assert not isinstance(item.values, Mapping)
        return RowValues({self.input: item.values[0]})


def _file_input(source: ItemSource, subject: Runnable, naming: Naming) -> str:
    """The input that takes the files of a source: the one that is named, else the only one there is."""
    named = naming.mapping.get(FILE)
    if named is not None and named in subject.files:
        return named
    required = [name for name in subject.files if name in subject.inputs.get("required", ())]
    for only in (subject.files, required):
        if named is None and len(only) == 1:
            return only[0]
    raise InvalidArguments(
        [Problem(naming.option, _which(named, subject, naming))], subject.title, "the files cannot be used"
    )


def _which(named: str | None, subject: Runnable, naming: Naming) -> str:
    if not subject.files:
        return "no input of it takes a file; give a .csv or .jsonl file with a row for each use"
    if named is not None:
        return f"{named!r} is no input that takes a file{nearest(named, subject.files)}"
    listed = ", ".join(subject.files)
    return f"several inputs take a file ({listed}); say which one: {naming.said(FILE, subject.files[0])}"
