"""Requests on their way through the sandbox: where they go, what they give, how they are remembered."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.sandbox.document import Api, Operation, Schema
from connector.sandbox.errors import Refusal
from connector.sandbox.files import file_problems
from connector.sandbox.form import NotAForm, Part, TooLarge, limited, read_form
from connector.sandbox.messages import Call, accept_problems
from connector.sandbox.multipart_reader import boundary
from connector.sandbox.validate import defaults, is_file, problems, typed

if TYPE_CHECKING:
    from connector.sandbox.studio import Info

# The dummy that the vendor's own samples add to have a form without files sent as one.
_DUMMY = ("none", 0)
# No operation takes more than this, also where the document states no limit of its own.
_CEILING = 100_000_000
_FORM = "multipart/form-data"
# Longer texts are remembered by their beginning, or by their size.
_SHOWN = 10_000
_SECRET = frozenset({"authorization", "proxy-authorization", "cookie"})


@dataclass(frozen=True, slots=True)
class Body:
    """What was sent: the parts of a form, or the bytes of anything else, or why it was not read."""

    parts: tuple[Part, ...] = ()
    raw: bytes = field(default=b"", repr=False)
    problem: Refusal | None = None

    def close(self) -> None:
        for part in self.parts:
            part.spool.close()


@dataclass(frozen=True, slots=True)
class Visit:
    """A request with the operation it reaches (None: there is none) and the pieces of its path."""

    call: Call
    operation: Operation | None
    names: Mapping[str, str]
    body: Body
    request_id: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def unknown(self) -> tuple[str, ...]:
        """The names of parts that are no field of the operation, each once.

        The vendor lets them pass: its samples send a dummy, and one a field of another name. That is known
        of the current API; the first generation has other samples.
        """
        if self.operation is None or self.operation.path.startswith("/v1/"):
            return ()
        known = (self.operation.body or {}).get("properties", {})
        return tuple(dict.fromkeys(part.name for part in self.body.parts if part.name not in known))


def visit(call: Call, api: Api) -> Visit:
    """Finds the operation and reads the body, which is never a reason to fail here."""
    operation, names = api.find(call.method, call.path) or (None, {})
    return Visit(call, operation, names, _read(call, operation))


def _read(call: Call, operation: Operation | None) -> Body:
    if operation is None or operation.body is None:
        return Body()
    limit = operation.max_bytes or _CEILING
    announced = call.header("content-length") or ""
    try:
        if announced.isdigit() and int(announced) > limit:
            raise TooLarge
        return _read_as(call, operation.content_type == _FORM, limit)
    except TooLarge:
        return Body(problem=Refusal(413, f"the request is larger than {limit} bytes"))
    except NotAForm as error:
        return Body(problem=Refusal(400, f"body: cannot be read as a form, {error}"))


def _read_as(call: Call, form: bool, limit: int) -> Body:
    mark = boundary(call.header("content-type"))
    chunks = limited(call.body, limit)
    if mark is not None:
        wrong = None if form else Refusal(400, "content-type: must be application/json")
        return Body(parts=read_form(mark, chunks), problem=wrong)
    wrong = Refusal(400, f"content-type: must be {_FORM}") if form else None
    return Body(raw=b"".join(chunks), problem=wrong)


@dataclass(frozen=True, slots=True)
class Given:
    """The texts and files of a request, and the values with what is assumed where nothing was given."""

    fields: Mapping[str, str]
    files: Mapping[str, bytes] = field(repr=False)
    values: Mapping[str, Any]
    texts: tuple[str, ...]


def given(
    visit: Visit, operation: Operation, inspect: Callable[[bytes], Info | None], *, strict: bool = False
) -> Given:
    """What the request gives. Raises the refusal that lists every broken rule.

    A field that the operation does not have is ignored; with ``strict`` it breaks a rule.
    """
    if visit.body.problem:
        raise visit.body.problem
    schema = operation.body or {}
    known = schema.get("properties", {})
    parts = tuple(
        part
        for part in visit.body.parts
        if part.name in known or (strict and (part.name, part.size) != _DUMMY)
    )
    files = {part.name: part.content for part in parts if is_file(known.get(part.name, {}))}
    fields = {part.name: part.text for part in parts if part.name not in files}
    values = {name: typed(text, known.get(name, {})) for name, text in fields.items()}
    found = [
        *parameter_problems(visit, operation),
        *problems({**values, **dict.fromkeys(files, "")}, schema),
        *_part_problems(parts, known),
    ]
    for name, content in files.items():
        rules = known[name].get("x-file", {})
        found += [f"{name}: {problem}" for problem in file_problems(inspect(content), rules)]
    if found:
        raise Refusal(400, *found)
    # All that moderation reads: free texts, and the names of files.
    free = [part for part in parts if "enum" not in known.get(part.name, {})]
    texts = tuple(part.text if part.filename is None else part.filename for part in free)
    return Given(fields, files, defaults(values, schema), texts)


def parameter_problems(visit: Visit, operation: Operation) -> list[str]:
    """What is wrong with the headers and with the pieces of the path."""
    found = accept_problems(operation, visit.call)
    for known in operation.parameters:
        header = visit.call.header(known.name.lower())
        value = visit.names.get(known.name) if known.place == "path" else header
        if value is not None and known.name != "accept":
            found += problems({known.name: value}, {"properties": {known.name: known.schema}})
    return found


def _part_problems(parts: Iterable[Part], known: Mapping[str, Schema]) -> Iterator[str]:
    seen: set[str] = set()
    for part in parts:
        if part.name in seen:
            yield f"{part.name}: is given more than once"
        if part.filename is not None and part.name in known and not is_file(known[part.name]):
            yield f"{part.name}: must be text, not a file"
        seen.add(part.name)


def remembered(visit: Visit, status: int, at: float, ignored: tuple[str, ...] = ()) -> dict[str, Any]:
    """The request as the control path tells it: in order, with the credential masked."""
    return {
        "at": at,
        "request_id": visit.request_id,
        "method": visit.call.method,
        "path": visit.call.path,
        "query": visit.call.query,
        "operation": visit.operation.id if visit.operation else None,
        "headers": [_masked(*pair) for pair in visit.call.headers],
        "parts": [_part(part) for part in visit.body.parts],
        "ignored": list(ignored),
        "body": visit.body.raw[:_SHOWN].decode("utf-8", errors="replace"),
        "size": len(visit.body.raw) + sum(part.size for part in visit.body.parts),
        "status": status,
    }


def _masked(name: str, value: str) -> list[str]:
    """Of a credential the scheme may be seen, what follows it may not."""
    if name.lower() not in _SECRET:
        return [name.lower(), value]
    scheme, blank, _ = value.partition(" ")
    return [name.lower(), f"{scheme} ***" if blank else "***"]


def _part(part: Part) -> dict[str, Any]:
    """A text part by its value, a file by its size and digest."""
    told: dict[str, Any] = {"name": part.name, "filename": part.filename, "content_type": part.content_type}
    if part.filename is None and part.size <= _SHOWN:
        return told | {"value": part.text}
    return told | {"size": part.size, "sha256": part.digest.hexdigest()}
