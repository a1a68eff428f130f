"""YAML with line numbers: text becomes a value, and the line on which each of its parts stands.

Scalars are read as YAML 1.2's core schema has them, so that nothing surprises an author: only
``true``, ``false``, ``null`` and numbers are not text; ``no``, ``on``, ``16:9`` and ``2025-07-24`` are.
The text is read event by event rather than composed: the C composer overflows its stack on deep
nesting, and aliases would multiply without end.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from connector.errors import Problem

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 64
MAX_VALUES = 200_000

_CONSTANTS: Mapping[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]{1,100}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class Document:
    """A file's value, the 1-based line of each dotted path in it, and what is wrong with its YAML.

    ``text`` is what was read.
    """

    value: Any = None
    lines: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    problems: tuple[Problem, ...] = ()
    text: str = field(default="", repr=False, compare=False)

    def line(self, path: str) -> int:
        """The line of the path, or of the nearest thing around it that is there."""
        while path and path not in self.lines:
            path = path.rpartition(".")[0]
        return self.lines.get(path, 1)


def read(path: Path, name: str | None = None) -> Document:
    """The file's document; ``name`` is what its problems call the file."""
    shown = name or str(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a device or a pipe may never end
            return _failed("cannot be read: it is not a plain file", shown, None)
        if status.st_size > MAX_BYTES:
            return _failed(f"is larger than {MAX_BYTES} bytes; nobody can read a spec of that size", shown)
        content = path.read_bytes()
    except OSError as error:
        place = f" ({path})" if shown != str(path) else ""
        return _failed(f"cannot be read: {error.strerror or error}{place}", shown, None)
    return parse(content, shown)


def parse(content: bytes | str, name: str | None = None) -> Document:
    """The document that the text holds. It never raises: whatever is wrong is a problem with its line."""
    from yaml import YAMLError

    try:
        text = content if isinstance(content, str) else content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return _failed("is not UTF-8 text; save it as UTF-8", name, line)
    if len(text) > MAX_BYTES:
        return _failed(f"is longer than {MAX_BYTES} characters; nobody can read a spec of that size", name)
    reader = _EventReader(events(text), name)
    try:
        value = reader.document()
    except _ParsingStopped as refused:
        return Document(None, reader.lines, (*reader.problems, refused.problem))
    except UnicodeEncodeError as error:  # half of a character
        return _failed("is not UTF-8 text; save it as UTF-8", name, text.count("\n", 0, error.start) + 1)
    except YAMLError as error:
        return Document(None, reader.lines, (*reader.problems, _translated(error, text, name)))
    return Document(value, reader.lines, tuple(reader.problems), text)


def _failed(message: str, name: str | None, line: int | None = 1) -> Document:
    return Document(problems=(Problem("", message, name, line),))


def events(text: str) -> Iterator[Any]:
    """What a parser finds in YAML, piece by piece; it raises YAMLError at what is none."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: Iterator[Any] = yaml.parse(text, Loader=loader)
    return found


class _ParsingStopped(Exception):
    """The reading ends here, with this problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _EventReader:
    """Turns the parser's events into one value, and notes lines and problems on the way."""

    def __init__(self, events: Iterator[Any], name: str | None) -> None:
        self._events = events
        self._name = name
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._count = 0
        self.lines: dict[str, int] = {}
        self.problems: list[Problem] = []

    def document(self) -> Any:
        from yaml import DocumentStartEvent, StreamEndEvent

        next(self._events)  # the stream's start
        event = next(self._events)
        if isinstance(event, StreamEndEvent):
            return None
        value = self._value(next(self._events), "", 0)
        next(self._events)  # the document's end
        if isinstance(event := next(self._events), DocumentStartEvent):
            self._problem(event, "", "a second document starts here; write one document in a file")
        return value

    def _value(self, event: Any, path: str, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise _ParsingStopped(self._found(event, "", f"is nested deeper than {MAX_DEPTH} levels"))
        self._counted(1, event)
        before = self._count
        build = _BUILDERS.get(type(event).__name__)
        if build is None:
            return self._alias(event, path)
        if event.tag is not None:
            self._problem(event, path, f"the tag {event.tag} is not read; write the plain value")
        value = build(self, event, path, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, self._count - before + 1)
        return value

    def _scalar(self, event: Any, path: str, depth: int) -> Any:
        return plain(event.value) if event.implicit[0] else event.value

    def _mapping(self, event: Any, path: str, depth: int) -> dict[str, Any]:
        from yaml import MappingEndEvent

        found: dict[str, Any] = {}
        while not isinstance(key_event := next(self._events), MappingEndEvent):
            key = self._key(key_event, path, depth)
            place = f"{path}.{key}" if path else key
            if key in found:
                self._problem(key_event, place, f"is given twice; the first is on line {self.lines[place]}")
            self.lines[place] = key_event.start_mark.line + 1
            found[key] = self._value(next(self._events), place, depth + 1)
        return found

    def _key(self, event: Any, path: str, depth: int) -> str:
        key = self._value(event, path, depth + 1)
        if not isinstance(key, str):
            # Numbers, true and null are what an author can mean by their spelling.
            key = getattr(event, "value", "?")
            self._problem(event, path, f"the key {key} is not text; write it in quotes")
        return str(key)

    def _sequence(self, event: Any, path: str, depth: int) -> list[Any]:
        from yaml import SequenceEndEvent

        found: list[Any] = []
        while not isinstance(item := next(self._events), SequenceEndEvent):
            place = f"{path}.{len(found)}" if path else str(len(found))
            self.lines[place] = item.start_mark.line + 1
            found.append(self._value(item, place, depth + 1))
        return found

    def _alias(self, event: Any, path: str) -> Any:
        if event.anchor not in self._anchors:
            raise _ParsingStopped(self._found(event, path, f"*{event.anchor} refers to nothing before it"))
        value, size = self._anchors[event.anchor]
        self._counted(size, event)
        return value

    def _counted(self, size: int, event: Any) -> None:
        self._count += size
        if self._count > MAX_VALUES:
            raise _ParsingStopped(
                self._found(event, "", f"has more than {MAX_VALUES} values, aliases counted in full")
            )

    def _problem(self, event: Any, path: str, message: str) -> None:
        self.problems.append(self._found(event, path, message))

    def _found(self, event: Any, path: str, message: str) -> Problem:
        return Problem(path, message, self._name, event.start_mark.line + 1)


_BUILDERS = {
    "ScalarEvent": _EventReader._scalar,
    "MappingStartEvent": _EventReader._mapping,
    "SequenceStartEvent": _EventReader._sequence,
}


def plain(text: str) -> Any:
    """What an unquoted scalar means; a number that JSON cannot hold stays text."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and abs(number := float(text)) != float("inf"):
        return number
    return text


# What the parser says, and what an author can do about it.
_ADVICE = {
    "cannot start any token": "a tab cannot indent, and a text cannot start with this; use spaces, or quotes",
    "mapping values are not allowed": "a text with ': ' in it needs quotes, or the line is indented wrongly",
    "could not find expected ':'": "this line has no ':' after its key, or a text above is not closed",
    "did not find expected key": "the line is indented wrongly, or a quote or bracket above is not closed",
    "special characters are not allowed": "it holds a control character, so it is not text",
    "control characters are not allowed": "it holds a control character, so it is not text",
    # PyYAML 6.0.4 counts brackets by itself, before we see them.
    "maximum nesting depth": f"it is nested deeper than {MAX_DEPTH} levels",
    "unexpected end of stream": "the quote or bracket that opens here is not closed",
}


def _translated(error: Exception, text: str, name: str | None) -> Problem:
    said = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    advice = next((advice for part, advice in _ADVICE.items() if part in said), "")
    line = _error_line(error, text)
    message = f"is not YAML: {said}" + (f" ({advice})" if advice else "")
    return Problem("", message, name, line)


def _error_line(error: Exception, text: str) -> int:
    marks = [getattr(error, "problem_mark", None), getattr(error, "context_mark", None)]
    if "end of stream" in str(getattr(error, "problem", "")):
        marks.reverse()  # the end of the file helps nobody; what was left open does
    mark = marks[0] or marks[1]
    if mark is not None:
        return int(mark.line) + 1
    position = getattr(error, "position", None)
    return text.count("\n", 0, position) + 1 if isinstance(position, int) else 1
