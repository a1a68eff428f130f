"""Accounting of a call: the ledger knows of it before it is sent and after.

the row says    because
intended        the call is about to be sent, for the first time or again; its credits are set aside
sent            an attempt has left; a process that dies now leaves it so, and it counts as unknown
running         the upstream gave a job's id
done            a result came
failed          an answer said no
unknown         no answer came, or nobody waited for it
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial

from connector import errors
from connector.engine import attempts
from connector.engine.engine import Engine
from connector.engine.prepare import Prepared
from connector.engine.result import Result
from connector.errors import ConnectorError, Filtered, JobCancelled, OutcomeUnknown, Problem, Unauthorized
from connector.events import Event, origin
from connector.media import Media
from connector.secret import Secrets
from connector.storage.blocking import surely
from connector.storage.ledger.model import LedgerEntry

# The seconds between tries to write something down on a server that is away.
_RESTARTS = (1.0, 2.0, 4.0, 8.0)


class CallAccount:
    """The ledger's row of one call, or nothing where the call can cost nothing."""

    def __init__(self, engine: Engine, prepared: Prepared) -> None:
        self._engine = engine
        self.prepared = prepared
        self.id: str | None = None
        self._under_way = False
        self._is_closed = False

    async def intend(self) -> None:
        """Sets the credits aside. Raises CapReached where the environment's cap does not cover them."""
        call, destination = self.prepared.call, self.prepared.destination
        if not call.estimate.paid and call.action.job is None:
            return
        ledger, asked_by = self._engine.workspace.ledger, origin()

        def write() -> None:
            entry = LedgerEntry(
                self._engine.integration.id,
                call.action.id,
                destination.connection,
                destination.environment,
                call.key,
                call.estimate.credits,
                asked_by,
            )
            intent = ledger.intend(entry, destination.cap)
            self.id = intent.id
            if self._is_closed:  # whoever asked for it was stopped meanwhile
                ledger.not_sent(self.id)
            if intent.near:
                said = f"{intent.spent:g} of today's {intent.cap:g} credits are spent"
                self._engine.tell(Event("near_cap", said))

        await self._engine.io.run(write)

    def leaving(self) -> None:
        """An attempt leaves now. It blocks."""
        self._under_way = True  # first: who is stopped between the two cannot know that it did not leave
        if self.id is None:
            return
        try:
            self._engine.workspace.ledger.sent(self.id)
        except (OutcomeUnknown, JobCancelled):  # how it ends is somebody else's to say
            self.id = None
            raise

    def unrun(self) -> None:
        """The attempt did not run: whoever stops us now has stopped nothing that costs. It blocks."""
        self._under_way = False
        if self.id is not None:
            self._engine.workspace.ledger.unrun(self.id)

    def close(self, result: Result | None, error: BaseException | None) -> None:
        """Writes down how it ended. It blocks, and is right also while the process is being interrupted."""
        self._is_closed = True
        if self.id is None:
            return
        ledger, credits = self._engine.workspace.ledger, self.prepared.call.estimate.credits
        if result is not None:
            ledger.settle(
                self.id,
                state="done",
                outcome=result.outcome,
                billed="yes" if self.prepared.call.estimate.paid else "no",
                credits=credits,
                request_id=result.request_id,
            )
            return
        if not isinstance(error, ConnectorError) and not self._under_way:
            ledger.not_sent(self.id)
            return
        failure = error if isinstance(error, ConnectorError) else _interrupted(error)
        failure.invocation_id = self.id
        ledger.settle(
            self.id,
            state="unknown" if isinstance(failure, OutcomeUnknown) else "failed",
            outcome=failure.code,
            billed=failure.billed,
            credits=0.0 if failure.billed == "no" else credits,
            request_id=failure.request_id,
            message=failure.message,
        )


def _interrupted(error: BaseException | None) -> OutcomeUnknown:
    kind = type(error).__name__ if error is not None else "nothing"
    return OutcomeUnknown(f"it was interrupted ({kind}) while the request was under way")


@asynccontextmanager
async def spending(engine: Engine, prepared: Prepared) -> AsyncIterator[CallAccount]:
    """The row of a call for as long as it takes; whatever is raised inside is written down."""
    spent = CallAccount(engine, prepared)
    try:
        await spent.intend()
        yield spent
    except BaseException as error:
        give_up(engine, spent, error)
        raise


