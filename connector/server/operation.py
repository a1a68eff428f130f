"""Operations of the host: each is a row that is a route, its checks, and its description.

The JSON Schemas of a row both check what comes and describe it in the OpenAPI document.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from connector.errors import InvalidArguments
from connector.runs.callbacks import Kind
from connector.server import auth, idempotency_key, query_values
from connector.server.auth import Role
from connector.server.host import Host
from connector.server.problem_documents import Refused
from connector.spec.model import JsonSchema
from connector.spec.package_data import table
from connector.spec.schema.validator import Checker
from connector.storage.connections.api_tokens import Token
from connector.storage.runs.model import Run

Handler = Callable[["OperationCall"], Awaitable[Response]]

_DECLARED = table("server/operations.yaml")
# The modules of the functions that answer, and their rows.
ROWS: Mapping[str, Mapping[str, Any]] = _DECLARED["operations"]
# What several ask for in the same words.
SHARED: Mapping[str, Any] = _DECLARED["shared"]


def members(*required: str, **properties: JsonSchema) -> JsonSchema:
    """The schema of a query or body that may have these members and no other, and must have some of them."""
    needed = {"required": [*required]} if required else {}
    return {"type": "object", "additionalProperties": False, **needed, "properties": properties}


@dataclass(frozen=True, slots=True)
class Operation:
    """A row of ``operations.yaml``, which tells what each word means."""

    method: str
    path: str
    handler: Handler
    summary: str
    tag: str
    description: str = ""
    role: Role | None = "use"
    query: JsonSchema = field(default_factory=members)
    body: JsonSchema | None = None
    example: Any = None
    reads: str | None = None
    answers: Mapping[int, str | None] = field(default_factory=dict)
    headers: Mapping[int, Sequence[str]] = field(default_factory=dict)
    keyed: bool = False
    or_file: bool = False
    at_once: bool = False
    limited: bool = False

    @classmethod
    def declared(cls, tag: str, handler: Handler, row: Mapping[str, Any]) -> Operation:
        """The operation that a row of a group says, answered by the handler."""
        words = {name: value for name, value in row.items() if name not in ("at", "required")}
        method, path = row["at"].split()
        required = row.get("required", ())
        words["query"] = members(*(() if "body" in row else required), **row.get("query", {}))
        if "body" in row:
            words["body"] = members(*required, **row["body"])
        words.setdefault("description", " ".join((handler.__doc__ or "").split()))
        return cls(method, path, handler, tag=tag, **words)

    @property
    def id(self) -> str:
        return self.handler.__name__.rstrip("_")


@dataclass(frozen=True, slots=True)
class OperationCall:
    """One use of an operation; query and body have passed their schemas."""

    host: Host
    request: Request
    caller: Token | None
    query: Mapping[str, Any]
    body: Any = None

    @property
    def names(self) -> Mapping[str, str]:
        """What stands in the holes of the path."""
        names: Mapping[str, str] = self.request.path_params
        return names

    @property
    def token_name(self) -> str:
        return self.caller.name if self.caller else ""

    def is_own(self, token_name: str) -> bool:
        """Whether the caller may see what that token began; one that is limited sees only its own."""
        return self.caller is None or not self.caller.is_limited or token_name == self.caller.name

    @property
    def place(self) -> dict[str, Any]:
        """Where it goes; None is the default."""
        return {name: self.query.get(name) for name in SHARED["where"]}

    async def check_callback(self, given: Mapping[str, Any]) -> None:
        """Raises InvalidArguments for an address that cannot be called back."""
        if "callback" in given:
            await self.host.run(self.host.durable.callbacks.check, given["callback"])

    async def keep_callback(self, given: Mapping[str, Any], kind: Kind, subject: str) -> None:
        """The end of what was asked for will be told, where that was asked for."""
        if "callback" in given:
            await self.host.run(self.host.durable.callbacks.add, kind, subject, given["callback"])

    def opened(self, run: Run) -> None:
        """The run that this request is about: the log names it, and the answer tells of a replay."""
        self.request.state.run, self.request.state.replayed = run.id, run.replayed

    @property
    def idempotency_key(self) -> str | None:
        """The caller's name for what they ask for, so that it is done once."""
        return idempotency_key.read(self.request.headers)


def endpoint(host: Host, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    """What answers the operation's route."""
    query = Checker(operation.query, noun="a parameter of this operation")
    body = Checker(operation.body, noun="a member of this body") if operation.body is not None else None
    in_line = operation.method == "GET" and not operation.at_once
    optional, most = not (operation.body or {}).get("required"), host.settings.max_json

    async def answer(request: Request) -> Response:
        request.state.route = operation.path
        caller = request.state.caller
        auth.demand(caller, operation.role, operation.limited)
        asked = query_values.values(operation.query, request.query_params.multi_items())
        found = query.problems(asked)
        given = await read_json(request, most, optional=optional) if body is not None else None
        if body is not None:
            found += body.problems(given)
        if found:
            raise InvalidArguments(found)
        async with host.reads.turn() if in_line else nullcontext():
            told = await operation.handler(OperationCall(host, request, caller, asked, given))
        if getattr(request.state, "replayed", False):
            told.headers["idempotency-replayed"] = "true"
        return told

    return answer


def kind_of(request: Request) -> str:
    """The media type of the body."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def wrong_kind(request: Request, *wanted: str) -> Refused:
    said = f"the body is {kind_of(request) or 'of no kind'}; send {' or '.join(wanted)}"
    return Refused("media_type", said, {"accept-post": ", ".join(wanted)})


async def read_json(request: Request, most: int, *, optional: bool = False) -> Any:
    """The value of a JSON body, which is in memory and so has a limit of its own; {} where none need be."""
    if kind_of(request) not in ("application/json", "" if optional else None):
        raise wrong_kind(request, "application/json")
    return read_json_of(request, await read_body(request, most), optional=optional)


async def read_checked(request: Request, most: int, checker: Checker) -> Any:
    """The value of a JSON body, which passes the check. Raises InvalidArguments."""
    body = await read_json(request, most)
    if found := checker.problems(body):
        raise InvalidArguments(found)
    return body


def read_json_of(request: Request, text: bytes, *, optional: bool = False) -> Any:
    """The value of a body that was read."""
    if optional and not text and kind_of(request) in ("", "application/json"):
        return {}
    if kind_of(request) != "application/json":
        raise wrong_kind(request, "application/json")
    try:
        return json.loads(text.decode("utf-8"), parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise Refused("bad_request", f"the body is no JSON: {_where(error)}") from error


_TOO_LONG = "a JSON body may have {:,} bytes; upload files to /api/files and give references"


async def read_body(request: Request, most: int, too_long: str = _TOO_LONG) -> bytes:
    """A body that is read whole, up to a limit."""
    text = bytearray()
    async for piece in request.stream():
        text += piece
        if len(text) > most:
            raise Refused("too_large", too_long.format(most), {"connection": "close"})
    return bytes(text)


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is no number there")


def _where(error: Exception) -> str:
    """What is wrong and where; the text itself may hold a secret."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno}, column {error.colno}"
    return (
        "it is nested too deep" if isinstance(error, RecursionError) else "it is no UTF-8, or has NaN in it"
    )
