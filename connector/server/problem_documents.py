"""Problem documents (RFC 9457): the status and the words of every failure, by the table ``problems.yaml``.

What the host itself refuses is a ``Refused``; everything else is an error of the connector. A failed run
is kept as facts and not as an exception, so that documents are made of facts.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from connector import errors
from connector.errors import ConnectorError
from connector.server import json_logs
from connector.server.json_reply import Reply
from connector.spec.package_data import table

MEDIA_TYPE = "application/problem+json"


class Refused(ConnectorError):
    """The host will not do it, whatever the upstream would say."""

    def __init__(
        self, code: str, message: str, headers: Mapping[str, str] | None = None, **facts: Any
    ) -> None:
        super().__init__(message, **facts)
        self.code = code  # type: ignore[misc]  # one class, and a row of the table for each code
        self.retryable = code in ("busy", "stopping", "too_slow")  # type: ignore[misc]
        self.headers = dict(headers or {})


Row = tuple[int, str]
_DECLARED = table("server/problems.yaml")
_FAMILIES: Mapping[type[ConnectorError], Row] = {
    getattr(errors, name): tuple(row) for name, row in _DECLARED["errors"].items()
}


def _kinds(kind: type[ConnectorError]) -> Iterator[type[ConnectorError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)


def row_of(error: type[ConnectorError]) -> Row:
    """The status and title of a class of errors."""
    return next(_FAMILIES[kind] for kind in error.__mro__ if kind in _FAMILIES)


STATUSES: Mapping[str, Row] = {
    **{kind.code: row_of(kind) for kind in _kinds(ConnectorError) if kind is not Refused},
    **{code: tuple(row) for code, row in _DECLARED["refusals"].items()},
}


def document(facts: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The problem document of a failure's facts, as ``ConnectorError.to_dict`` gives them."""
    code = facts["code"]
    status, title = STATUSES.get(code, STATUSES["error"])
    told = {name: value for name, value in facts.items() if name not in ("message", "status", "problems")}
    upstream = {"upstream_status": facts["status"]} if facts.get("status") else {}
    shown = {"type": f"urn:connector:{code}", "title": title, "status": status, "detail": facts["message"]}
    problems = [dict(problem) for problem in facts.get("problems", ())]
    return {**shown, **told, **upstream, **more, "problems": problems}


def answer(facts: Mapping[str, Any], headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """The answer that tells a failure."""
    told = document(facts, **more)
    extra = {**(headers or {}), **put_off(told.get("retry_after"))}
    return Reply(told, told["status"], extra, media_type=MEDIA_TYPE)


def put_off(seconds: float | None) -> dict[str, str]:
    """The header that says when to come again, where that is known."""
    return {} if seconds is None else {"retry-after": str(math.ceil(seconds))}


def of(error: ConnectorError) -> Response:
    """The answer for an error. What only says how the host is doing is for its operator, and in the log."""
    if type(error) is ConnectorError:
        json_logs.say("failed", level=logging.ERROR, why=error.message)
        return internal()
    if isinstance(error, errors.DatabaseUnavailable):
        json_logs.say("failed", level=logging.ERROR, why=error.message)
        return answer(error.to_dict() | {"message": "the host cannot reach what it keeps; try again soon"})
    return answer(error.to_dict(), error.headers if isinstance(error, Refused) else None)


# What the router says by itself.
_ROUTING = {404: "not_found", 405: "method_not_allowed", 400: "bad_request", 413: "too_large"}


async def of_routing(request: Request, error: Exception) -> Response:
    """The answer for what the router refuses: no such path, or not by that method."""
    status = getattr(error, "status_code", 500)
    code = _ROUTING.get(status, "internal")
    sentences = {
        404: f"there is nothing at {request.url.path}",
        405: f"{request.url.path} does not take {request.method}",
    }
    message = sentences.get(status) or str(getattr(error, "detail", "it cannot be done"))
    return of(Refused(code, message, getattr(error, "headers", None)))


async def of_error(request: Request, error: Exception) -> Response:
    """The answer for an error that a handler raised."""
    assert isinstance(error, ConnectorError)
    return of(error)


def internal() -> Response:
    """The answer for a failure of ours. Its message could hold anything, so it is not told."""
    return of(Refused("internal", "the host could not do it; its log says why", billed="unknown"))
