"""The execution of an action as a run: opened, sent, kept, settled and closed; cancelled and drained.

Whoever executes a run may have died at any moment, and somebody else goes on. What they find is the ledger's
row of the run, which is written before the request leaves and whenever more is known:

    the row says        what is done
    none                the request is sent
    intended            it did not leave: the row is closed, and the request is sent under a new one
    failed, not sent    the request is sent
    sent                nobody knows: the run ends as unknown, and a person decides
    running             the job is asked for
    done                the answer is taken from the folder ``rescued``, or a job's is fetched again
    anything else       the run ends so

What may cost is never sent a second time. Three hosts execute runs in this one way: the HTTP host, where
somebody waits for the answer (``Runner``), and workers and named runs, where nobody does. They differ in:

                        somebody waits                     nobody waits
    an outage           ends the run; a paid file is       is waited for, and told
    of this machine     left in the folder ``rescued``
    a job               is asked for as long as the        is asked for until the upstream no longer
                        caller said; each poll is told     keeps it; news of it is told
    a stop              ends what does not finish          leaves it to whoever is next
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from logging import getLogger
from typing import Any, TypedDict, TypeVar

from connector.engine.connector import AsyncConnector
from connector.engine.result import Result
from connector.errors import ConnectorError, InvocationError, JobCancelled, JobError
from connector.events import Listener, followed
from connector.runs.durable.outages import PASSING, OutageRetry, is_passing
from connector.runs.durable.queues import urgency
from connector.runs.service import run_files
from connector.runs.service.live_run import LiveRun, all_of
from connector.runs.service.priority_semaphore import PrioritySemaphore, Slot
from connector.runs.service.record import RunRecord
from connector.runs.service.settlement import LOST, Settlement, news
from connector.runs.service.thumbnails import Thumbnails
from connector.storage.blocking import Io, Threads
from connector.storage.files.store import FileStore
from connector.storage.ledger.ledger import Ledger
from connector.storage.ledger.model import LedgerEntry
from connector.storage.runs.history import History, Run, Told
from connector.storage.runs.model import CANCELLED, INTERRUPTED, RunEnding

T = TypeVar("T")

_MISTAKE = "the connector failed ({}); see its log"
# How often somebody else's request is looked at, and whether those that drain are done, in seconds.
_LOOK_AGAIN, _DRAINED_YET = 1.0, 0.05
# Such a failure is known to have come before the request left.
_UNSENT = PASSING | {"not_sent"}


class Left(TypedDict):
    """What is left to do of a run. The durable engine keeps it, so it is small and plain."""

    job: bool


_NOTHING, _A_JOB = Left(job=False), Left(job=True)


def _nobody(run: Run) -> None:
    """Nobody listens."""


class ActionExecutor:
    """Executes the runs of actions, in one event loop.

    At most ``concurrency`` requests are under way; a job counts only while it is started. ``on_change``
    hears of each run that ends, and where ``somebody_waits`` of each state that one enters. ``io`` is for the
    stores, and waits.
    """

    def __init__(
        self,
        connectors: Mapping[str, AsyncConnector],
        history: History,
        files: FileStore,
        ledger: Ledger,
        *,
        concurrency: int = 32,
        keep_seconds: float | None = None,
        on_change: Callable[[Run], None] = _nobody,
        somebody_waits: bool = False,
        io: Io | None = None,
    ) -> None:
        self._connectors = connectors
        self._history = history
        self._files = files
        rescued = next(iter(connectors.values())).workspace.rescued
        self._settlement = Settlement(history, ledger, rescued)
        self.record = RunRecord(history, files, keep_seconds)
        self._semaphore = PrioritySemaphore(concurrency)
        self._on_change = on_change
        self._somebody_waits = somebody_waits
        self._io = io or Threads(4)
        self._thumbnails = Thumbnails(self.record)
        self._patience = OutageRetry(history, self._io)
        self._started: set[str] = set()
        self.live: dict[str, LiveRun] = {}
        self.at_work: set[str] = set()
        self.sending: set[str] = set()
        self.is_draining = False

    def slot(self) -> Slot:
        """A slot for the request of a run that somebody waits for."""
        return self._semaphore.slot()

    def execute(self, run: Run, arguments: Mapping[str, Any], slot: Slot) -> LiveRun:
        """Begins with a run that was opened just now, in a task of its own; the slot is given back."""
        return self._begin(run, partial(self._from_the_start, arguments=arguments, slot=slot))

    def resume(self, run: Run) -> LiveRun:
        """Asks again for the job of a run that another process left, in a task of its own."""
        return self._begin(run, self._from_the_job)

    def end(self, run: Run) -> LiveRun:
        """Ends a run that another process left, in a task of its own, by what is written down of it."""
        return self._begin(run, self._from_what_is_written)

    async def submit(self, run_id: str) -> Left:
        """Sends the request of a run, unless it has been sent; says whether there is a job to ask for."""
        return await self._alone(run_id, self._submit)

    async def finish(self, run_id: str) -> Left:
        """Asks for the job of a run until it ends."""
        return await self._alone(run_id, self._finish)

    async def cancel(self, run_id: str) -> Run:
        """The run, stopped where that is possible.

        A job is no longer asked for. A request that may cost and has left cannot be taken back: the run is
        then ``unknown``. What has ended stays as it is. Raises InvocationError where another process has it.
        """
        live = self.live.get(run_id)
        if live is None:
            return await self._cancel_elsewhere(run_id)
        if live.job_id is None or await self._cancel_job(live.run, live.job_id):
            live.stop(CANCELLED)
        await asyncio.wait({live.task})
        return live.task.result()

    async def drain(self, seconds: float) -> None:
        """Begins nothing more, and lets what is under way finish for so long.

        Where somebody waits, the rest is written down, and a job is left at once: it goes on upstream.
        """
        self.is_draining = True
        until = time.monotonic() + seconds
        while self.sending and not self._somebody_waits and time.monotonic() < until:
            await asyncio.sleep(_DRAINED_YET)
        tasks = [live.task for live in self.live.values()]
        for live in [live for live in self.live.values() if live.job_id]:
            live.stop()
        await all_of(tasks, seconds)
        for live in self.live.values():
            live.stop()
        await all_of(tasks, None)
        await self._thumbnails.stop()

    def close(self) -> None:
        """Lets go of the threads; what was made small by then is made."""
        self._thumbnails.close()
        self._io.close()

    def _begin(self, run: Run, act: Callable[[LiveRun], Awaitable[Left]]) -> LiveRun:
        live = self.live[run.id] = LiveRun(run, self._history, self._io)
        self._on_change(run)
        live.task = asyncio.create_task(self._carry(live, act))
        live.task.add_done_callback(_log_failure)
        return live

    async def _carry(self, live: LiveRun, act: Callable[[LiveRun], Awaitable[Left]]) -> Run:
        """The run from where it is to its end, which is written down however it came."""
        run_id = live.run.id
        try:
            await self._in_any_case(run_id, partial(act, live), live)
        finally:
            del self.live[run_id]
            live.wake()
        if not self.is_draining:
            self._thumbnails.begin(run_id)
        return live.run

    async def _alone(self, run_id: str, act: Callable[[str], Awaitable[Left]]) -> Left:
        """One at a time works on a run."""
        while run_id in self.at_work:
            await self._io.sleep(_LOOK_AGAIN)
        self.at_work.add(run_id)
        try:
            left = await self._in_any_case(run_id, partial(self._patience.hold, run_id, partial(act, run_id)))
            if not self.is_draining:
                await self._thumbnails.make(run_id)
            return left
        finally:
            self.at_work.discard(run_id)

    async def _in_any_case(
        self, run_id: str, act: Callable[[], Awaitable[Left]], live: LiveRun | None = None
    ) -> Left:
        """A mistake of ours ends the run, and not who executes it."""
        try:
            return await act()
        except Exception as error:
            if live is not None and live.is_over:  # how it ended could not be written down
                raise
            getLogger(__name__).exception("run %s ended by a mistake of ours", run_id)
            said = _MISTAKE.format(type(error).__name__)
            return await self._give_up(run_id, RunEnding("failed", ConnectorError.code, "no", said), live)

    async def _from_the_start(self, live: LiveRun, arguments: Mapping[str, Any], slot: Slot) -> Left:
        left = await self._send(live, arguments, slot)
        if left["job"] and self.is_draining:
            live.stop()
        return await self._wait_for_job(live, live.run.options) if left["job"] else left

    async def _from_what_is_written(self, live: LiveRun) -> Left:
        entry = await self._io.run(self._history.entry, live.run.id)
        return await self._end_as_written(live, entry, INTERRUPTED)

    async def _from_the_job(self, live: LiveRun) -> Left:
        run = live.run
        said = {"sentence": "the host is back, and asks for the job again", "job_id": run.job_id}
        await self._io.run(self._history.event, run.id, "again", said)
        return await self._wait_for_job(live, {**run.options, "timeout": None})

    async def _submit(self, run_id: str) -> Left:
        run, entry = await self._io.run(self._settlement.look, run_id)
        while not run.has_ended and entry is not None and entry.state in ("intended", "sent"):
            await self._settle(entry)
            run, entry = await self._io.run(self._settlement.look, run_id)
        return _NOTHING if run.has_ended else await self._act_on(run, entry)

    async def _act_on(self, run: Run, entry: LedgerEntry | None) -> Left:
        """Does what the ledger's row asks for."""
        if entry is None or (entry.state == "failed" and _did_not_leave(entry)):
            live = LiveRun(run, self._history, self._io)
            left = await self._send(live, None, self._semaphore.slot(urgency(run)))
            if left["job"]:
                self._started.add(run.id)
                await self._end(live, partial(self._settlement.tell, run.id))
            return left
        if entry.upstream_id and entry.state in ("running", "done", "cancelled"):
            # Whoever cancelled a job ends its run, and may be resuming it just now.
            return _A_JOB
        return await self._end_as_written(LiveRun(run, self._history, self._io), entry, LOST)

    async def _settle(self, entry: LedgerEntry) -> None:
        """Who wrote it is gone, or else is waited for."""
        settled = await self._io.run(self._settlement.abandon, entry)
        if settled.state == entry.state:
            await self._io.sleep(_LOOK_AGAIN)

    async def _send(self, live: LiveRun, arguments: Mapping[str, Any] | None, slot: Slot) -> Left:
        """The request and its answer, by what was given, or else by what is written down of that.

        It holds its slot until what came of it is written down; a job is asked for without one.
        """
        try:
            return await self._outcome(live, self._requested(live, arguments, slot))
        finally:
            self.sending.discard(live.run.id)
            slot.give_back()

    async def _outcome(self, live: LiveRun, request: Coroutine[Any, Any, Result | None]) -> Left:
        try:
            result = await live.ask(request)
        except asyncio.CancelledError:
            if not live.is_stopped:  # it is who executes that is cancelled, and is told why
                raise
            return await self._stopped(live)
        except ConnectorError as error:
            if self._somebody_waits or not isinstance(error, JobError) or error.job_id is None:
                return await self._failed(live, error)
            await self._write_down(live.run, error.job_id)
            return _A_JOB
        if result is None:
            return _NOTHING
        if result.outcome == "pending" and result.job_id is not None:
            live.job_id = result.job_id
            return _A_JOB
        return await self._succeed(live, result)

    async def _requested(
        self, live: LiveRun, arguments: Mapping[str, Any] | None, slot: Slot
    ) -> Result | None:
        """The answer; None where the run was ended while it waited for its slot."""
        with followed(live.run.id, live.hear):
            await slot.take()
            if self.is_draining and not self._somebody_waits:  # it is left to the next worker
                await asyncio.get_running_loop().create_future()
            self.sending.add(live.run.id)
            if arguments is None or live.run.state == "queued":
                await self._set_off(live)
            return None if live.run.has_ended else await self._invoked(live.run, arguments)

    async def _set_off(self, live: LiveRun) -> None:
        live.run = await self._io.run(self._settlement.set_off, live.run)
        live.wake()
        self._tell_of(live.run)

    async def _invoked(self, run: Run, arguments: Mapping[str, Any] | None) -> Result:
        connector, spec = serving(self._connectors, run), run.spec
        if arguments is None:
            action = connector.action(spec.action)
            taken = await self._io.run(run_files.take, action, spec.arguments, self._files, None)
            arguments = taken.arguments
        return await connector.invoke(
            spec.action,
            arguments,
            environment=spec.environment,
            connection=spec.connection,
            wait=False,
            **spec.options,
        )

    async def _finish(self, run_id: str) -> Left:
        while True:
            try:
                return await self._asked_for(run_id)
            except JobCancelled:
                # Whoever cancelled it ends the run, and may have resumed it since.
                await self._io.sleep(_LOOK_AGAIN)
                run = await self._io.run(self._settlement.let_go, run_id)
            if run.has_ended:
                self._tell_of(run)
                return _NOTHING

    async def _asked_for(self, run_id: str) -> Left:
        run, entry = await self._io.run(self._settlement.look, run_id)
        if run.has_ended:
            return _NOTHING
        if entry is not None and entry.state == "cancelled":
            raise JobCancelled("somebody is cancelling it")
        if entry is None or entry.upstream_id is None or entry.state not in ("running", "done"):
            return await self._end_as_written(LiveRun(run, self._history, self._io), entry, LOST)
        if run_id not in self._started:
            self._started.add(run_id)
            job = serving(self._connectors, run).action(entry.action).job
            await self._io.run(self._settlement.rest, entry, job)
        live = LiveRun(run, self._history, self._io)
        live.job_id = entry.id
        # How long it takes is the upstream's affair, until it no longer keeps the result.
        return await self._wait_for_job(live, {**run.options, "timeout": None})

    async def _wait_for_job(self, live: LiveRun, options: Mapping[str, Any]) -> Left:
        hear = live.hear if self._somebody_waits else news(live.hear)
        try:
            result = await live.ask(self._awaited(live, hear, options))
        except asyncio.CancelledError:
            if not live.is_stopped:  # it is who executes that is cancelled, and is told why
                raise
            return await self._stopped(live)
        except ConnectorError as error:
            if self._somebody_waits or not isinstance(error, JobCancelled):
                return await self._failed(live, error)
            await self._end(live, partial(self._settlement.tell, live.run.id))
            raise
        return await self._succeed(live, result)

    async def _awaited(self, live: LiveRun, hear: Listener, options: Mapping[str, Any]) -> Result:
        assert live.job_id is not None
        with followed(live.run.id, hear):
            return await serving(self._connectors, live.run).wait(live.job_id, **options)

    async def _stopped(self, live: LiveRun) -> Left:
        """What was asked for is no longer: somebody stopped the run, or else whoever executes it ends."""
        run_id = live.run.id
        if live.ending is None and live.job_id:
            await self._end(live, partial(self.record.leave, run_id))
        else:
            entry = await self._io.run(self._history.entry, run_id)
            await self._end_as_written(live, entry, live.ending or INTERRUPTED)
        return _NOTHING

    async def _end_as_written(self, live: LiveRun, entry: LedgerEntry | None, otherwise: RunEnding) -> Left:
        """The run ends with the answer that came, or else as the ledger says."""
        result = await self._io.run(self._settlement.answer, entry)
        if result is not None:
            return await self._succeed(live, result)
        await self._end(live, partial(self._history.give_up, live.run.id, otherwise))
        return _NOTHING

    async def _failed(self, live: LiveRun, error: ConnectorError) -> Left:
        if is_passing(error) and not self._somebody_waits:
            await self._end(live, partial(self._settlement.tell, live.run.id))
            raise error
        await self._end(live, partial(self.record.fail, live.run.id, error))
        return _NOTHING

    async def _write_down(self, run: Run, job_id: str) -> None:
        """A job that was started, and whose id could not be written down, is when that has passed."""
        job = serving(self._connectors, run).action(run.action).job
        assert job is not None
        begun = partial(self._io.run, self._settlement.begun, run.id, job_id, job)
        await self._patience.hold(run.id, begun)

    async def _succeed(self, live: LiveRun, result: Result) -> Left:
        if result.held is not None:  # until the run is closed with it
            result.held.stay()
        run_id, record = live.run.id, self.record
        if self._somebody_waits:
            await self._end(live, partial(record.succeed, run_id, result))
            return _NOTHING
        stored = await self._hold(run_id, partial(self._io.run, record.keep, run_id, result))
        await self._end(live, partial(record.close, run_id, result, stored))
        return _NOTHING

    async def _give_up(self, run_id: str, otherwise: RunEnding, live: LiveRun | None = None) -> Left:
        """The run ends as the ledger says."""
        give_up = partial(self._history.give_up, run_id, otherwise)
        if live is not None:
            await self._end(live, give_up)
        else:
            self._tell_of(await self._hold(run_id, partial(self._io.run, give_up)))
        return _NOTHING

    async def _end(self, live: LiveRun, act: Callable[[Told], Run]) -> None:
        self._tell_of(await self._hold(live.run.id, lambda: live.last(act)))

    async def _hold(self, run_id: str, act: Callable[[], Awaitable[T]]) -> T:
        """What the act gives; where nobody waits for the run, once it can."""
        return await (act() if self._somebody_waits else self._patience.hold(run_id, act))

    def _tell_of(self, run: Run) -> None:
        if run.has_ended:
            self._started.discard(run.id)
            self._thumbnails.want(run)
        if run.has_ended or self._somebody_waits:
            self._on_change(run)

    async def _cancel_elsewhere(self, run_id: str) -> Run:
        run = await self._io.run(self._settlement.stop, run_id)
        if run.has_ended:
            return run
        raise InvocationError(
            f"run {run_id} is under way in another process, and cannot be cancelled here; wait for its end"
        )

    async def _cancel_job(self, run: Run, job_id: str) -> bool:
        """Whether the job is no longer asked for; one that has just ended cannot be cancelled any more."""
        try:
            await serving(self._connectors, run).cancel(job_id)
        except JobError:
            return False
        return True


def _did_not_leave(entry: LedgerEntry) -> bool:
    return entry.outcome in _UNSENT and entry.billed == "no"


def _log_failure(task: asyncio.Task[Run]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        getLogger(__name__).error("how a run ended could not be written down: %s", error)


def serving(connectors: Mapping[str, AsyncConnector], run: Run) -> AsyncConnector:
    """The connector of a run's integration. Raises ConnectorError where this worker has none."""
    if run.integration in connectors:
        return connectors[run.integration]
    raise ConnectorError(
        f"this worker does not have the integration {run.integration!r}; start it with its folder"
    )
