"""Requests on their way through the sandbox: where they go, what they give, how they are remembered."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.sandbox.document import Api, Operation, Schema
from connector.sandbox.messages import Call, Refusal, accepted
from connector.sandbox.multipart_reader import Malformed, MultipartReader, boundary
from connector.sandbox.validate import defaults, file_problems, is_file, problems, typed

if TYPE_CHECKING:
    from connector.sandbox.studio import Info

# The dummy that the vendor's own samples add to have a form without files sent as one.
_DUMMY = ("none", b"")
# No operation takes more than this, also where the document states no limit of its own.
_CEILING = 100_000_000
_FORM = "multipart/form-data"
# text_prompts[0][weight], as a form of the first generation writes an entry of a list.
_ENTRY = re.compile(r"(\w+)\[(\d+)\]\[(\w+)\]")
# Longer texts are remembered by their beginning, or by their size.
_SHOWN = 10_000
_SECRET = frozenset({"authorization", "proxy-authorization", "cookie"})


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a form. ``filename`` and ``content_type`` are None where the part has none."""

    name: str
    filename: str | None
    content_type: str | None
    content: bytes = field(repr=False)

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", errors="replace")


@dataclass(frozen=True, slots=True)
class Visit:
    """A request with the operation it reaches (None: there is none) and the pieces of its path.

    What was sent are the parts of a form, or the bytes of anything else, or nothing and the reason why.
    """

    call: Call
    operation: Operation | None
    names: Mapping[str, str]
    parts: tuple[Part, ...] = ()
    raw: bytes = field(default=b"", repr=False)
    problem: Refusal | None = None
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
        return tuple(dict.fromkeys(part.name for part in self.parts if part.name not in known))


def visit(call: Call, api: Api) -> Visit:
    """Finds the operation and reads the body, which is never a reason to fail here."""
    operation, names = api.find(call.method, call.path) or (None, {})
    if operation is None or operation.body is None:
        return Visit(call, operation, names)
    mark, raw, problem = boundary(call.header("content-type")), b"", None
    parts: tuple[Part, ...] = ()
    if (operation.content_type == _FORM) != (mark is not None):
        problem = Refusal(400, f"content-type: must be {operation.content_type}")
    try:
        chunks = _limited(call, operation.max_bytes or _CEILING)
        if mark is None:
            raw = b"".join(chunks)
        else:
            parts = read_form(mark, chunks)
    except Malformed as error:
        problem = Refusal(400, f"body: cannot be read as a form, {error}")
    except Refusal as refusal:
        problem = refusal
    return Visit(call, operation, names, parts, raw, problem)


def _limited(call: Call, limit: int) -> Iterator[bytes]:
    """The pieces of the body; raises the refusal where there are, or are to be, more bytes than the limit."""
    refusal = Refusal(413, f"the request is larger than {limit} bytes")
    announced, total = call.header("content-length") or "", 0
    if announced.isdigit() and int(announced) > limit:
        raise refusal
    for chunk in call.body:
        total += len(chunk)
        if total > limit:
            raise refusal
        yield chunk


def read_form(mark: str, chunks: Iterable[bytes]) -> tuple[Part, ...]:
    """The parts in their order. Raises Malformed where the body is not complete and well-formed."""
    reader, heads, contents = MultipartReader(mark), [], list[bytearray]()
    for chunk in chunks:
        for found in reader.feed(chunk):
            if isinstance(found, bytes):
                contents[-1] += found
            elif not found.name:
                raise Malformed("a part has no name")
            else:
                heads.append(found)
                contents.append(bytearray())
    reader.close()
    pairs = zip(heads, contents, strict=True)
    return tuple(Part(head.name, head.filename, head.content_type, bytes(told)) for head, told in pairs)


@dataclass(frozen=True, slots=True)
class Given:
    """The texts and files of a request, and the values with what is assumed where nothing was given.

    ``texts`` is all that moderation reads: free texts, and the names of files.
    """

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
    if visit.problem:
        raise visit.problem
    schema = operation.body or {}
    known = schema.get("properties", {})
    parts = [
        part for part in visit.parts if part.name in known or (strict and (part.name, part.content) != _DUMMY)
    ]
    files = {part.name: part.content for part in parts if is_file(known.get(part.name, {}))}
    texts = {part.name: part.text for part in parts if part.name not in files}
    values = _from_form(texts, known) if operation.content_type == _FORM else _from_json(visit.raw)
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
    free = [part for part in parts if "enum" not in known.get(part.name, {})]
    read = [part.text if part.filename is None else part.filename for part in free]
    told = {name: text if isinstance(text, str) else json.dumps(text) for name, text in values.items()}
    fields = texts if operation.content_type == _FORM else told
    return Given(fields, files, defaults(values, schema), (*read, visit.raw.decode("utf-8", "replace")))


def _from_json(raw: bytes) -> dict[str, Any]:
    try:
        told = json.loads(raw or b"null")
    except ValueError as error:
        raise Refusal(400, f"body: cannot be read as JSON, {error}") from error
    if not isinstance(told, dict):
        raise Refusal(400, "body: must be a JSON object")
    return told


def _from_form(texts: Mapping[str, str], known: Mapping[str, Schema]) -> dict[str, Any]:
    """The values of a form, with the entries of lists put together again."""
    values: dict[str, Any] = {}
    lists: dict[str, dict[int, dict[str, Any]]] = {}
    for name, text in texts.items():
        if entry := _ENTRY.fullmatch(name):
            kind = known.get(entry[1], {}).get("items", {}).get("properties", {}).get(entry[3], {})
            lists.setdefault(entry[1], {}).setdefault(int(entry[2]), {})[entry[3]] = typed(text, kind)
        else:
            values[name] = typed(text, known.get(name, {}))
    return values | {name: [entries[place] for place in sorted(entries)] for name, entries in lists.items()}


def parameter_problems(visit: Visit, operation: Operation) -> list[str]:
    """What is wrong with the headers and with the pieces of the path."""
    found = []
    for name, known in operation.parameters.items():
        header = accepted(visit.call) if name == "accept" else visit.call.header(name.lower())
        value = visit.names.get(name) if known["in"] == "path" else header
        if value is not None:
            taken = [*known["schema"].get("enum", ()), *known["schema"].get("x-open-values", ())]
            rule = {**known["schema"], "enum": taken} if taken else known["schema"]
            found += problems({name: value}, {"properties": {name: rule}})
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
        "parts": [_part(part) for part in visit.parts],
        "ignored": list(ignored),
        "body": visit.raw[:_SHOWN].decode("utf-8", errors="replace"),
        "size": len(visit.raw) + sum(len(part.content) for part in visit.parts),
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
    if part.filename is None and len(part.content) <= _SHOWN:
        return told | {"value": part.text}
    return told | {"size": len(part.content), "sha256": hashlib.sha256(part.content).hexdigest()}
