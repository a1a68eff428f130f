"""Reading rows: items become sets of inputs, each with a label for what is made of it."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from connector.engine.arguments import each_file, with_options
from connector.errors import Problem
from connector.runs.batch import csv_jsonl
from connector.runs.batch.columns import Naming, Runnable, reader
from connector.runs.batch.csv_jsonl import Item
from connector.spec.model import Empty, JsonSchema
from connector.spec.schema.coerce import types

_ADDRESSES = ("http://", "https://", "data:")
_REFERENCE = re.compile(r"[a-z][a-z0-9_-]+:\S+")
_LONGEST_LABEL = 40


@dataclass(frozen=True, slots=True)
class InputRow:
    """One set of inputs. ``number`` counts from 1; ``file`` and ``line`` are where it stands.

    One that ``is_unread`` has none, and its problems say why.
    """

    number: int
    inputs: Mapping[str, Any]
    label: str
    file: str
    line: int | None = None
    problems: tuple[Problem, ...] = ()
    is_unread: bool = False

    @property
    def digest(self) -> str:
        """The same for the same inputs, wherever they stand."""
        text = json.dumps(self.inputs, sort_keys=True, separators=(",", ":"))
        return sha256(text.encode()).hexdigest()[:32]


class Rows:
    """The rows of a source, each made when it is asked for; they can be gone through again.

    Raises InvalidArguments for a source that cannot be read, and for its columns. What is wrong with a
    single row is among its problems. ``options`` are what is said of the files of all rows.
    """

    def __init__(
        self, words: Sequence[str], subject: Runnable, naming: Naming, options: Mapping[str, bool] = Empty
    ) -> None:
        self.source = csv_jsonl.source(words)
        self._subject = subject
        self._options = options
        self._read = reader(self.source, subject, naming)
        self._telling = _telling(subject)
        self._folder = self.source.folder.resolve()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person might not expect of the source."""
        return self.source.notes

    @property
    def place(self) -> Path:
        """What the source is known by: its file, or the folder of its files."""
        return self.source.place

    def __iter__(self) -> Iterator[InputRow]:
        for number, item in enumerate(self.source.items(), 1):
            yield self._row(number, item)

    def _row(self, number: int, item: Item) -> InputRow:
        file = item.path or self.source.name
        if item.wrong is not None:
            problem = Problem("", item.wrong, file, item.line)
            return InputRow(number, {}, "", file, item.line, (problem,), is_unread=True)
        given = self._read(item)
        problems = tuple(Problem(name, sentence, file, item.line) for name, sentence in given.wrong)
        inputs = each_file(self._subject, given.values, lambda value, _: beside(value, self._folder))
        inputs = with_options(self._subject, inputs, self._options)
        return InputRow(
            number, inputs, slug(given.label or self._told(given.values)), file, item.line, problems
        )

    def _told(self, values: Mapping[str, Any]) -> str:
        """What tells a row from others: its first text, or else the name of its first file."""
        texts = (str(values[name]) for name in self._telling if isinstance(values.get(name), str))
        return next(texts, None) or Path(next(self._paths(values), "")).stem

    def _paths(self, values: Mapping[str, Any]) -> Iterator[str]:
        return (values[name] for name in self._subject.files if isinstance(values.get(name), str))


def beside(value: Any, folder: Path) -> Any:
    """A file's path as it is from anywhere, where it is relative to a folder; what is no path stays."""
    if not isinstance(value, str):
        return value
    place = value.removeprefix("@")
    is_reference = place is value and _REFERENCE.fullmatch(place)
    if is_reference or place.lower().startswith(_ADDRESSES):
        return place
    return str(folder / Path(place).expanduser())


def _telling(subject: Runnable) -> tuple[str, ...]:
    """The inputs that hold text of the caller's own, the required ones first."""
    required = subject.inputs.get("required", ())
    own = [name for name, schema in subject.parameters.items() if _is_text(schema)]
    return tuple(sorted(own, key=lambda name: name not in required))


def _is_text(schema: JsonSchema) -> bool:
    return "string" in types(schema) and "enum" not in schema and "format" not in schema


def slug(text: str) -> str:
    """A text as a part of a file's name: words in lower case, with hyphens between them."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    words = re.findall(r"[^\W_]+", plain.replace("'", ""))
    found = ""
    for word in words:
        longer = f"{found}-{word}".lstrip("-")
        if len(longer) > _LONGEST_LABEL:
            break
        found = longer
    return found or "".join(words)[:_LONGEST_LABEL]
