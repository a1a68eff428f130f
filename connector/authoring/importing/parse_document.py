"""The parser of documents: JSON or YAML becomes one value, within limits.

A document is a stranger's: it may be large, nested without end, or a few lines of YAML that mean
terabytes. It is read event by event into plain values, with aliases counted in full, and refused with its
place where it goes too far.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connector.authoring.importing.report import Remark, Remarks
from connector.errors import Problem, SpecError
from connector.spec.yaml_lines import events, plain

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 200
MAX_VALUES = 6_000_000

Json = Mapping[str, Any]


def parse(content: bytes, name: str, twice: Remarks | None = None) -> Any:
    """The document's value. Raises SpecError with the place where it is wrong.

    ``twice`` takes what there is to say of keys that are given more than once.
    """
    twice = Remarks() if twice is None else twice
    if len(content) > MAX_BYTES:
        raise refused(name, f"is larger than {MAX_BYTES >> 20} MB, which no description of an API needs")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise refused(name, "is not UTF-8 text; save it as UTF-8", line) from error
    if text.lstrip()[:1] not in ("{", "["):
        return _yaml(text, name, twice)
    try:
        return _json(text, name, twice)
    except ValueError as error:
        return _nearly_json(text, name, twice, error)


def refused(name: str, message: str, line: int | None = None, path: str = "") -> SpecError:
    """The error of a document that cannot be imported."""
    return SpecError([Problem(path, message, name, line)])


def _json(text: str, name: str, twice: Remarks) -> Any:
    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice.update(dict.fromkeys(_repeated(key) for key, value in pairs if found[key] is not value))
        return found

    try:
        return json.loads(text, parse_constant=lambda word: None, object_pairs_hook=made)
    except RecursionError as error:
        raise refused(name, f"is nested deeper than {MAX_DEPTH} levels") from error


def _repeated(key: str, line: int | None = None) -> Remark:
    place = f" on line {line}" if line else ""
    return Remark(f"the key {key[:80]!r} is given again{place}", "the last one is read")


def _nearly_json(text: str, name: str, twice: Remarks, error: ValueError) -> Any:
    """JSON with a comma too many is YAML all the same; what is neither is told as JSON."""
    try:
        return _yaml(text, name, twice)
    except SpecError:
        if isinstance(error, json.JSONDecodeError):
            raise refused(name, f"is not JSON: {error.msg}", error.lineno) from error
        raise refused(name, "is not JSON: it has a number of too many digits") from error


def _yaml(text: str, name: str, twice: Remarks) -> Any:
    from yaml import YAMLError

    try:
        return _ValueBuilder(text, name, twice).value()
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        said = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
        raise refused(name, f"is not YAML: {said}", mark.line + 1 if mark else 1) from error


class _ValueBuilder:
    """Builds one value of the parser's events, without recursion."""

    def __init__(self, text: str, name: str, twice: Remarks) -> None:
        self._events = events(text)
        self._name = name
        self._twice = twice
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._count = 0
        # Of each open mapping or list: itself, the key that waits for its value, its anchor, and the count.
        self._open: list[tuple[Any, list[str], str | None, int]] = []
        self._result: Any = None

    def value(self) -> Any:
        actions = {
            "ScalarEvent": self._scalar,
            "MappingStartEvent": self._mapping,
            "SequenceStartEvent": self._sequence,
            "MappingEndEvent": self._close,
            "SequenceEndEvent": self._close,
            "AliasEvent": self._alias,
        }
        for event in self._events:
            act = actions.get(type(event).__name__)
            if act is not None:
                act(event)
            elif type(event).__name__ == "DocumentEndEvent":
                break  # further documents are somebody else's
        return self._result

    def _scalar(self, event: Any) -> None:
        found = plain(event.value) if event.implicit[0] else event.value
        if event.anchor is not None:
            self._anchors[event.anchor] = (found, 1)
        self._put(found, event, 1, event.value)

    def _mapping(self, event: Any) -> None:
        self._opened({}, event)

    def _sequence(self, event: Any) -> None:
        self._opened([], event)

    def _opened(self, value: Any, event: Any) -> None:
        self._put(value, event, 1, None)
        self._open.append((value, [], event.anchor, self._count))
        if len(self._open) > MAX_DEPTH:
            raise self._refused(event, f"is nested deeper than {MAX_DEPTH} levels")

    def _close(self, event: Any) -> None:
        value, _, anchor, before = self._open.pop()
        if anchor is not None:
            self._anchors[anchor] = (value, self._count - before + 1)

    def _alias(self, event: Any) -> None:
        # An alias inside of what it names would make a value that holds itself; it is not there yet.
        if event.anchor not in self._anchors:
            raise self._refused(event, f"*{event.anchor} refers to nothing that is complete before it")
        value, size = self._anchors[event.anchor]
        self._put(value, event, size, value if isinstance(value, str) else None)

    def _put(self, value: Any, event: Any, size: int, spelt: str | None) -> None:
        self._count += size
        if self._count > MAX_VALUES:
            raise self._refused(event, f"has more than {MAX_VALUES:,} values, aliases counted in full")
        if not self._open:
            self._result = value
            return
        around, key = self._open[-1][:2]
        if isinstance(around, list):
            around.append(value)
        elif key:
            around[key.pop()] = value
        elif spelt is None:
            raise self._refused(event, "has a key that is not text")
        else:
            if spelt in around:
                self._twice[_repeated(spelt, event.start_mark.line + 1)] = None
            key.append(spelt)  # as it is spelt: 200, true and null can be keys

    def _refused(self, event: Any, message: str) -> SpecError:
        return refused(self._name, message, event.start_mark.line + 1)


def mapping(value: Any) -> Json:
    """The mapping that should stand there, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> list[Any]:
    """The list that should stand there, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    """The text that should stand there, else an empty one."""
    return value if isinstance(value, str) else ""


def names(value: Any) -> list[str]:
    """The texts of a list."""
    return [item for item in items(value) if isinstance(item, str)]
