"""The connector: invoke, stream, submit, wait, preview, test.

``AsyncConnector`` is the engine; ``Connector`` is the same engine whose coroutines never suspend.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Coroutine, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, Literal, ParamSpec, Self, TypedDict, TypeVar, Unpack

from connector.engine import decode, polling
from connector.engine.accounting import flagged, send
from connector.engine.engine import Engine
from connector.engine.http.transport import Transport
from connector.engine.prepare import Invocation, Prepared, prepare, prepare_masked
from connector.engine.preview import Preview
from connector.engine.pricing import Estimate
from connector.engine.result import Result
from connector.engine.sources import Sources
from connector.engine.stream import Stream, open_stream
from connector.errors import Filtered, InvocationError, UnknownName
from connector.events import Listener, ignore
from connector.spec import cache as spec_cache
from connector.spec import template
from connector.spec.model import Action, Integration
from connector.spec.schema.suggest import nearest
from connector.storage.blocking import Inline, Io, Threads, drive
from connector.storage.database.database import Database
from connector.storage.home import home as default_home
from connector.storage.workspace import Workspace

if TYPE_CHECKING:
    from connector.storage.connections.model import Connection

P = ParamSpec("P")
T = TypeVar("T")
Policy = Literal["raise", "return"]


class Options(TypedDict, total=False):
    """What both connectors take.

    ``home`` is the folder for connections, ledger and rate limit (default: ``CONNECTOR_HOME``), which are on
    a server instead where ``database`` is its URL (default: ``CONNECTOR_DATABASE``), or a Database that is
    shared. ``files`` is the folder for kept files, or an object store's URL (default: ``CONNECTOR_FILES``).
    ``on_event`` hears of waits, attempts and polls. ``sources`` says what may be given as a file
    (default: whatever this process can read). ``environment`` and ``connection`` hold for each call that
    names no other; a Connection, with its secrets in it, is used in place of those that are kept, and is
    kept nowhere. Nobody waits for ``background`` requests: under the rate limit
    they let others of the same credential go first. ``transport`` answers in place of the network, and
    ``environ``, ``clock`` and ``io`` stand for the process's environment, the time, and how to wait: for
    tests.
    """

    home: Path | str | None
    database: Database | str | None
    files: Path | str | None
    on_event: Listener
    sources: Sources | None
    environment: str | None
    connection: Connection | str | None
    background: bool
    transport: Transport | None
    environ: Mapping[str, str]
    clock: Callable[[], float]
    io: Io | None


class _Face:
    """What both connectors have and nobody awaits."""

    _engine: Engine | AsyncConnector

    @property
    def integration(self) -> Integration:
        return self._engine.integration

    @property
    def workspace(self) -> Workspace:
        """The stores of this machine: connections, ledger, rate limit."""
        return self._engine.workspace

    def action(self, name: str) -> Action:
        """The action of that id or title. Raises UnknownName, which names the nearest."""
        return self._engine.action(name)

    def place(self, *, environment: str | None = None, connection: str | None = None) -> tuple[str, str]:
        """The environment and the connection (empty for none) that these names, or the defaults, lead to.

        It blocks, as the stores of ``workspace`` do. No secret is looked at.
        """
        return self._engine.place(environment=environment, connection=connection)


class AsyncConnector(_Face):
    """One integration, ready to be used from asyncio.

    ``integration`` is a loaded Integration or its folder (default: the one that ships with the package).
    Every method raises a ConnectorError and nothing else on purpose. Use it as a context manager.
    """

    _engine: Engine

    def __init__(
        self, integration: Integration | Path | str | None = None, **options: Unpack[Options]
    ) -> None:
        _refuse_unknown(type(self), options)
        environ = options.get("environ", os.environ)
        clock = options.get("clock", time.time)
        home = options.get("home") or default_home(environ)
        cache = Path(home, "cache") if options.get("home") else spec_cache.default_cache(environ)
        self._engine = Engine(
            _loaded(integration, cache),
            Workspace(Path(home), environ, clock, options.get("database"), options.get("files")),
            options.get("io") or Threads(),
            environ=environ,
            clock=clock,
            tell=options.get("on_event", ignore),
            sources=options.get("sources") or Sources(),
            transport=options.get("transport"),
            background=options.get("background", False),
            environment=options.get("environment"),
            connection=options.get("connection"),
        )

    async def invoke(
        self,
        action: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        environment: str | None = None,
        connection: str | None = None,
        accept: str | None = None,
        wait: bool = True,
        on_filtered: Policy = "raise",
        timeout: float | None = None,
    ) -> Result:
        """The result of one use of an action.

        An argument that is None is absent. A file is given as a path, bytes, an open file, a URL, a data
        URI, ``{"base64": ..., "type": ...}`` or an earlier Result. A job is waited for, unless ``wait`` is
        False: then the result is pending and has a ``job_id``. ``timeout`` bounds the answer, or the waiting
        for a job, in seconds. With ``on_filtered="return"`` a filtered result is returned, flagged.
        """
        use = Invocation(action, arguments or {}, environment, connection, accept, timeout)
        prepared = await prepare(self._engine, use)
        return await self._run(prepared, wait, on_filtered, timeout)

    async def submit(
        self,
        action: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        environment: str | None = None,
        connection: str | None = None,
        accept: str | None = None,
    ) -> Result:
        """Start a job and return its pending result at once; ``wait(result.job_id)`` fetches it."""
        return await self.invoke(
            action, arguments, environment=environment, connection=connection, accept=accept, wait=False
        )

    async def wait(
        self,
        job_id: str,
        *,
        accept: str | None = None,
        on_filtered: Policy = "raise",
        timeout: float | None = None,
    ) -> Result:
        """The result of a job, by the upstream's id or the ledger's, in whichever process it was started.

        Raises JobNotFound, JobExpired, and JobPending when ``timeout`` seconds are over (0: ask once).
        """
        entry = await polling.find(self._engine, job_id)
        try:
            return await polling.wait(self._engine, entry, accept=accept, timeout=timeout)
        except Filtered as error:
            return _delivered(error, on_filtered)

    async def cancel(self, job_id: str) -> None:
        """Stop asking for a job. The upstream cannot be told, and may charge for it all the same."""
        await polling.cancel(self._engine, job_id)

    async def stream(
        self,
        action: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        environment: str | None = None,
        connection: str | None = None,
        accept: str | None = None,
        timeout: float | None = None,
    ) -> Stream:
        """The answer's bytes as they arrive: iterate over the Stream, by ``for`` or ``async for``.

        A failure raises here, before the first byte. Close the Stream, or read it to its end.
        """
        declared = self.action(action)
        if declared.job is not None:
            raise InvocationError(
                f"{declared.title} answers with a job's id; invoke it, and wait for its result"
            )
        use = Invocation(declared.id, arguments or {}, environment, connection, accept, timeout)
        return await open_stream(self._engine, await prepare(self._engine, use))

    async def preview(
        self,
        action: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        environment: str | None = None,
        connection: str | None = None,
        accept: str | None = None,
    ) -> Preview:
        """The very request that ``invoke`` would send, with its secrets masked; nothing is sent."""
        use = Invocation(action, arguments or {}, environment, connection, accept)
        request, estimate, taken, where = await prepare_masked(self._engine, use)
        return Preview(request, estimate.credits, estimate.why, where.facts, taken.warnings)

    async def estimate(
        self,
        action: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        environment: str | None = None,
        connection: str | None = None,
    ) -> Estimate:
        """What a success would cost. The arguments are checked as for ``invoke``; nothing is sent."""
        use = Invocation(action, arguments or {}, environment, connection)
        return (await prepare_masked(self._engine, use))[1]

    async def test(self, *, environment: str | None = None, connection: str | None = None) -> str:
        """What the cheapest authenticated call saw, in a sentence; raises the error that it met."""
        declared = self.integration.test
        if declared is None:
            raise UnknownName(f"{self.integration.name} declares no test of its connections")
        result = await self.invoke(declared.action, environment=environment, connection=connection)
        said = template.fill(declared.says, {"result": result.value}) if declared.says else None
        return str(said) if said else f"{declared.action} answered {result.status}"

    async def balance(self, *, environment: str | None = None, connection: str | None = None) -> float:
        """The credits that the account has left."""
        declared = self.integration.balance
        if declared is None:
            raise UnknownName(f"{self.integration.name} declares no balance")
        result = await self.invoke(declared.action, environment=environment, connection=connection)
        return float(decode.dig(result.value, declared.field))

    async def close(self) -> None:
        """Ends what is under way and lets go of connections and files."""
        self._engine.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.close()

    async def _run(
        self, prepared: Prepared, wait: bool, on_filtered: Policy, timeout: float | None
    ) -> Result:
        try:
            started = await send(self._engine, prepared)
        except Filtered as error:
            if error.result is not None:
                error.result = flagged(error, prepared)
            return _delivered(error, on_filtered)
        if prepared.call.action.job is None:
            return started
        pending = await polling.write_down(self._engine, prepared, started)
        if not wait:
            return pending
        assert pending.job_id is not None
        return await self.wait(
            pending.job_id, accept=prepared.accept, on_filtered=on_filtered, timeout=timeout
        )


def _delivered(error: Filtered, policy: Policy) -> Result:
    """What was delivered all the same, where that is wanted; else it is the error's, and that is raised."""
    if policy == "raise" or error.result is None:
        raise error
    found: Result = error.result
    return found


