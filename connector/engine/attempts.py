"""Attempts: one request and its answer, its turn under the rate limit, its retries.

The ledger's row is written before a request that may cost leaves. Whatever happens after, be it an
answer, a broken connection or somebody's Ctrl-C, the row says how it ended.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from connector import media
from connector.engine import decode
from connector.engine.decode import ReadResponse
from connector.engine.exchange_record import ExchangeRecord, described
from connector.engine.http.cancellation import Cancellation
from connector.engine.http.messages import Request, Response
from connector.engine.http.transport import Transport
from connector.engine.pricing import Estimate
from connector.engine.render import SAFE_METHODS
from connector.engine.request_pacer import RequestPacer
from connector.engine.result import Result
from connector.engine.retry import FailedAttempt, retry_after, wait_before_next
from connector.errors import ConnectorError, InvalidAnswer, RateLimited
from connector.events import Event, Listener
from connector.secret import hide
from connector.spec.model import Action, Integration
from connector.storage.blocking import Io
from connector.storage.ledger.rate_limit import RateLimiter


@dataclass(frozen=True, slots=True)
class RenderedCall:
    """A rendered use of an action, ready to be sent.

    ``key`` is the credential's fingerprint, under which its rate is counted; ``kind`` is the output's.
    """

    action: Action
    request: Request
    estimate: Estimate
    kind: str
    transport: Transport
    key: str

    @property
    def harmless(self) -> bool:
        """Whether sending it twice neither costs nor changes anything."""
        return not self.estimate.paid and self.request.method in SAFE_METHODS


@dataclass(frozen=True, slots=True)
class Wire:
    """What an exchange needs of the world. A large answer arrives in ``spool``, where that has room."""

    integration: Integration
    io: Io
    limiter: RateLimiter
    clock: Callable[[], float]
    tell: Listener
    background: bool = False
    # Not the generator that a program seeds, and whose numbers it counts on.
    jitter: Callable[[], float] = field(default=random.SystemRandom().random)
    spool: Path | None = None


class Passage(Protocol):
    """Who is told, before it happens and as soon as it is known, what becomes of each attempt. Both block."""

    def leaving(self) -> None:
        """An attempt leaves now."""
        ...

    def unrun(self) -> None:
        """The attempt did not run, and another one may follow."""
        ...


async def exchange(wire: Wire, call: RenderedCall, passage: Passage) -> Result:
    """The result of a call, sent as often as its retry rules allow. Raises the error of the last attempt."""
    number = 0
    while True:
        number += 1
        attempt = await _attempt(wire, call, number, passage.leaving)
        if isinstance(attempt, Result):
            return attempt
        await pause_or_raise(wire, attempt, passage)


def unwritten() -> None:
    """A call without cost is not written down."""


async def once(wire: Wire, call: RenderedCall, leaving: Callable[[], None] = unwritten) -> Result:
    """The result of a call without cost, sent a single time. What ``leaving`` raises stops it."""
    attempt = await _attempt(wire, call, 1, leaving)
    if isinstance(attempt, Result):
        return attempt
    raise attempt.error


async def pause_or_raise(wire: Wire, attempt: FailedAttempt, passage: Passage) -> None:
    """Waits until the call may be sent again; raises the attempt's error where it may not."""
    wait = wait_before_next(attempt, wire.integration.retry, wire.jitter())
    if wait is None:
        raise attempt.error
    if not attempt.ran:
        await wire.io.run(passage.unrun)
    sentence = f"{attempt.error.message.splitlines()[0]} Sending again."
    wire.tell(Event("again", sentence, wait))
    await wire.io.sleep(wait)


async def pacer_of(wire: Wire, call: RenderedCall, cancellation: Cancellation) -> RequestPacer | None:
    """Waits until the credential's rate limit lets a request leave; None where there is no limit."""
    limit = wire.integration.rate_limit
    if limit is None:
        return None
    pacer = RequestPacer(wire.limiter, call.key, limit, wire.background, cancellation)
    wait = await wire.io.run(pacer.reserve)
    while wait > 0:
        if wait > 1:
            wire.tell(Event("waiting", "The rate limit of this credential is used up.", wait))
        await wire.io.sleep(wait)
        wait = await wire.io.run(pacer.look_again)
    return pacer


async def opened(
    wire: Wire, call: RenderedCall, number: int, on_leaving: Callable[[], None]
) -> Response | FailedAttempt:
    """The response of one attempt, whose body is still to come, or the attempt as it failed."""
    record = ExchangeRecord()
    try:
        async with paced(wire, call, record) as request:
            await wire.io.run(on_leaving)
            wire.tell(Event("sent", f"{call.action.catalog.title}: sent, waiting for the answer"))
            response = await wire.io.run(_answered, call.transport, request, record)
        _tell(wire, request, record, number, response.status, response.headers)
        return response
    except ConnectorError as error:
        _tell(wire, call.request, record, number, error=error)
        return FailedAttempt(error, number, ran=error.code != "unreachable", harmless=call.harmless)


