"""A request on its way through the sandbox: where it goes, what it carries, how it is remembered."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.sandbox.document import Api, Operation
from connector.sandbox.errors import Refusal
from connector.sandbox.form import NotAForm, Part, TooLarge, boundary, limited, read_form
from connector.sandbox.messages import Call, Headers

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


def remembered(visit: Visit, status: int, at: float, ignored: tuple[str, ...] = ()) -> dict[str, Any]:
    """The request as the control path tells it: in order, with the credential masked."""
    return {
        "at": at,
        "request_id": visit.request_id,
        "method": visit.call.method,
        "path": visit.call.path,
        "query": visit.call.query,
        "operation": visit.operation.id if visit.operation else None,
        "headers": [list(pair) for pair in _masked(visit.call.headers)],
        "parts": [_part(part) for part in visit.body.parts],
        "ignored": list(ignored),
        "body": visit.body.raw[:_SHOWN].decode("utf-8", errors="replace"),
        "size": len(visit.body.raw) + sum(part.size for part in visit.body.parts),
        "status": status,
    }


def _masked(headers: Headers) -> Headers:
    return tuple(
        (name.lower(), _mask(value) if name.lower() in _SECRET else value) for name, value in headers
    )


def _mask(value: str) -> str:
    """The scheme may be seen, what follows it may not."""
    scheme, blank, _ = value.partition(" ")
    return f"{scheme} ***" if blank else "***"


def _part(part: Part) -> dict[str, Any]:
    """A text part by its value, a file by its size and digest."""
    told: dict[str, Any] = {"name": part.name, "filename": part.filename, "content_type": part.content_type}
    if part.filename is None and part.size <= _SHOWN:
        return told | {"value": part.text}
    return told | {"size": part.size, "sha256": part.digest.hexdigest()}
