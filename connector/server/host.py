"""The state of one host: the integrations that it serves, its stores, and whoever is at work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, ParamSpec, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from connector.engine.connector import AsyncConnector
from connector.engine.http.ssrf_guard import Guard
from connector.engine.sources import Sources
from connector.errors import UnknownName
from connector.runs.service.runner import Runner, ServedIntegration
from connector.runs.worker.worker import Worker
from connector.server import json_logs
from connector.server.durable_requests import Durable
from connector.server.load_shedding import Reads
from connector.server.problem_documents import Refused
from connector.server.prometheus import Gauge, Metrics
from connector.server.readiness import Readiness
from connector.server.resident_worker import Resident
from connector.server.settings import Settings
from connector.server.signed_urls import SignedUrls
from connector.server.token_cache import Callers
from connector.spec.cache import default_cache
from connector.spec.loader import default_folder, load
from connector.spec.model import Action
from connector.spec.schema.suggest import nearest
from connector.storage.blocking import Threads
from connector.storage.connections.api_tokens import Tokens
from connector.storage.runs.history import History
from connector.storage.runs.model import Run

P = ParamSpec("P")
T = TypeVar("T")

Page = Callable[[Request], Awaitable[Response]]

_TIDY_EVERY = 3600.0
# Beside the runs themselves: uploads, downloads and look-ups.
_MORE_THREADS = 32


class Host:
    """Everything that a handler or a page works with. Stores block: go to them by ``run``."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.stopping = asyncio.Event()
        self.described: bytes | None = None
        self.folders = None  # its users' files are on other machines
        self.reads = Reads(settings.max_reads, settings.max_read_queue)
        self.login_page: Page = _no_page
        self._threads = Threads(settings.max_runs + _MORE_THREADS)
        self._open(settings)
        self._measure()

    def _open(self, settings: Settings) -> None:
        connectors = [
            self._connector(settings, folder) for folder in settings.integrations or (default_folder(),)
        ]
        workspace = connectors[0].workspace
        database = workspace.database
        self.history = History(database, settings.clock, workspace.ledger)
        self.files = workspace.files
        self.links = SignedUrls(workspace.signing_secrets, settings.clock)
        self.tokens = Tokens(database, settings.clock)
        self.readiness = Readiness(self.tokens.list)
        self.callers = Callers(lambda token: self.run(self.tokens.who, token))
        self.under_way: dict[str, Run] = {}
        self.integrations: Mapping[str, ServedIntegration] = {
            each.integration.id: ServedIntegration(each, self._runner(each)) for each in connectors
        }
        self.durable = Durable(connectors, self.files, settings)
        self.worker = Resident(self._worker, wanted=settings.worker)

    def _connector(self, settings: Settings, folder: Any) -> AsyncConnector:
        """A connector that takes nothing from this machine but what the host itself gave out."""
        return AsyncConnector(
            load(folder, default_cache(settings.environ)),
            home=settings.home,
            sources=Sources(
                paths=False,
                urls=Guard(max_bytes=settings.max_body),
                references=lambda reference: self.files.resolve(reference),
                max_bytes=settings.max_body,
            ),
            environ=settings.environ,
            clock=settings.clock,
            transport=settings.transport,
            io=settings.io or Threads(settings.max_runs + _MORE_THREADS),
        )

    def _runner(self, connector: AsyncConnector) -> Runner:
        return Runner(
            connector,
            self.history,
            self.files,
            max_concurrent=self.settings.max_runs,
            on_change=self._changed,
            keep_seconds=self.settings.keep,
        )

    def _worker(self) -> Worker:
        """A worker of what is served here, with the same far side."""
        from connector.runs.worker.worker import Worker

        settings, workspace = self.settings, self.served(None).connector.workspace
        return Worker(
            settings.home,
            [served.integration for served in self.integrations.values()],
            database=workspace.database,
            files=self.files,
            drain=settings.drain,
            keep_seconds=settings.keep,
            on_change=self._changed,
            transport=settings.transport,
            environ=settings.environ,
            clock=settings.clock,
            io=settings.io,
        )

    async def run(self, act: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
        """The outcome of something that blocks."""
        return await self._threads.run(partial(act, *arguments, **options))

    def served(self, name: str | None) -> ServedIntegration:
        """The integration of that id; without one, the first."""
        if name is None:
            return next(iter(self.integrations.values()))
        if name not in self.integrations:
            known = ", ".join(self.integrations)
            raise UnknownName(f"this host serves no integration {name!r}; it serves {known}")
        return self.integrations[name]

    def find(self, action: str) -> tuple[ServedIntegration, Action]:
        """The action of that id, and the integration that has it."""
        for served in self.integrations.values():
            if action in served.integration.actions:
                return served, served.integration.actions[action]
        known = [name for served in self.integrations.values() for name in served.integration.actions]
        raise UnknownName(f"there is no action {action!r}{nearest(action, known)}")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """From the first request to the last: what a dead process left is settled, and ours is brought to
        an end or written down."""
        for served in self.integrations.values():
            await served.runner.resume_jobs()
        await self.run(self.files.expire)
        self.worker.begin()
        tidying = asyncio.create_task(self._tidy())
        try:
            yield
        finally:
            tidying.cancel()
            await self.stop()

    async def _tidy(self) -> None:
        """Throws away what has expired, now and then."""
        while True:
            await asyncio.sleep(_TIDY_EVERY)
            await self.run(self.files.expire)

    async def drain(self) -> None:
        """Nothing new is taken; what is under way finishes, or is written down."""
        self.stopping.set()
        await asyncio.gather(
            self.worker.end(),
            *(served.runner.drain(self.settings.drain) for served in self.integrations.values()),
        )

    async def stop(self) -> None:
        await self.drain()
        self.durable.close()
        for served in self.integrations.values():
            await served.connector.close()
        self.readiness.close()
        self._threads.close()

    def _changed(self, run: Run) -> None:
        """Keeps count of runs, and writes down what became of each."""
        if run.state in ("queued", "running"):
            self.under_way[run.id] = run
            return
        self.under_way.pop(run.id, None)
        outcome = run.outcome or run.state
        self.metrics.runs.labels(run.action, run.environment, outcome).inc()
        self.metrics.run_seconds.labels(run.action).observe(run.seconds or 0.0)
        if run.credits and run.billed != "no":
            self.metrics.credits.labels(run.environment).inc(run.credits)
        json_logs.say(
            "run",
            run=run.id,
            action=run.action,
            environment=run.environment,
            connection=run.connection,
            state=run.state,
            outcome=outcome,
            credits=run.credits,
            billed=run.billed,
            seconds=run.seconds,
            job=run.job_id,
        )

    def _measure(self) -> None:
        """What is looked up when somebody asks for the metrics."""
        add, place = self.metrics.add, ("connection", "environment")
        add(Gauge("connector_runs", "Runs that are under way.", "state", read=self._runs_by_state))
        waits = "Seconds that a credential's next request waits for its rate limit."
        add(Gauge("connector_rate_wait_seconds", waits, "credential", read=self._rate_waits))
        left = "Credits that may still be spent today, where there is a cap."
        add(Gauge("connector_cap_left_credits", left, *place, read=self._left_of_caps))
        self.metrics.add_durable(self.served(None).connector.workspace.database)

    def _rate_waits(self) -> list[tuple[tuple[str, ...], float]]:
        """By the beginning of the credential's fingerprint, from which nobody learns anything."""
        ahead = self.served(None).connector.workspace.rate_limiter.ahead()
        return [((key[:8],), wait) for key, wait in sorted(ahead.items())]

    def _left_of_caps(self) -> list[tuple[tuple[str, ...], float]]:
        workspace = self.served(None).connector.workspace
        return [
            ((one.name, name), max(0.0, each.cap - workspace.ledger.spent(one.name, name)))
            for one in workspace.connections.list()
            for each in one.configurations
            for name in each.environments
            if each.cap is not None
        ]

    def _runs_by_state(self) -> list[tuple[tuple[str, ...], float]]:
        states = [run.state for run in self.under_way.values()]
        return [((state,), float(states.count(state))) for state in ("queued", "running")]


async def _no_page(request: Request) -> Response:
    """Without a console there is no page to sign in; programs send their token with each request."""
    raise Refused("not_found", "give the token: /login?token=TOKEN")