def _refuse_unknown(face: type, options: Mapping[str, object]) -> None:
    """Raises TypeError with each keyword that neither connector takes, and what was probably meant."""
    known = Options.__annotations__
    wrong = [repr(name) + nearest(name, known) for name in options if name not in known]
    if wrong:
        said = f"{face.__name__}() got an unexpected keyword argument {', '.join(wrong)}"
        raise TypeError(f"{said}; it takes {', '.join(known)}")


def _loaded(integration: Integration | Path | str | None, cache: Path | str) -> Integration:
    if isinstance(integration, Integration):
        return integration
    from connector.spec.loader import default_folder, load

    return load(Path(integration) if integration is not None else default_folder(), cache)


def _blocking(
    method: Callable[Concatenate[AsyncConnector, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Connector, P], T]:
    """A coroutine method of the engine as one that blocks."""

    @wraps(method)
    def call(self: Connector, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            called = method(self._engine, *args, **kwargs)
        except TypeError as error:  # of the call itself: the coroutine has not begun
            raise TypeError(str(error).replace(method.__qualname__, call.__qualname__)) from None
        return drive(called)

    call.__qualname__ = f"Connector.{method.__name__}"
    return call


class Connector(_Face):
    """One integration, ready to be used from scripts and notebooks; many threads may share it.

    It takes AsyncConnector's options and has its methods, which block.
    """

    _engine: AsyncConnector

    def __init__(
        self, integration: Integration | Path | str | None = None, **options: Unpack[Options]
    ) -> None:
        _refuse_unknown(type(self), options)
        options.setdefault("io", Inline())
        self._engine = AsyncConnector(integration, **options)

    invoke = _blocking(AsyncConnector.invoke)
    submit = _blocking(AsyncConnector.submit)
    wait = _blocking(AsyncConnector.wait)
    cancel = _blocking(AsyncConnector.cancel)
    stream = _blocking(AsyncConnector.stream)
    preview = _blocking(AsyncConnector.preview)
    estimate = _blocking(AsyncConnector.estimate)
    test = _blocking(AsyncConnector.test)
    balance = _blocking(AsyncConnector.balance)
    close = _blocking(AsyncConnector.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()
