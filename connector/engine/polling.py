"""Polling: a job is asked for at its pace, through failures, until it ends or its time is up.

Its id stands in the ledger before the first poll, so that any process with the same credential can go on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial

from connector.engine import attempts, decode, job_state
from connector.engine.accounting import settled, written
from connector.engine.engine import Engine
from connector.engine.job_state import Job
from connector.engine.prepare import Invocation, Prepared, prepare
from connector.engine.result import Result
from connector.errors import (
    Billed,
    ConnectorError,
    CredentialError,
    Filtered,
    InvalidAnswer,
    JobCancelled,
    JobError,
    JobExpired,
    JobNotFound,
    JobPending,
    NotFound,
)
from connector.events import Event
from connector.spec.model import JobSpec
from connector.storage.ledger.ledger import LedgerEntry, State
from connector.storage.ledger.model import longest_pause


async def write_down(engine: Engine, prepared: Prepared, started: Result) -> Result:
    """The job that a start's answer began, first of all written down. The result carries its id."""
    declared = prepared.call.action.job
    assert declared is not None
    assert started.invocation_id is not None
    upstream_id = str(decode.dig(started.value, declared.id))
    begun = job_state.begin(
        started.invocation_id, upstream_id, declared.fetch, declared.interval, declared.keep, engine.clock()
    )

    def write() -> None:
        engine.workspace.ledger.running(
            begun.invocation_id,
            upstream_id=upstream_id,
            fetch=declared.fetch,
            next_poll=begun.next_poll,
            deadline=begun.deadline,
        )

    try:
        await written(engine, write)
    except ConnectorError as unwritten:
        raise _unwritten(started, upstream_id, unwritten) from unwritten
    engine.tell(Event("started", "The job has started", declared.interval, job_id=upstream_id))
    return replace(started, outcome="pending", job_id=upstream_id)


def _unwritten(started: Result, upstream_id: str, error: ConnectorError) -> JobError:
    return JobError(
        f"job {upstream_id} was started, and could not be written down: {error.message}; "
        "keep its id, and fetch its result by it",
        billed=started.billed,
        job_id=upstream_id,
        invocation_id=started.invocation_id,
    )


async def find(engine: Engine, job_id: str) -> LedgerEntry:
    """The ledger's entry of a job, by either of its ids. Raises JobNotFound, also for what is no job."""
    engine.check_open()
    entry = await engine.io.run(engine.workspace.ledger.get, job_id)
    if entry.upstream_id is None or entry.fetch is None:
        raise JobNotFound(
            f"invocation {entry.id} ({entry.action}) is no job; it ended as {entry.outcome or entry.state}"
        )
    if not {entry.action, entry.fetch} <= set(engine.integration.actions):
        raise JobNotFound(
            f"job {entry.upstream_id} is one of {entry.integration}'s {entry.action}, which is not among the "
            f"actions of {engine.integration.id}; ask for it with the integration that started it"
        )
    return entry


async def wait(
    engine: Engine, entry: LedgerEntry, *, accept: str | None = None, timeout: float | None = None
) -> Result:
    """The result of a job. ``timeout`` bounds the waiting, in seconds; 0 asks once, if it is time.

    Raises JobPending where the time is up; the job goes on upstream and can be waited for again.
    """
    try:
        return await _waited(engine, entry, accept, timeout)
    except ConnectorError as error:
        error.job_id, error.invocation_id = entry.upstream_id, entry.id
        raise


async def _waited(engine: Engine, entry: LedgerEntry, accept: str | None, timeout: float | None) -> Result:
    asked = await _asking(engine, entry, accept)
    until = None if timeout is None else engine.clock() + timeout
    current = _job(engine, entry)
    turns = _Turns(engine, entry, current.interval)
    while True:
        if until is not None and timeout is not None:  # also where the clock is set back meanwhile
            until = min(until, engine.clock() + timeout)
        await _pause(engine, current, until)
        try:
            result, error = await _poll(engine, asked, turns.take)
        except _TooEarly as early:
            current = replace(current, next_poll=engine.clock() + early.pause)
            continue
        outcome = error.code if error is not None else result.outcome if result is not None else "pending"
        if isinstance(error, InvalidAnswer) and not error.retryable:
            outcome = "refused"  # as one too large, which the next answer would be too
        step = job_state.after(current, outcome, engine.clock(), error.retry_after if error else None)
        if step.verdict != "again":
            return await _ended(engine, entry, asked, step.verdict, result, error)
        current = await turns.keep(step.job)
        _tell(engine, current, error)


