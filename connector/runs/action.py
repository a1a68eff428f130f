"""One durable run of an action: what is left to do of it, by what the ledger says.

Whoever executes the run may have died at any moment, and somebody else goes on. What they find is the
ledger's row of the run, which is written before the request leaves and whenever more is known:

    the row says        what is done
    none                the request is sent
    intended            it did not leave: the row is closed, and the request is sent under a new one
    failed, not sent    the request is sent
    sent                nobody knows: the run ends as unknown, and a person decides
    running             the job is asked for
    done                a job's result is fetched again; any other answer was paid for and is lost
    anything else       the run ends so

What may cost is never sent a second time. What is wrong on this machine passes: it is waited for and told,
and nothing is lost by it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from logging import getLogger
from typing import TypedDict

from connector import keeping
from connector.entry import Entry
from connector.errors import ConnectorError, JobCancelled, JobError
from connector.events import followed
from connector.files import FileStore
from connector.history import History, Run, Told
from connector.io import Io, Threads
from connector.ledger import Ledger
from connector.record import Record
from connector.result import Result
from connector.run import Ending
from connector.runs.books import Books, news
from connector.runs.gate import Gate
from connector.runs.passing import PASSING, Patience, is_passing
from connector.runs.queues import urgency
from connector.runtime import AsyncConnector
from connector.underway import UnderWay

_LOST = Ending("unknown", "unknown", "yes", "the answer came, and was lost with the process that got it")
_MISTAKE = "the worker failed ({}); see its log"
# How often somebody else's request is looked at, in seconds.
_LOOK_AGAIN = 1.0
# Such a failure is known to have come before the request left.
_UNSENT = PASSING | {"not_sent"}


class Left(TypedDict):
    """What is left to do of a run. The durable engine keeps it, so it is small and plain."""

    job: bool


_NOTHING, _A_JOB = Left(job=False), Left(job=True)


def _nobody(run: Run) -> None:
    """Nobody listens."""


class Actions:
    """Does the durable runs of actions, in one event loop.

    At most ``places`` requests are under way; a job counts only while it is started. ``on_change`` hears of
    each run that ends. ``io`` is for the stores, and waits.
    """

    def __init__(
        self,
        connectors: Mapping[str, AsyncConnector],
        history: History,
        files: FileStore,
        ledger: Ledger,
        *,
        places: int = 32,
        keep_seconds: float | None = None,
        on_change: Callable[[Run], None] = _nobody,
        io: Io | None = None,
    ) -> None:
        self._connectors = connectors
        self._history = history
        self._files = files
        self._books = Books(history, ledger)
        rescued = next(iter(connectors.values())).workspace.rescued
        self._record = Record(history, files, rescued, keep_seconds)
        self._gate = Gate(places)
        self._on_change = on_change
        self._io = io or Threads(4)
        # Pictures are made small one at a time, beside everything else.
        self._studio = Threads(1)
        self._made: dict[str, str] = {}
        self._patience = Patience(history, self._io)
        self._started: set[str] = set()
        self.at_work: set[str] = set()
        self.sending = 0
        self.is_draining = False

    async def submit(self, run_id: str) -> Left:
        """Sends the request of a run, unless it has been sent; says whether there is a job to ask for."""
        return await self._alone(run_id, self._submit)

    async def finish(self, run_id: str) -> Left:
        """Asks for the job of a run until it ends."""
        return await self._alone(run_id, self._finish)

    def close(self) -> None:
        """Lets go of the threads; what was made small by then is made."""
        self._studio.close()
        self._io.close()

    async def _alone(self, run_id: str, act: Callable[[str], Awaitable[Left]]) -> Left:
        """One at a time works on a run."""
        while run_id in self.at_work:
            await self._io.sleep(_LOOK_AGAIN)
        self.at_work.add(run_id)
        try:
            left = await self._surely(run_id, act)
            made = self._made.pop(run_id, None)
            if made and not self.is_draining:
                await self._make_small(run_id, made)
            return left
        finally:
            self.at_work.discard(run_id)

    async def _surely(self, run_id: str, act: Callable[[str], Awaitable[Left]]) -> Left:
        """A mistake of ours ends the run, and not the worker."""
        try:
            return await self._patience.hold(run_id, partial(act, run_id))
        except Exception as error:
            getLogger(__name__).exception("run %s ended by a mistake of ours", run_id)
            mistake = Ending("failed", ConnectorError.code, "no", _MISTAKE.format(type(error).__name__))
            return await self._give_up(run_id, mistake)

    async def _submit(self, run_id: str) -> Left:
        run, entry = await self._io.run(self._books.look, run_id)
        while not run.has_ended and entry is not None and entry.state in ("intended", "sent"):
            await self._settle(entry)
            run, entry = await self._io.run(self._books.look, run_id)
        return _NOTHING if run.has_ended else await self._act_on(run, entry)

    async def _act_on(self, run: Run, entry: Entry | None) -> Left:
        """Does what the ledger's row asks for."""
        if entry is None or (entry.state == "failed" and _did_not_leave(entry)):
            return await self._send(run)
        if entry.upstream_id and entry.state in ("running", "done", "cancelled"):
            # Whoever cancelled a job ends its run, and may be resuming it just now.
            return _A_JOB
        return await self._give_up(run.id, _LOST)

    async def _settle(self, entry: Entry) -> None:
        """Who wrote it is gone, or else is waited for."""
        settled = await self._io.run(self._books.abandon, entry)
        if settled.state == entry.state:
            await self._io.sleep(_LOOK_AGAIN)

    async def _send(self, run: Run) -> Left:
        async with self._gate.place(urgency(run)):
            if self.is_draining:  # it is left to the next worker
                await asyncio.get_running_loop().create_future()
            self.sending += 1
            try:
                set_off = await self._io.run(self._books.set_off, run)
                return _NOTHING if set_off.has_ended else await self._sent(set_off)
            finally:
                self.sending -= 1

    async def _sent(self, run: Run) -> Left:
        under_way = UnderWay(run, self._history, self._io)
        try:
            result = await self._invoked(run, under_way)
        except ConnectorError as error:
            if not isinstance(error, JobError) or error.job_id is None:
                return await self._failed(run, under_way, error)
            await self._write_down(run, error.job_id)
            return await self._has_job(run, under_way)
        if result.outcome == "pending" and result.job_id is not None:
            return await self._has_job(run, under_way)
        return await self._succeed(run, under_way, result)

    async def _has_job(self, run: Run, under_way: UnderWay) -> Left:
        self._started.add(run.id)
        await self._end(under_way, partial(self._books.tell, run.id))
        return _A_JOB

    async def _invoked(self, run: Run, under_way: UnderWay) -> Result:
        connector, spec = self._connector(run), run.spec
        action = connector.action(spec.action)
        taken = await self._io.run(keeping.take, action, spec.arguments, self._files, None)
        with followed(run.id, under_way.hear):
            return await connector.invoke(
                spec.action,
                taken.arguments,
                environment=spec.environment,
                connection=spec.connection,
                wait=False,
                **spec.options,
            )

    def _connector(self, run: Run) -> AsyncConnector:
        if run.integration not in self._connectors:
            raise ConnectorError(
                f"this worker does not have the integration {run.integration!r}; start it with its folder"
            )
        return self._connectors[run.integration]

    async def _finish(self, run_id: str) -> Left:
        while True:
            try:
                return await self._asked_for(run_id)
            except JobCancelled:
                # Whoever cancelled it ends the run, and may have resumed it since.
                await self._io.sleep(_LOOK_AGAIN)
                run = await self._io.run(self._books.let_go, run_id)
            if run.has_ended:
                self._tell_of(run)
                return _NOTHING

    async def _asked_for(self, run_id: str) -> Left:
        run, entry = await self._io.run(self._books.look, run_id)
        if run.has_ended:
            return _NOTHING
        if entry is not None and entry.state == "cancelled":
            raise JobCancelled("somebody is cancelling it")
        if entry is None or entry.upstream_id is None or entry.state not in ("running", "done"):
            return await self._give_up(run_id, _LOST)
        if run_id not in self._started:
            self._started.add(run_id)
            job = self._connector(run).action(entry.action).job
            await self._io.run(self._books.rest, entry, job)
        return await self._waited(run, entry)

    async def _waited(self, run: Run, entry: Entry) -> Left:
        under_way = UnderWay(run, self._history, self._io)
        # How long it takes is the upstream's affair, until it no longer keeps the result.
        options = {**run.options, "timeout": None}
        try:
            with followed(run.id, news(under_way.hear)):
                result = await self._connector(run).wait(entry.id, **options)
        except JobCancelled:
            await self._patience.hold(run.id, lambda: under_way.last(partial(self._books.tell, run.id)))
            raise
        except ConnectorError as error:
            return await self._failed(run, under_way, error)
        return await self._succeed(run, under_way, result)

    async def _failed(self, run: Run, under_way: UnderWay, error: ConnectorError) -> Left:
        if is_passing(error):
            await self._end(under_way, partial(self._books.tell, run.id))
            raise error
        await self._end(under_way, partial(self._record.fail, run.id, error))
        return _NOTHING

    async def _write_down(self, run: Run, job_id: str) -> None:
        """A job that was started, and whose id could not be written down, is when that has passed."""
        job = self._connector(run).action(run.action).job
        assert job is not None
        begun = partial(self._io.run, self._books.begun, run.id, job_id, job)
        await self._patience.hold(run.id, begun)

    async def _succeed(self, run: Run, under_way: UnderWay, result: Result) -> Left:
        keep = partial(self._io.run, self._record.keep, run.id, result)
        stored = await self._patience.hold(run.id, keep)
        await self._end(under_way, partial(self._record.close, run.id, result, stored))
        return _NOTHING

    async def _give_up(self, run_id: str, otherwise: Ending) -> Left:
        """The run ends as the ledger says."""
        give_up = partial(self._io.run, self._history.give_up, run_id, otherwise)
        self._tell_of(await self._patience.hold(run_id, give_up))
        return _NOTHING

    async def _end(self, under_way: UnderWay, act: Callable[[Told], Run]) -> None:
        run = await self._patience.hold(under_way.run.id, lambda: under_way.last(act))
        self._tell_of(run)

    def _tell_of(self, run: Run) -> None:
        if not run.has_ended:
            return
        self._started.discard(run.id)
        self._on_change(run)
        if run.file:
            self._made[run.id] = run.file

    async def _make_small(self, run_id: str, file_id: str) -> None:
        try:
            await self._studio.run(self._record.thumbnail, run_id, file_id)
        except (OSError, ConnectorError) as error:
            getLogger(__name__).warning("run %s has no thumbnail: %s", run_id, error)


def _did_not_leave(entry: Entry) -> bool:
    return entry.outcome in _UNSENT and entry.billed == "no"