def give_up(engine: Engine, spent: CallAccount, error: BaseException) -> None:
    """Writes down that a call failed; where even that fails, the call's own error is the one to raise."""
    try:
        if isinstance(error, Filtered) and isinstance(error.result, Result) and spent.id is not None:
            error.invocation_id = spent.id
            error.result = keep(engine, flagged(error, spent.prepared), spent.id)
            if error.result.held is not None:
                error.result.held.lend()
        spent.close(None, error)
    except ConnectorError as unwritten:
        said = f"How it ended could not be written down: {unwritten.message}"
        error.add_note(said)
        engine.tell(Event("warning", said))


async def settled(
    engine: Engine, result: Result, settle: Callable[[], None], invocation_id: str | None
) -> Result:
    """The result, which is on the disk before it is settled. It is the caller's also where either fails,
    and then says so. What nobody waits for any more stays on the disk.
    """
    if invocation_id is None:  # it could cost nothing, and there is nothing to write
        return result
    kept = result

    def write() -> None:
        nonlocal kept
        if kept is result:
            kept = keep(engine, result, invocation_id)
        settle()

    try:
        await written(engine, write)
    except ConnectorError as unwritten:
        kept = _warned(engine, kept, f"the result could not be written down: {unwritten.message}")
    if kept.held is not None:
        kept.held.lend()
    return kept


async def written(engine: Engine, act: Callable[[], None]) -> None:
    """Does what is to be written down of what was paid for; a server that is restarted is waited for."""
    for pause in _RESTARTS if engine.workspace.database.url else ():
        with suppress(errors.DatabaseUnavailable):
            await surely(engine.io, act)
            return
        await engine.io.sleep(pause)
    await surely(engine.io, act)


def keep(engine: Engine, result: Result, invocation_id: str) -> Result:
    """The result, on the disk. It blocks."""
    media = result.media if isinstance(result.media, Media) else None
    if media is None and result.value is None:
        return result
    facts = replace(result, media=None).to_dict()
    name = "" if media is None else result.file_name
    try:
        media, held = engine.workspace.rescued.hold(invocation_id, facts, media, name)
    except OSError as error:
        return _warned(engine, result, f"the answer is only in memory: {error.strerror or error}")
    return replace(result, media=media, held=held)


def _warned(engine: Engine, result: Result, said: str) -> Result:
    engine.tell(Event("warning", said))
    return replace(result, warnings=(*result.warnings, Problem("", said, severity="warning")))


async def send(engine: Engine, prepared: Prepared) -> Result:
    """The result of a call, written down in the ledger where it may cost."""
    async with spending(engine, prepared) as spent:
        result = await _send_once_or_anew(engine, prepared, spent)
    finished = _completed(prepared, result, spent)
    if prepared.call.action.job:
        return finished
    return await settled(engine, finished, partial(spent.close, finished, None), spent.id)


async def _send_once_or_anew(engine: Engine, prepared: Prepared, spent: CallAccount) -> Result:
    """A refused credential that was a token is got anew, once; another path is tried where declared."""
    try:
        return await attempts.exchange(engine.wire, prepared.call, spent)
    except Unauthorized:
        if not engine.forget_authorization(prepared.destination):
            raise
        return await _send_with_new_token(engine, prepared, spent)
    except ConnectorError as error:
        fallback = prepared.call.action.request.fallback
        if prepared.fallback is None or fallback is None or fallback.on != error.code:
            raise
        return await attempts.exchange(engine.wire, prepared.fallback, spent)


async def _send_with_new_token(engine: Engine, prepared: Prepared, spent: CallAccount) -> Result:
    authorization = await engine.io.run(engine.authorization, prepared.destination)
    own = authorization.names
    kept = tuple((name, value) for name, value in prepared.call.request.headers if name.lower() not in own)
    request = replace(
        prepared.call.request,
        headers=(*kept, *authorization.headers),
        secrets=Secrets((*prepared.call.request.secrets, *authorization.secrets)),
    )
    return await attempts.exchange(engine.wire, replace(prepared.call, request=request), spent)


def _completed(prepared: Prepared, result: Result, spent: CallAccount) -> Result:
    """The result with what the answer itself does not say."""
    call = prepared.call
    return replace(
        result,
        **prepared.destination.facts,
        credits=call.estimate.credits,
        billed="yes" if call.estimate.paid else "no",
        invocation_id=spent.id,
        warnings=prepared.arguments.warnings,
    )


def flagged(error: Filtered, prepared: Prepared) -> Result:
    """What a filtered answer delivered all the same, as a result that says so."""
    result: Result = error.result
    return replace(
        result,
        outcome="filtered",
        billed=error.billed,
        credits=prepared.call.estimate.credits,
        **prepared.destination.facts,
        invocation_id=error.invocation_id,
        warnings=prepared.arguments.warnings,
    )


__all__ = ["CallAccount", "flagged", "give_up", "keep", "send", "settled", "spending", "written"]