async def _asking(engine: Engine, entry: LedgerEntry, accept: str | None) -> Prepared:
    """The call that asks for a job's result, with the credential that started it."""
    assert entry.fetch is not None
    declared = engine.integration.actions[entry.action].job
    argument = declared.argument if declared else JobSpec("", "", 1).argument
    offered = engine.integration.actions[entry.fetch].request.accept
    use = Invocation(
        entry.fetch,
        {argument: entry.upstream_id},
        environment=entry.environment,
        connection=entry.connection,
        accept=accept if accept in offered else None,
    )
    asked = await prepare(engine, use)
    if entry.key and asked.call.key and entry.key != asked.call.key:
        raise CredentialError(
            f"job {entry.upstream_id} was started with another credential than {entry.environment} has now; "
            "its result can only be fetched with that one",
            job_id=entry.upstream_id,
        )
    return asked


def _job(engine: Engine, entry: LedgerEntry) -> Job:
    declared = engine.integration.actions[entry.action].job
    interval = declared.interval if declared else 10.0
    assert entry.upstream_id is not None
    assert entry.fetch is not None
    return Job(
        entry.id, entry.upstream_id, entry.fetch, interval, entry.next_poll or engine.clock(), entry.deadline
    )


async def _pause(engine: Engine, current: Job, until: float | None) -> None:
    """Lets the time pass that the job is not to be asked for.

    Raises JobPending once it is clear that this is after ``until``, and not before then.
    """
    pause = current.next_poll - engine.clock()
    if pause <= 0 or pause > longest_pause(current.interval):  # the clock was set back since
        return
    left = pause if until is None else until - engine.clock()
    await engine.io.sleep(max(0.0, min(pause, left)))
    if left < pause:
        raise _pending(current)


class _TooEarly(Exception):
    """Somebody else asked for the job just now; ``pause`` is the seconds until it is time again."""

    def __init__(self, pause: float) -> None:
        super().__init__(pause)
        self.pause = pause


# A turn lasts so much longer than the interval that a quick answer, from which the interval counts, need not
# be written down: a thousand jobs are waited for with one act of the database a poll.
_QUICK = 0.25


class _Turns:
    """The right to ask for a job now, of all who wait for it."""

    def __init__(self, engine: Engine, entry: LedgerEntry, interval: float) -> None:
        self._engine, self._entry, self._lasting = engine, entry, interval + _QUICK
        self._until = 0.0

    def take(self) -> None:
        """The poll leaves now. It blocks.

        Raises _TooEarly, and JobCancelled where somebody cancelled the job while it was waited for.
        """
        now = self._engine.clock()
        turn = self._engine.workspace.ledger.poll_turn(self._entry.id, self._lasting)
        if turn.state == "cancelled" != self._entry.state:
            raise _cancelled(self._entry)
        if turn.pause:
            raise _TooEarly(turn.pause)
        self._until = now + self._lasting

    async def keep(self, polled: Job) -> Job:
        """The job with the pace that holds for all who wait for it."""
        if polled.next_poll <= self._until:
            return replace(polled, next_poll=self._until)
        await self._engine.io.run(self._engine.workspace.ledger.polled, self._entry.id, polled.next_poll)
        return polled


def _cancelled(entry: LedgerEntry) -> JobCancelled:
    return JobCancelled(
        f"job {entry.upstream_id} is no longer asked for",
        job_id=entry.upstream_id,
        invocation_id=entry.id,
    )


