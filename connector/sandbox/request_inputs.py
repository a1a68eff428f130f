"""The inputs of a request, once they are known to keep every rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.sandbox.document import Operation, Schema
from connector.sandbox.errors import bad_request
from connector.sandbox.files import Info, file_problems
from connector.sandbox.form import Part
from connector.sandbox.request import Visit
from connector.sandbox.responses import accept_problems
from connector.sandbox.validate import defaults, is_file, problems, typed

Inspect = Callable[[bytes], Info | None]

# The dummy that the vendor's own samples add to have a form without files sent as one.
_DUMMY = "none"


@dataclass(frozen=True, slots=True)
class Given:
    """The texts and files of a request, and the values with what is assumed where nothing was given."""

    fields: Mapping[str, str]
    files: Mapping[str, bytes] = field(repr=False)
    values: Mapping[str, Any]
    texts: tuple[str, ...]


def given(visit: Visit, operation: Operation, inspect: Inspect, *, strict: bool = False) -> Given:
    """What the request gives. Raises the refusal that lists every broken rule.

    A field that the operation does not have is ignored; with ``strict`` it breaks a rule.
    """
    if visit.body.problem:
        raise visit.body.problem
    schema = operation.body or {}
    known = schema.get("properties", {})
    parts = tuple(part for part in visit.body.parts if part.name in known or (strict and not _is_dummy(part)))
    files = {part.name: part.content for part in parts if is_file(known.get(part.name, {}))}
    fields = {part.name: part.text for part in parts if part.name not in files}
    values = {name: typed(text, known.get(name, {})) for name, text in fields.items()}
    found = [
        *parameter_problems(visit, operation),
        *problems({**values, **dict.fromkeys(files, "")}, schema),
        *_part_problems(parts, known),
        *_file_problems(files, known, inspect),
    ]
    if found:
        raise bad_request(found)
    return Given(fields, files, defaults(values, schema), _texts(parts, known))


def parameter_problems(visit: Visit, operation: Operation) -> list[str]:
    """What is wrong with the headers and with the pieces of the path."""
    found = accept_problems(operation, visit.call)
    for known in operation.parameters:
        value = (
            visit.names.get(known.name) if known.place == "path" else visit.call.header(known.name.lower())
        )
        if value is not None and known.name != "accept":
            found += problems({known.name: value}, {"properties": {known.name: known.schema}})
    return found


def _is_dummy(part: Part) -> bool:
    return part.name == _DUMMY and part.size == 0


def _part_problems(parts: Iterable[Part], known: Mapping[str, Schema]) -> Iterator[str]:
    seen: set[str] = set()
    for part in parts:
        if part.name in seen:
            yield f"{part.name}: is given more than once"
        if part.filename is not None and part.name in known and not is_file(known[part.name]):
            yield f"{part.name}: must be text, not a file"
        seen.add(part.name)


def _file_problems(
    files: Mapping[str, bytes], known: Mapping[str, Schema], inspect: Inspect
) -> Iterator[str]:
    for name, content in files.items():
        for problem in file_problems(inspect(content), known[name].get("x-file", {})):
            yield f"{name}: {problem}"


def _texts(parts: Iterable[Part], known: Mapping[str, Schema]) -> tuple[str, ...]:
    """All that moderation reads: free texts, and the names of files."""
    free = [part for part in parts if "enum" not in known.get(part.name, {})]
    return tuple(part.text if part.filename is None else part.filename for part in free)
