"""A run: an invocation that the host makes, whose record outlives the request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from logging import getLogger
from typing import Any

from connector.engine.connector import AsyncConnector
from connector.engine.result import Result
from connector.errors import ConnectorError, InvocationError, JobError
from connector.events import followed
from connector.runs.live_run import UnderWay
from connector.runs.record import Record
from connector.runs.semaphore import Slot
from connector.storage.blocking import Io, Threads
from connector.storage.files.store import FileStore
from connector.storage.runs.history import History, Run, RunEvent, Told
from connector.storage.runs.model import CANCELLED, INTERRUPTED, RunSpec, State

__all__ = ["RunSpec", "Runner", "Stopping"]

# The database takes one writer at a time, and files come from memory or the same disk.
_THREADS = 8
# How often another process's run is looked at, in seconds.
_LOOK_AGAIN = 0.5


class Stopping(InvocationError):
    """The host stops, and takes nothing new."""

    code = "stopping"
    retryable = True


def _nobody(run: Run) -> None:
    """Nobody listens."""


class Runner:
    """Makes the runs of one connector, in one event loop.

    At most ``max_concurrent`` requests are under way, and others queue; a job counts only while it is
    started. ``on_change`` hears of each state that a run enters. Files are kept for ``keep_seconds``.
    """

    def __init__(
        self,
        connector: AsyncConnector,
        history: History,
        files: FileStore,
        *,
        max_concurrent: int = 64,
        on_change: Callable[[Run], None] = _nobody,
        keep_seconds: float | None = None,
        io: Io | None = None,
    ) -> None:
        self._connector = connector
        self._history = history
        self._record = Record(history, files, connector.workspace.rescued, keep_seconds)
        self._slots = asyncio.Semaphore(max_concurrent)
        self._on_change = on_change
        self._io = io or Threads(_THREADS)
        # Pictures are made small one at a time, beside everything else.
        self._studio = Threads(1)
        self._under_way: dict[str, UnderWay] = {}
        self._starts: set[asyncio.Future[None]] = set()
        self._thumbnails: set[asyncio.Task[None]] = set()
        self._is_draining = False

    async def start(self, spec: RunSpec, *, token_name: str = "", idempotency_key: str | None = None) -> Run:
        """The run, written down before anything else is done; ``wait`` tells how it ends.

        With a key that was used before it is the first run of that key, whether or not it has ended.
        Raises UnknownName for the action, KeyReused, and Stopping; all else becomes the run's failure.
        """
        if self._is_draining:
            raise Stopping("the host stops and takes nothing new; try again in a moment")
        self._connector.action(spec.action)
        slot = Slot(self._slots)
        with self._starting(), ExitStack() as undo:
            undo.callback(slot.give_back)
            state: State = "running" if await slot.take_if_free() else "queued"
            run, arguments = await self._io.run(self._open, spec, state, token_name, idempotency_key)
            if arguments is not None:
                begun = self._begin(run, partial(self._ask, spec=spec, arguments=arguments, slot=slot))
                begun.add_done_callback(lambda _: slot.give_back())
                undo.pop_all()
        return run

    async def wait(self, run_id: str, timeout: float | None = None) -> Run:
        """The run as it ended, or as it is after ``timeout`` seconds."""
        under_way = self._under_way.get(run_id)
        if under_way is None:
            return await self._wait_elsewhere(run_id, timeout)
        await asyncio.wait({under_way.task}, timeout=timeout)
        return under_way.task.result() if under_way.task.done() else under_way.run

    async def cancel(self, run_id: str) -> Run:
        """The run, stopped where that is possible.

        A job is no longer asked for. A request that may cost and has left cannot be taken back: the run is
        then ``unknown``. What has ended stays as it is.
        """
        under_way = self._under_way.get(run_id)
        if under_way is None:
            return await self._cancel_elsewhere(run_id)
        if under_way.job_id is None or await self._cancel_job(under_way.job_id):
            under_way.stop(CANCELLED)
        return await self.wait(run_id)

    async def subscribe(self, run_id: str, after: int = 0) -> AsyncIterator[RunEvent]:
        """What the run tells, from the event after that number: first what is written, then as it comes.

        It ends with the run, or when this host stops.
        """
        while True:
            under_way = self._under_way.get(run_id)
            # Taken before looking, so that nothing falls in between.
            changed = None if under_way is None else under_way.changed
            has_ended, events = await self._look(run_id, after)
            for event in events:
                yield event
                after = event.seq
            if has_ended or (changed is None and self._is_draining):
                return
            await (self._io.sleep(_LOOK_AGAIN) if changed is None else changed.wait())

    async def resume_jobs(self) -> list[Run]:
        """At start: settles what dead processes left, and asks again for the jobs that go on upstream."""
        await self._io.run(self._history.abandon)
        own = self._connector.integration.id
        left = [run for run in await self._io.run(self._history.open_here) if run.integration == own]
        jobs = [run for run in left if run.job_id and run.id not in self._under_way]
        for run in jobs:
            self._begin(run, self._resume)
        return jobs

    async def drain(self, seconds: float) -> None:
        """Takes nothing new, lets what is under way finish for so long, and writes the rest down.

        A job is left at once: it goes on upstream, and is asked for at the next start.
        """
        self._is_draining = True
        await _all_of(self._starts, None)
        for under_way in self._under_way.values():
            if under_way.job_id:
                under_way.stop()
        await _all_of((one.task for one in self._under_way.values()), seconds)
        for under_way in self._under_way.values():
            under_way.stop()
        await _all_of((one.task for one in self._under_way.values()), None)
        for thumbnail in self._thumbnails:
            thumbnail.cancel()
        await _all_of(self._thumbnails, None)
        self._studio.close()
        self._io.close()

    @contextmanager
    def _starting(self) -> Iterator[None]:
        """A stop waits for a run that is being written down, so that it is not left to nobody."""
        done = asyncio.get_running_loop().create_future()
        self._starts.add(done)
        try:
            yield
        finally:
            self._starts.discard(done)
            done.set_result(None)

    def _open(
        self, spec: RunSpec, state: State, token_name: str, idempotency_key: str | None
    ) -> tuple[Run, Mapping[str, Any] | None]:
        environment, connection = self._place(spec)
        given = {
            "integration": self._connector.integration.id,
            "environment": environment,
            "connection": connection,
            "token_name": token_name,
        }
        action = self._connector.action(spec.action)
        return self._record.open(action, spec, given, state, idempotency_key)

    def _place(self, spec: RunSpec) -> tuple[str, str]:
        """Environment and connection that a spec's names lead to, or the names where they lead nowhere."""
        try:
            return self._connector.place(environment=spec.environment, connection=spec.connection)
        except ConnectorError:  # it is met again, and told, when the action is invoked
            default = self._connector.integration.default_environment
            return spec.environment or default, spec.connection or ""

    def _begin(self, run: Run, ask: Callable[[UnderWay], Coroutine[Any, Any, Result]]) -> asyncio.Task[Run]:
        under_way = self._under_way[run.id] = UnderWay(run, self._history, self._io)
        self._on_change(run)
        under_way.asking = asyncio.create_task(ask(under_way))
        under_way.task = asyncio.create_task(self._work(under_way))
        under_way.task.add_done_callback(_log_failure)
        return under_way.task

    async def _ask(
        self, under_way: UnderWay, spec: RunSpec, arguments: Mapping[str, Any], slot: Slot
    ) -> Result:
        """The engine's answer. Only the request itself takes a slot, and not the waiting for a job."""
        with followed(under_way.run.id, under_way.hear):
            async with slot:
                if under_way.run.state == "queued":
                    await self._set_off(under_way)
                result = await self._connector.invoke(
                    spec.action,
                    arguments,
                    environment=spec.environment,
                    connection=spec.connection,
                    wait=False,
                    **spec.options,
                )
            if result.job_id is None or result.outcome != "pending":
                return result
            if self._is_draining:
                under_way.stop()
            return await self._connector.wait(result.job_id, **spec.options)

    async def _resume(self, under_way: UnderWay) -> Result:
        run = under_way.run
        assert run.job_id is not None
        said = {"sentence": "the host is back, and asks for the job again", "job_id": run.job_id}
        await self._io.run(self._history.event, run.id, "again", said)
        with followed(run.id, under_way.hear):
            return await self._connector.wait(run.job_id, **{**run.options, "timeout": None})

    async def _set_off(self, under_way: UnderWay) -> None:
        enter = partial(self._history.enter, under_way.run.id, "running", "it is under way")
        under_way.run = await self._io.run(enter)
        under_way.wake()
        self._on_change(under_way.run)

    async def _work(self, under_way: UnderWay) -> Run:
        """The run from its beginning to its end, which is written down however it came."""
        try:
            act = await self._ended(under_way)
            run = await under_way.last(act)
        finally:
            del self._under_way[under_way.run.id]
            under_way.wake()
        if run.has_ended:
            self._on_change(run)
        if run.file and not self._is_draining:
            self._make_thumbnail(run.id, run.file)
        return run

    async def _ended(self, under_way: UnderWay) -> Callable[[Told], Run]:
        """What is to be written down of how it ended, beside what it told."""
        run_id, record = under_way.run.id, self._record
        try:
            return partial(record.succeed, run_id, await under_way.answer())
        except ConnectorError as error:
            return partial(record.fail, run_id, error)
        except asyncio.CancelledError:
            if under_way.ending is None and under_way.job_id:
                return partial(record.leave, run_id)
            return partial(self._history.give_up, run_id, under_way.ending or INTERRUPTED)
        except Exception as error:
            getLogger(__name__).exception("run %s ended by a mistake of ours", run_id)
            failure = ConnectorError(f"the host failed ({type(error).__name__}); see its log")
            return partial(record.fail, run_id, failure)

    def _make_thumbnail(self, run_id: str, file_id: str) -> None:
        async def make() -> None:
            try:
                await self._studio.run(self._record.thumbnail, run_id, file_id)
            except (OSError, ConnectorError) as error:
                getLogger(__name__).warning("run %s has no thumbnail: %s", run_id, error)

        making = asyncio.create_task(make())
        self._thumbnails.add(making)
        making.add_done_callback(self._thumbnails.discard)

    async def _look(self, run_id: str, after: int) -> tuple[bool, list[RunEvent]]:
        """Whether the run has nothing more to tell, and what it has told since."""
        try:
            run = await self._io.run(self._history.get, run_id)
            return run.has_ended, await self._io.run(self._history.events, run_id, after)
        except InvocationError:
            if self._is_draining:  # the host has stopped meanwhile
                return True, []
            raise

    async def _wait_elsewhere(self, run_id: str, timeout: float | None) -> Run:
        """A run that has ended, or that another process works on."""
        run = await self._io.run(self._history.get, run_id)
        try:
            async with asyncio.timeout(timeout):
                while not (run.has_ended or self._is_draining):
                    await self._io.sleep(_LOOK_AGAIN)
                    run = await self._io.run(self._history.get, run_id)
        except TimeoutError:
            pass
        return run

    async def _cancel_elsewhere(self, run_id: str) -> Run:
        run = await self._io.run(self._history.get, run_id)
        if run.has_ended:
            return run
        if run.job_id and await self._cancel_job(run.job_id):
            # The process that waits for the job sees it in the ledger.
            return await self._io.run(self._history.give_up, run_id, CANCELLED)
        raise InvocationError(
            f"run {run_id} is under way in another process, and cannot be cancelled here; wait for its end"
        )

    async def _cancel_job(self, job_id: str) -> bool:
        """Whether the job is no longer asked for; one that has just ended cannot be cancelled any more."""
        try:
            await self._connector.cancel(job_id)
        except JobError:
            return False
        return True


async def _all_of(tasks: Iterable[asyncio.Future[Any]], seconds: float | None) -> None:
    """Until all are done, or so many seconds are over."""
    awaited = list(tasks)
    if awaited:
        await asyncio.wait(awaited, timeout=seconds)


def _log_failure(task: asyncio.Task[Run]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        getLogger(__name__).error("how a run ended could not be written down: %s", error)
