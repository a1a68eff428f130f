"""The trial of a connection before it is made: its test is run, and nothing is kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connector.engine.connector import AsyncConnector
from connector.errors import InvalidArguments, UnknownName
from connector.runs.service.runner import ServedIntegration
from connector.server import auth, connection_form, operation
from connector.server.api.connections import tried
from connector.server.host import Host
from connector.spec.schema.validator import Checker
from connector.storage.connections.encryption import Sealed
from connector.storage.connections.model import Connection, Stored, header_key

_NAME = "trial"
_CHECKER = Checker(connection_form.CONNECTION, noun="a member of this body")


def endpoint(host: Host) -> Callable[[Request], Awaitable[Response]]:
    """Answers with what the test saw in each environment of the connection that is sent."""

    async def answer(request: Request) -> Response:
        request.state.route = "/integrations/{id}/try"
        auth.demand(request.state.caller, "manage")
        served = host.served(request.path_params["id"])
        body = await operation.read_checked(request, host.settings.max_json, _CHECKER)
        made = await host.run(_read, served, body, host.settings.allowed_urls)
        with TemporaryDirectory(prefix="connector-trial-") as folder:
            tests = await _tests(host, served, made, Path(folder))
        return JSONResponse({"ok": all(test["ok"] for test in tests), "tests": tests})

    return answer


def _read(served: ServedIntegration, body: Mapping[str, Any], allowed: tuple[str, ...]) -> Connection:
    """The connection as it is to be tried. One that is stored lends the secrets that were left out."""
    store, name = served.connector.workspace.connections, str(body.get("name") or _NAME)
    before = None
    with suppress(UnknownName):
        before = store.get(name)
    made, wrong = connection_form.connection(served.integration, name, body, before, allowed)
    if wrong:
        raise InvalidArguments(wrong, f"connection {name!r}")
    return _opened(made, before, store)


def _opened(made: Connection, before: Connection | None, store: Any) -> Connection:
    """The connection with its kept secrets opened, as another store is to hold them for a moment."""
    opened = []
    for one in made.configurations:
        kept: dict[str, Any] = {}
        if before and any(isinstance(value, Sealed) for value in one.values().values()):
            headers = store.headers(before.name, one.name)
            kept = store.credential(before.name, one.name) | {
                header_key(name): value for name, value in headers.items()
            }
        opened.append(one.with_values(partial(_lent, kept)))
    return replace(made, configurations=tuple(opened))


def _lent(kept: Mapping[str, Any], key: str, value: Stored) -> Any:
    return kept[key] if isinstance(value, Sealed) else value


async def _tests(
    host: Host, served: ServedIntegration, made: Connection, folder: Path
) -> list[Mapping[str, Any]]:
    """What was seen in each environment, by a connector with a store of its own."""
    settings = host.settings
    async with AsyncConnector(
        served.integration,
        home=folder,
        environ=settings.environ,
        clock=settings.clock,
        transport=settings.transport,
    ) as connector:
        store, secret = connector.workspace.connections, served.integration.secret_fields
        await host.run(store.add, made, secret)
        names = [name for one in made.configurations for name in one.environments]
        return [await tried(connector, made.name, name) for name in names]