@asynccontextmanager
async def paced(wire: Wire, call: RenderedCall, record: ExchangeRecord) -> AsyncIterator[Request]:
    """The request, once it may leave; its exchange ends when the one who waits for it is stopped."""
    cancellation = Cancellation()
    try:
        record.pacer = await pacer_of(wire, call, cancellation)
        record.note("paced")
        yield replace(call.request, cancellation=cancellation, pacer=record)
    except BaseException:
        cancellation.cancel()
        raise


async def _attempt(
    wire: Wire, call: RenderedCall, number: int, on_leaving: Callable[[], None]
) -> Result | FailedAttempt:
    record = ExchangeRecord()
    try:
        async with paced(wire, call, record) as request:
            answer = await wire.io.run(_send, wire, call, request, record, on_leaving)
    except ConnectorError as error:
        _tell(wire, call.request, record, number, error=error)
        return FailedAttempt(error, number, ran=error.code != "unreachable", harmless=call.harmless)
    record.note("ended")
    found = await judge(wire, call, answer, number)
    if not isinstance(found, Result) or found.outcome != "pending":  # of polls only what ends them is kept
        failure = None if isinstance(found, Result) else found.error
        _tell(wire, request, record, number, answer.status, answer.headers, failure)
    return found


def _tell(
    wire: Wire,
    request: Request,
    record: ExchangeRecord,
    number: int,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
    error: ConnectorError | None = None,
) -> None:
    """What left and came back, for whoever keeps it."""
    timing = {"attempt": number, "timing": record.timing()}
    sentence = f"Answered with status {status}" if status else "No answer came"
    wire.tell(
        Event(
            "answered", sentence, exchange=lambda: described(request, status, headers or {}, error) | timing
        )
    )


def _send(
    wire: Wire, call: RenderedCall, request: Request, record: ExchangeRecord, on_leaving: Callable[[], None]
) -> ReadResponse:
    """The whole exchange in one go, so that it takes one thread once."""
    on_leaving()
    wire.tell(Event("sent", f"{call.action.catalog.title}: sent, waiting for the answer"))
    try:
        return taken_in(_answered(call.transport, request, record), wire.spool)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InvalidAnswer(
            f"the answer came and could not be kept ({reason}); free some space where temporary files lie",
            billed="unknown" if request.paid else "no",
        ) from error


def _answered(transport: Transport, request: Request, record: ExchangeRecord) -> Response:
    """The response to a request. What echoes a secret of the request goes no further than here."""
    response = transport.send(request)
    record.note("answered")
    return replace(response, headers=hide(response.headers, request.secrets))


def taken_in(response: Response, spool: Path | None = None) -> ReadResponse:
    """The response with its body read: into memory where it is small, else into a file."""
    headers = response.headers
    length = headers.get("content-length", "")
    size = int(length) if length.isdecimal() and len(length) < 16 else None
    content = media.receive(response.body, folder=spool, declared_type=headers.get("content-type"), size=size)
    return ReadResponse(response.status, headers, content, media.from_base64)


async def judge(wire: Wire, call: RenderedCall, answer: ReadResponse, number: int) -> Result | FailedAttempt:
    """The result of an answer, or the failed attempt that it is."""
    rule = decode.decide(wire.integration, call.action, answer)
    try:
        return decode.decode(
            wire.integration,
            call.action,
            answer,
            rule,
            kind=call.kind,
            paid=call.estimate.paid,
            secrets=call.request.secrets,
        )
    except ConnectorError as error:
        error.retry_after = retry_after(answer.headers, wire.clock())
        await _obey_lockout(wire, call, error)
        return FailedAttempt(error, number, rule.ran, call.harmless)


async def _obey_lockout(wire: Wire, call: RenderedCall, error: ConnectorError) -> None:
    """A 429 all the same holds back everybody who shares the credential."""
    limit = wire.integration.rate_limit
    if not isinstance(error, RateLimited):
        return
    if error.retry_after is None and limit is not None:
        error.retry_after = limit.lockout
    if error.retry_after:
        await wire.io.run(wire.limiter.lock_out, call.key, error.retry_after)


def at_stake(request: Request, estimate: Estimate) -> Request:
    """The request, marked where sending it twice could cost or change something."""
    return replace(request, paid=estimate.paid or request.method not in SAFE_METHODS)
