"""The worker: it does the durable runs that are written down, and takes up those that a dead one left."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from logging import getLogger
from pathlib import Path
from typing import Self

from connector.engine.connector import AsyncConnector
from connector.engine.http.ssrf_guard import Guard
from connector.engine.http.transport import Transport
from connector.engine.sources import Sources
from connector.errors import ConnectorError, DatabaseUnavailable
from connector.runs.callbacks import Callbacks
from connector.runs.durable import dbos_engine
from connector.runs.durable.worker_lease import LeaseLost, take_lease
from connector.runs.schedule.store import ScheduleStore
from connector.runs.schedule.sync_with_engine import ScheduleSync
from connector.runs.service.durable_runs import DurableRuns
from connector.runs.service.execute_action import ActionExecutor
from connector.runs.worker import context, launch
from connector.runs.worker.context import WorkerContext
from connector.runs.worker.execute_workflow import WorkflowExecutor
from connector.runs.worker.orphaned_runs import OrphanedRuns
from connector.spec.model import Integration
from connector.storage.blocking import Io, Threads
from connector.storage.database.database import Database
from connector.storage.files.store import FileStore
from connector.storage.runs.history import History, Run
from connector.storage.workspace import Workspace

# The durable engine's own acts are short, and one writes at a time.
_ENGINE_THREADS = 4
_STORE_THREADS = 4
# How often the engine looks into each queue, and how many of its runs one worker has at a time.
_URGENT, _WORKFLOWS, _BATCHES = (0.1, 100), (0.5, 200), (0.5, 20)
_CALLBACKS = (0.5, 50)
_ACTIONS_EVERY = 0.25
# A server has many workers, and one that is gone is missed soon.
_LOOK_EVERY = {"sqlite": 5.0, "postgresql": 2.0}
_MOVE_EVERY = 1.0
_BEGINNINGS = 5


def _nobody(run: Run) -> None:
    """Nobody listens."""


class Worker:
    """Does durable runs for as long as the block lasts: ``async with Worker(...)``.

    At most ``concurrency`` requests are under way, and ``in_flight`` runs, most of which wait for their jobs.
    On leaving nothing new is begun, and requests have ``drain`` seconds to get their answers; jobs go on
    upstream, and are asked for by the next worker. ``on_change`` hears of each run that ends, in whatever
    thread. ``io`` stands for how the connectors wait, and ``transport`` for the network: for tests.
    """

    def __init__(
        self,
        home: Path,
        integrations: Iterable[Integration],
        *,
        database: Database | None = None,
        files: FileStore | None = None,
        concurrency: int = 32,
        in_flight: int = 1000,
        drain: float = 30.0,
        keep_seconds: float | None = None,
        on_change: Callable[[Run], None] = _nobody,
        transport: Transport | None = None,
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.time,
        io: Io | None = None,
    ) -> None:
        self._home = Path(home)
        self._integrations = tuple(integrations)
        workspace = Workspace(self._home, environ, clock, database)
        self._database = workspace.database
        self._files = files or workspace.files
        self._callbacks = Callbacks(self._database, workspace.signing_secrets, environ, clock)
        self._concurrency = concurrency
        self._in_flight = in_flight
        self._drain = drain
        self._keep_seconds = keep_seconds
        self._on_change = on_change
        self._transport = transport
        self._environ = environ
        self._clock = clock
        self._io = io
        self._opened = ExitStack()
        self._is_over = False
        self._turn = threading.Lock()

    @property
    def place(self) -> str:
        """Where it works, as it may be shown."""
        return str(self._home) if self._database.url is None else self._database.name

    async def __aenter__(self) -> Self:
        self._is_over = False
        try:
            await self._begin()
        except BaseException:
            # Who is interrupted leaves a thread behind that opens things still: they are closed again.
            self._is_over = True
            await asyncio.to_thread(self._close)
            raise
        self._looking = asyncio.create_task(self._look_after())
        return self

    async def __aexit__(self, *failure: object) -> None:
        self._is_over = True
        self._looking.cancel()
        await self._leave()

    async def _begin(self) -> None:
        """A connection may break while it begins: that is told, and tried again a few times."""
        left = _BEGINNINGS
        while not await self._has_begun(left):
            left -= 1
            await asyncio.sleep(_MOVE_EVERY)

    async def _has_begun(self, left: int) -> bool:
        breaks: tuple[type[Exception], ...] = (LeaseLost, DatabaseUnavailable, *dbos_engine.failures())
        try:
            await asyncio.to_thread(self._start)
        except breaks as error:
            if not left:
                raise DatabaseUnavailable(f"the worker cannot begin: {dbos_engine.said(error)}") from error
            getLogger(__name__).warning("%s; the worker begins once more", dbos_engine.said(error))
            return False
        return True

    async def _leave(self) -> None:
        self._actions.is_draining = self._workflows.is_draining = True
        await self._actions.drain(self._drain)
        await asyncio.to_thread(self._close)

    def _start(self) -> None:
        with self._turn, ExitStack() as opened:
            self._open(opened)
            if not self._is_over:
                self._opened = opened.pop_all()

    def _close(self) -> None:
        with self._turn:
            self._opened.close()

    def _open(self, opened: ExitStack) -> None:
        """Everything in the order in which it is needed; it is closed in the other one."""
        place = self._place = take_lease(self._database)
        opened.callback(place.close)
        made = dbos_engine.connect(self._database)
        opened.callback(dbos_engine.dispose, made)
        shop = self._workshop(opened)
        context.enter(shop)
        opened.callback(context.leave)
        self._strays = OrphanedRuns(self._database, shop, place)
        self._tending = ScheduleSync(ScheduleStore(self._database, self._clock), shop.runs.queues)
        opened.callback(launch.stop)
        launch.launch(made, place.name, _ENGINE_THREADS, self._queues())

    def _workshop(self, opened: ExitStack) -> WorkerContext:
        connectors = {each.id: self._connector(each) for each in self._integrations}
        for connector in connectors.values():
            opened.callback(partial(asyncio.run, connector.close()))
        ledger = next(iter(connectors.values())).workspace.ledger
        history = History(self._database, self._clock, ledger)
        runs = self._runs = DurableRuns(
            connectors.values(), self._files, keep_seconds=self._keep_seconds, clock=self._clock
        )
        opened.callback(runs.close)
        stores = Threads(_STORE_THREADS)
        self._actions = ActionExecutor(
            connectors,
            history,
            self._files,
            ledger,
            concurrency=self._concurrency,
            keep_seconds=self._keep_seconds,
            on_change=self._heard,
            io=stores,
        )
        opened.callback(self._actions.close)
        self._workflows = WorkflowExecutor(
            connectors,
            history,
            self._files,
            runs,
            keep_seconds=self._keep_seconds,
            on_change=self._heard,
        )
        opened.callback(self._workflows.close)
        return WorkerContext(
            self._home,
            self._database,
            connectors,
            history,
            self._files,
            self._actions,
            self._workflows,
            runs,
            self._callbacks,
            stores,
            self._clock,
        )

    def _heard(self, run: Run) -> None:
        """A run has ended, and a workflow may wait for it."""
        self._workflows.hear(run)
        self._on_change(run)

    def _connector(self, integration: Integration) -> AsyncConnector:
        """A connector that takes nothing from this machine but what was kept with a run."""
        return AsyncConnector(
            integration,
            home=self._home,
            database=self._database,
            sources=Sources(paths=False, urls=Guard(), references=self._files.resolve),
            environ=self._environ,
            clock=self._clock,
            transport=self._transport,
            io=self._io or Threads(2 * self._concurrency),
            background=True,
        )

    def _queues(self) -> Mapping[str, tuple[float, int]]:
        return {
            dbos_engine.URGENT: _URGENT,
            dbos_engine.ACTIONS: (_ACTIONS_EVERY, self._in_flight),
            dbos_engine.WORKFLOWS: _WORKFLOWS,
            dbos_engine.BATCHES: _BATCHES,
            dbos_engine.CALLBACKS: _CALLBACKS,
        }

    async def _look_after(self) -> None:
        """Takes up what nobody works on, now and then; says when the database is away, and tries again."""
        passing: tuple[type[Exception], ...] = (ConnectorError, OSError, *dbos_engine.failures())
        said = ""
        while True:
            try:
                await self._look_or_move()
                found = ""
            except passing as error:
                found = dbos_engine.said(error)
            except Exception as error:  # whatever it is: a worker that no longer looks does nothing more
                found = f"{type(error).__name__}: {error}"
            if found != said:
                getLogger(__name__).warning("%s", found or "the database is there again")
            said = found
            await asyncio.sleep(_LOOK_EVERY[self._database.dialect])

    async def _look_or_move(self) -> None:
        try:
            await asyncio.to_thread(self._look)
        except LeaseLost as lost:
            await self._move(lost)

    def _look(self) -> None:
        # Whoever closes waits for a look that is under way: it would open again what was closed.
        with self._turn:
            if self._is_over:
                return
            self._place.check()
            self._strays.gather()
            self._strays.adopt()
            for subject in self._callbacks.ended():
                self._runs.queues.call_back(subject)
                self._callbacks.enter(subject, "handed")
            self._tending.tend()

    async def _move(self, lost: LeaseLost) -> None:
        """Begins nothing more, and goes on in another place; it blocks nobody that the database is away."""
        getLogger(__name__).error("%s; nothing more is begun here before there is another", lost)
        try:
            await self._leave()
        except Exception as error:
            # What the lost connection broke may not close well, and is let go all the same.
            said = dbos_engine.said(error)
            getLogger(__name__).warning("not all of the lost place could be closed: %s", said)
        while not await asyncio.to_thread(self._has_moved):
            await asyncio.sleep(_MOVE_EVERY)

    def _has_moved(self) -> bool:
        passing: tuple[type[Exception], ...] = (ConnectorError, LeaseLost, OSError, *dbos_engine.failures())
        try:
            self._start()
        except passing as error:
            getLogger(__name__).warning("%s", dbos_engine.said(error))
            return False
        getLogger(__name__).warning("the worker goes on at %s", self._place.name)
        return True
