"""Streaming: an answer's bytes as they arrive, with the row in the ledger kept open meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Self

from connector.engine import attempts, decode
from connector.engine.accounting import CallAccount, give_up, keep
from connector.engine.attempts import RenderedCall
from connector.engine.decode import Head, ReadResponse
from connector.engine.engine import Engine
from connector.engine.http.messages import Response
from connector.engine.prepare import Prepared
from connector.engine.result import Result
from connector.engine.retry import FailedAttempt
from connector.errors import ConnectorError, InvocationError
from connector.events import Event
from connector.media import receive

# What was read already is given out in pieces of this size.
_PIECE = 1 << 18


class Stream:
    """The bytes of one answer. Read it once, by ``for`` or by ``async for``, or close it.

    ``status`` and ``headers`` are known from the start; ``result`` describes the answer, without its bytes.
    """

    def __init__(self, engine: Engine, response: Response, spent: CallAccount, result: Result) -> None:
        self.result = result
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self._engine = engine
        self._body = response.body
        self._spent = spent
        self._open = True

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._body.chunks()
        except BaseException as error:
            self._end(error)
            raise
        self._end(None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        chunks = self._body.chunks()
        try:
            while (chunk := await self._engine.io.run(next, chunks, None)) is not None:
                yield chunk
        except BaseException as error:
            self._end(error)
            raise
        self._end(None)

    async def collect(self) -> Result:
        """The whole answer as ``invoke`` gives it, arrived piece by piece on the disk."""
        return await self._engine.io.run(self._collected)

    def _collected(self) -> Result:
        try:
            spool = self._engine.wire.spool
            media = receive(self._body, folder=spool, declared_type=self.headers.get("content-type"))
            whole = replace(self.result, media=media)
            if self._spent.id is not None:
                whole = keep(self._engine, whole, self._spent.id)
        except BaseException as error:
            self._end(error)
            raise
        self._end(None)
        if whole.held is not None:
            whole.held.lend()
        return whole

    def close(self) -> None:
        """Stop reading. What was delivered so far was paid for all the same."""
        self._end(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        self.close()

    def _end(self, error: BaseException | None) -> None:
        if self._open:
            self._open = False
            with suppress(ConnectorError):
                self._body.close()
            if error is None or isinstance(error, GeneratorExit):  # who stops reading has closed it
                self._settle()
            else:
                give_up(self._engine, self._spent, error)

    def _settle(self) -> None:
        try:
            self._spent.close(self.result, None)
        except ConnectorError as unwritten:
            said = f"The result could not be written down: {unwritten.message}"
            self._engine.tell(Event("warning", said))


async def open_stream(engine: Engine, prepared: Prepared) -> Stream:
    """The answer of a call, once its head says that it succeeded. Raises the error of any other answer.

    The start of a job is refused: its answer is an id, which must be written down and not read away.
    """
    if prepared.call.action.job is not None:
        raise InvocationError(
            f"{prepared.call.action.title} starts a job, and there is nothing to stream yet; "
            "invoke it, or submit it and stream what fetches its result"
        )
    spent = CallAccount(engine, prepared)
    try:
        await spent.intend()
        response = await _opened(engine, prepared.call, spent)
    except BaseException as error:
        give_up(engine, spent, error)
        raise
    return Stream(engine, response, spent, _described(prepared, response, spent))


async def _opened(engine: Engine, call: RenderedCall, spent: CallAccount) -> Response:
    """The response of the first attempt that succeeds; the others as their rules say."""
    number = 0
    while True:
        number += 1
        came = await attempts.opened(engine.wire, call, number, spent.leaving)
        if not isinstance(came, FailedAttempt) and not _succeeded(engine, call, came):
            came = await _read(engine, call, came, number)
        if not isinstance(came, FailedAttempt):
            return came
        await attempts.pause_or_raise(engine.wire, came, spent)


async def _read(
    engine: Engine, call: RenderedCall, response: Response, number: int
) -> Response | FailedAttempt:
    """The response when its body was read and found to be a success, or the attempt as it failed."""
    try:
        answer = await engine.io.run(attempts.taken_in, response, engine.wire.spool)
    except ConnectorError as error:
        return FailedAttempt(error, number, ran=True, harmless=call.harmless)
    judged = await attempts.judge(engine.wire, call, answer, number)
    return judged if isinstance(judged, FailedAttempt) else replace(response, body=_Read(answer))


def _succeeded(engine: Engine, call: RenderedCall, response: Response) -> bool:
    """Whether the head alone says so; where the body has to be looked into, it is read first."""
    if response.status == 202 or not _is_promised(call, decode.media_type(response.headers)):
        return False
    head = Head(response.status, response.headers)
    return decode.decide(engine.integration, call.action, head).outcome == "success"


def _is_promised(call: RenderedCall, announced: str) -> bool:
    """Whether the head names what the action gives. JSON is looked into: an outcome may stand in it."""
    types = call.action.output.types
    return announced != "application/json" and call.kind != "json" and (not types or announced in types)


class _Read:
    """A body that has been read already, as one that arrives."""

    def __init__(self, answer: ReadResponse) -> None:
        self._answer = answer

    def chunks(self) -> Iterator[bytes]:
        with self._answer.content.open() as reader:
            while piece := reader.read(_PIECE):
                yield piece

    def close(self) -> None:
        """It is closed."""


def _described(prepared: Prepared, response: Response, spent: CallAccount) -> Result:
    call = prepared.call
    head, output = Head(response.status, response.headers), call.action.output
    request_id = head.fact(output.request_id)
    return Result(
        action=call.action.id,
        outcome="success",
        status=response.status,
        headers=dict(response.headers),
        seed=decode.whole(head.fact(output.seed)),
        request_id=None if request_id is None else str(request_id),
        credits=call.estimate.credits,
        billed="yes" if call.estimate.paid else "no",
        **prepared.destination.facts,
        invocation_id=spent.id,
        warnings=prepared.arguments.warnings,
    )