def _pending(current: Job) -> JobPending:
    return JobPending(
        f"job {current.upstream_id} is not finished; ask again later by its id",
        job_id=current.upstream_id,
        invocation_id=current.invocation_id,
    )


async def _poll(
    engine: Engine, asked: Prepared, leaving: Callable[[], None]
) -> tuple[Result | None, ConnectorError | None]:
    """One question: the job's own pace is the retry, so that no attempt comes closer than the floor."""
    try:
        return await attempts.once(engine.wire, asked.call, leaving), None
    except NotFound as error:
        if asked.fallback is None:
            return None, error
        fallback = replace(asked, call=asked.fallback, fallback=None)
        return await _poll(engine, fallback, attempts.unwritten)
    except ConnectorError as error:
        return None, error


def _tell(engine: Engine, current: Job, error: ConnectorError | None) -> None:
    said = "still in progress" if error is None else error.message.splitlines()[0]
    pause = max(0.0, current.next_poll - engine.clock())
    engine.tell(Event("poll", f"Check {current.polls}: {said}", pause, job_id=current.upstream_id))


async def _ended(
    engine: Engine,
    entry: LedgerEntry,
    asked: Prepared,
    verdict: str,
    result: Result | None,
    error: ConnectorError | None,
) -> Result:
    if verdict == "finished" and result is not None:
        return await _finished(engine, entry, asked, result)
    failure = _failure(entry, verdict, error)
    failure.job_id, failure.invocation_id = entry.upstream_id, entry.id
    if verdict == "stopped" and not isinstance(failure, Filtered):
        raise failure  # the job stands in the ledger as it was, and can be resumed
    ending = _JobEnding("failed", failure.code, failure.billed, message=failure.message)
    await engine.io.run(_settle, engine, entry, ending)
    if failure.result is not None:
        delivered = replace(failure.result, outcome=failure.code)
        failure.result = _described(entry, asked, delivered, failure.billed)
    raise failure


def _failure(entry: LedgerEntry, verdict: str, error: ConnectorError | None) -> ConnectorError:
    if isinstance(error, Filtered):
        return error
    if verdict == "expired" or error is None:
        expired = JobExpired(f"the API no longer has the result of job {entry.upstream_id}")
        expired.__cause__ = error
        return expired
    return error


async def _finished(engine: Engine, entry: LedgerEntry, asked: Prepared, result: Result) -> Result:
    billed: Billed = "no" if entry.estimate == 0 else "yes"
    finished = _described(entry, asked, result, billed)
    ending = _JobEnding("done", result.outcome, billed, result.request_id)
    return await settled(engine, finished, partial(_settle, engine, entry, ending), entry.id)


@dataclass(frozen=True, slots=True)
class _JobEnding:
    """How a job ended, for its row in the ledger."""

    state: State
    outcome: str
    billed: Billed
    request_id: str | None = None
    message: str | None = None


def _settle(engine: Engine, entry: LedgerEntry, ending: _JobEnding) -> None:
    ledger = engine.workspace.ledger
    # Once the result was had, it stays so: later the upstream only says that it keeps it no more.
    if ending.state == "done" or ledger.get(entry.id).state != "done":
        ledger.settle(entry.id, credits=entry.estimate, **asdict(ending))
    # Who asks for it once more keeps the distance too: the upstream counts all questions.
    ledger.polled(entry.id, engine.clock() + _job(engine, entry).interval)


def _described(entry: LedgerEntry, asked: Prepared, result: Result, billed: Billed) -> Result:
    """The result as one of the action that started it."""
    return replace(
        result,
        **asked.destination.facts,
        action=entry.action,
        credits=entry.estimate,
        billed=billed,
        invocation_id=entry.id,
        job_id=entry.upstream_id,
    )


async def cancel(engine: Engine, job_id: str) -> JobCancelled:
    """We stop asking for a job. The upstream cannot be told, and may charge for it all the same."""
    entry = await find(engine, job_id)
    await engine.io.run(engine.workspace.ledger.cancel, entry.id)
    return _cancelled(entry)
