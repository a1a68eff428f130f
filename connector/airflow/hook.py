"""The hook: a connection of Airflow's opens a connector, and its test button tests it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Hashable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from airflow.sdk import BaseHook
from airflow.sdk.log import mask_secret

from connector import AsyncConnector, Connector, ConnectorError
from connector.airflow.settings import AirflowTarget, Kept, place
from connector.engine.connector import Options
from connector.events import Event
from connector.runs.service.named_runs import NamedRuns
from connector.runs.service.settlement import news
from connector.spec.cache import default_cache

# So long as somebody may clear a task, what it made is kept for it.
_KEPT = 7 * 24 * 3600.0
ASKED_BY = "airflow"

T = TypeVar("T")


@dataclass
class _Held(Generic[T]):
    made: asyncio.Task[T]
    users: int = 0


class Shared(Generic[T]):
    """Things by their keys, opened by the first task of an event loop that uses one, closed by the last."""

    def __init__(self, close: Callable[[T], Awaitable[None]]) -> None:
        self._close = close
        self._held: dict[Hashable, _Held[T]] = {}

    @asynccontextmanager
    async def lent(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> AsyncIterator[T]:
        """The thing of a key, for as long as the block lasts. Raises whatever making it raised."""
        own = (id(asyncio.get_running_loop()), key)
        held = self._held.get(own)
        if held is None:
            held = self._held[own] = _Held(asyncio.ensure_future(make()))
        held.users += 1
        try:
            # One who is stopped while it is made does not stop it for the others.
            yield await asyncio.shield(held.made)
        finally:
            held.users -= 1
            if not held.users:
                del self._held[own]
                await self._let_go(held.made)

    async def _let_go(self, made: asyncio.Task[T]) -> None:
        if not made.done():
            made.cancel()
        await asyncio.wait({made})
        if not made.cancelled() and made.exception() is None:
            await self._close(made.result())


class ConnectorHook(BaseHook):
    """Gives the connector of a connection, ready to be used.

        with ConnectorHook("my_connection").get_conn() as connector:
            connector.balance()

    What is invoked by it is checked and written down as everywhere. It is no task of Airflow's, which a retry
    could go on with: for that there are the operators.
    """

    conn_name_attr = "connector_conn_id"
    default_conn_name = "connector_default"
    conn_type = "connector"
    hook_name = "Connector"

    def __init__(self, connector_conn_id: str = default_conn_name, **options: Any) -> None:
        super().__init__(**options)
        self.connector_conn_id = connector_conn_id

    def get_conn(self) -> Connector:
        """A connector; close it, or use it as a context manager.

        It uses the connection where an invocation names no other; name the environment yourself if it is not
        the integration's default.
        """
        where = self.place()
        return Connector(where.integration, **self._options(where))

    def test_connection(self) -> tuple[bool, str]:
        """What the cheapest authenticated call says."""
        try:
            where = self.place()
            with Connector(where.integration, **self._options(where)) as connector:
                return True, connector.test(environment=where.environment, connection=where.connection)
        except ConnectorError as error:
            return False, error.message

    def place(self) -> AirflowTarget:
        """Where the connection leads. Its secrets are masked in Airflow's logs from now on."""
        kept = self.get_connection(self.connector_conn_id)
        return _place(kept, kept.extra_dejson)

    @contextmanager
    def uses(self, where: AirflowTarget) -> Iterator[NamedRuns]:
        """The uses of the connection's actions that tasks go on with, for a worker."""
        uses = self._opened(where)
        try:
            yield uses
            with suppress(ConnectorError, OSError):  # the next task does it
                uses.tidy()
        finally:
            asyncio.run(_closed(uses))

    @asynccontextmanager
    async def uses_in_triggerer(self) -> AsyncIterator[NamedRuns]:
        """The same for the event loop of a triggerer, where nothing may block.

        Triggers share what they need, for as long as the connection stays as it is.
        """
        kept = await self.aget_connection(self.connector_conn_id)
        extra = await kept.aextra_dejson()

        async def make() -> NamedRuns:
            return self._opened(await asyncio.to_thread(_place, kept, extra))

        async with _SHARED.lent((kept.conn_id, kept.host, kept.password, kept.extra), make) as uses:
            yield uses

    def _opened(self, where: AirflowTarget) -> NamedRuns:
        connector = AsyncConnector(where.integration, **self._options(where))
        return NamedRuns(connector, asked_by=ASKED_BY, keep_seconds=_KEPT)

    def _options(self, where: AirflowTarget) -> Options:
        # A job may be asked for thousands of times; only what is new of it goes to the log.
        return {"connection": where.given, "on_event": news(self._tell)}

    def _tell(self, event: Event) -> None:
        self.log.info("%s", event.sentence)


async def _closed(uses: NamedRuns) -> None:
    uses.close()
    await uses.connector.close()


_SHARED = Shared(_closed)


def _place(kept: Kept, extra: Mapping[str, Any]) -> AirflowTarget:
    where = place(kept, extra, default_cache())
    for one in where.given.configurations if where.given else ():
        for name in where.integration.secret_fields:
            if name in one.fields:
                mask_secret(_text(one.fields[name]))
    return where


def _text(secret: Any) -> str:
    return str(secret.reveal() if hasattr(secret, "reveal") else secret)
