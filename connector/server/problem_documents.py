"""Problem documents (RFC 9457): every failure, by one table from what failed to the status.

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


# The class, the status, and the title. An error has the row of the nearest of its classes.
_FAMILIES: tuple[tuple[type[ConnectorError], int, str], ...] = (
    (errors.ConnectorError, 500, "The host could not do it"),
    (errors.DatabaseUnavailable, 503, "The host's database is away"),
    (errors.SpecError, 500, "The integration's files have problems"),
    (errors.InvocationError, 400, "It cannot be done as asked"),
    (errors.UnknownName, 404, "There is nothing of that name"),
    (errors.InvalidArguments, 422, "The arguments cannot be sent"),
    (errors.CapReached, 402, "The day's credits are used up"),
    # It is the host's credential at the upstream that fails: 401 would blame the caller's token.
    (errors.CredentialError, 424, "The credential for the upstream does not work"),
    (errors.UpstreamError, 502, "The upstream refused"),
    (errors.BadRequest, 400, "The upstream found fault with the arguments"),
    (errors.OutOfCredits, 402, "The account has too few credits"),
    (errors.Moderated, 403, "The upstream's moderation refused the input"),
    (errors.Forbidden, 403, "The credential may not do this"),
    (errors.Filtered, 422, "The upstream withheld what it made"),
    (errors.Rejected, 422, "The upstream did not accept it"),
    (errors.NotFound, 404, "It is not there"),
    (errors.TooLarge, 413, "It is too large"),
    (errors.RateLimited, 429, "Too many requests"),
    (errors.UpstreamFailed, 502, "The upstream failed"),
    (errors.InvalidAnswer, 502, "The upstream's answer is not what it promises"),
    (errors.Unreachable, 502, "The upstream cannot be reached"),
    (errors.TransportError, 504, "The upstream did not answer"),
    (errors.TimedOut, 504, "The upstream did not answer in time"),
    # Many clients repeat a 502, 503 or 504 by themselves, and this one may have been paid for.
    (errors.OutcomeUnknown, 500, "Nobody knows whether it ran"),
    (errors.JobError, 409, "The job cannot be had"),
    (errors.JobNotFound, 404, "There is no such job"),
    (errors.JobExpired, 410, "The upstream no longer keeps the result"),
)  # fmt: skip

# What only a host can say.
_OWN: Mapping[str, tuple[int, str]] = {
    "unauthenticated": (401, "A token is needed"),
    "role": (403, "The token may not do this"),
    "cross_site": (403, "The request comes from another site"),
    "foreign_host": (421, "The host is not known by that name"),
    "not_found": (404, "It is not there"),
    "method_not_allowed": (405, "It takes other methods"),
    "bad_request": (400, "The request cannot be read"),
    "too_slow": (408, "The request took too long to come"),
    "conflict": (409, "It is there already"),
    "key_reused": (422, "The idempotency key was used for something else"),
    "too_large": (413, "It is too large"),
    "range": (416, "The file has no such range"),
    "media_type": (415, "The body is of another kind than can be read here"),
    "interrupted": (500, "The host ended before it was done"),
    "internal": (500, "The host failed"),
    "bad_rows": (422, "Some rows cannot be done"),
    "files_unavailable": (503, "The host's files are away"),
    "cannot_deliver": (507, "The folder for the results takes none"),
    "not_installed": (501, "A part of the host is not installed"),
    "busy": (503, "The host has as much to do as it can"),
    "stopping": (503, "The host is stopping"),
}


def _kinds(kind: type[ConnectorError]) -> Iterator[type[ConnectorError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)


def row_of(error: type[ConnectorError]) -> tuple[int, str]:
    """The status and title of a class of errors."""
    rows = {kind: (status, title) for kind, status, title in _FAMILIES}
    return next(rows[kind] for kind in error.__mro__ if kind in rows)


STATUSES: Mapping[str, tuple[int, str]] = {
    **{kind.code: row_of(kind) for kind in _kinds(ConnectorError) if kind is not Refused},
    **_OWN,
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
