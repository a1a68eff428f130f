"""The runner of the HTTP host: invocations that it makes, whose records outlive their requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from connector.engine.connector import AsyncConnector
from connector.errors import ConnectorError, InvocationError
from connector.runs.service.execute_action import ActionExecutor
from connector.runs.service.live_run import all_of
from connector.spec.model import Integration
from connector.storage.blocking import Io, Threads
from connector.storage.files.store import FileStore
from connector.storage.runs.history import History, Run, RunEvent
from connector.storage.runs.model import RunSpec, State

__all__ = ["RunSpec", "Runner", "ServedIntegration", "Stopping"]

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


@dataclass(frozen=True, slots=True)
class ServedIntegration:
    """An integration that is served, and what makes its runs."""

    connector: AsyncConnector
    runner: Runner

    @property
    def integration(self) -> Integration:
        return self.connector.integration


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
        self._io = io or Threads(_THREADS)
        self._executor = ActionExecutor(
            {connector.integration.id: connector},
            history,
            files,
            connector.workspace.ledger,
            concurrency=max_concurrent,
            keep_seconds=keep_seconds,
            on_change=on_change,
            somebody_waits=True,
            io=self._io,
        )
        self._starts: set[asyncio.Future[None]] = set()

    async def start(self, spec: RunSpec, *, token_name: str = "", idempotency_key: str | None = None) -> Run:
        """The run, written down before anything else is done; ``wait`` tells how it ends.

        With a key that was used before it is the first run of that key, whether or not it has ended.
        Raises UnknownName for the action, KeyReused, and Stopping; all else becomes the run's failure.
        """
        if self._executor.is_draining:
            raise Stopping("the host stops and takes nothing new; try again in a moment")
        self._connector.action(spec.action)
        slot = self._executor.slot()
        with self._starting(), ExitStack() as undo:
            undo.callback(slot.give_back)
            state: State = "running" if slot.take_if_free() else "queued"
            run, arguments = await self._io.run(self._open, spec, state, token_name, idempotency_key)
            if arguments is not None:
                self._executor.execute(run, arguments, slot)
                undo.pop_all()
        return run

    async def wait(self, run_id: str, timeout: float | None = None) -> Run:
        """The run as it ended, or as it is after ``timeout`` seconds."""
        live = self._executor.live.get(run_id)
        if live is None:
            return await self._wait_elsewhere(run_id, timeout)
        await asyncio.wait({live.task}, timeout=timeout)
        return live.task.result() if live.task.done() else live.run

    async def cancel(self, run_id: str) -> Run:
        """The run, stopped where that is possible.

        A job is no longer asked for. A request that may cost and has left cannot be taken back: the run is
        then ``unknown``. What has ended stays as it is. Raises InvocationError where another process has it.
        """
        return await self._executor.cancel(run_id)

    async def subscribe(self, run_id: str, after: int = 0) -> AsyncIterator[RunEvent]:
        """What the run tells, from the event after that number: first what is written, then as it comes.

        It ends with the run, or when this host stops.
        """
        while True:
            live = self._executor.live.get(run_id)
            # Taken before looking, so that nothing falls in between.
            changed = None if live is None else live.changed
            has_ended, events = await self._look(run_id, after)
            for event in events:
                yield event
                after = event.seq
            if has_ended or (changed is None and self._executor.is_draining):
                return
            await (self._look_later(run_id) if changed is None else changed.wait())

    async def resume_jobs(self) -> list[Run]:
        """At start: settles what dead processes left, and asks again for the jobs that go on upstream."""
        await self._io.run(self._history.abandon)
        own = self._connector.integration.id
        left = [run for run in await self._io.run(self._history.open_here) if run.integration == own]
        idle = [run for run in left if run.id not in self._executor.live]
        for run in idle:
            self._go_on(run)
        return [run for run in idle if run.job_id]

    def _go_on(self, run: Run) -> None:
        """Does what is left to do of a run whose process is gone."""
        (self._executor.resume if run.job_id else self._executor.end)(run)

    async def drain(self, seconds: float) -> None:
        """Takes nothing new, lets what is under way finish for so long, and writes the rest down.

        A job is left at once: it goes on upstream, and is asked for at the next start.
        """
        self._executor.is_draining = True
        await all_of(self._starts, None)
        await self._executor.drain(seconds)
        self._executor.close()

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
        return self._executor.record.open(action, spec, given, state, idempotency_key)

    def _place(self, spec: RunSpec) -> tuple[str, str]:
        """Environment and connection that a spec's names lead to, or the names where they lead nowhere."""
        try:
            return self._connector.place(environment=spec.environment, connection=spec.connection)
        except ConnectorError:  # it is met again, and told, when the action is invoked
            default = self._connector.integration.default_environment
            return spec.environment or default, spec.connection or ""

    async def _look(self, run_id: str, after: int) -> tuple[bool, list[RunEvent]]:
        """Whether the run has nothing more to tell, and what it has told since."""
        try:
            run = await self._io.run(self._history.get, run_id)
            return run.has_ended, await self._io.run(self._history.events, run_id, after)
        except InvocationError:
            if self._executor.is_draining:  # the host has stopped meanwhile
                return True, []
            raise

    async def _look_later(self, run_id: str) -> Run:
        """A run of another process, a while later."""
        await self._io.sleep(_LOOK_AGAIN)
        is_taken = await self._io.run(self._history.abandon, run_id)
        run = await self._io.run(self._history.get, run_id)
        if is_taken and not run.has_ended:
            self._go_on(run)
        return run

    async def _wait_elsewhere(self, run_id: str, timeout: float | None) -> Run:
        """A run that has ended, or that another process works on; once that is gone, this one does."""
        run = await self._io.run(self._history.get, run_id)
        try:
            async with asyncio.timeout(timeout):
                while not (run.has_ended or self._executor.is_draining):
                    run = await self._look_later(run_id)
        except TimeoutError:
            pass
        return run
