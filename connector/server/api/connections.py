"""Connections: an integration authorised in some environments. Secrets go in, and are never shown."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from connector.engine.connector import AsyncConnector
from connector.errors import ConnectorError, InvalidArguments, Problem
from connector.runs.service.runner import ServedIntegration
from connector.server import connection_form, problem_documents
from connector.server.json_reply import Reply
from connector.server.operation import OperationCall
from connector.server.problem_documents import Refused
from connector.storage.connections.model import Connection, configuration_for


async def list_connections(call: OperationCall) -> Response:
    found = await call.host.run(_store(call.host.served(None)).list)
    return Reply({"connections": [connection.to_dict() for connection in found]})


async def get_connection(call: OperationCall) -> Response:
    return Reply((await _connection(call)).to_dict())


async def add_connection(call: OperationCall) -> Response:
    name = call.body.get("name")
    if not name:
        raise InvalidArguments([Problem("name", "is required")])
    served = call.host.served(call.body.get("integration"))
    if any(one.name == name for one in await call.host.run(_store(served).list)):
        raise Refused(
            "conflict", f"there is a connection {name!r} already; change it, or choose another name"
        )
    new = _checked(call, served, name, None)
    stored = await call.host.run(_store(served).add, new, served.integration.secret_fields)
    return Reply(stored.to_dict(), 201, {"location": f"/api/connections/{quote(name, safe='')}"})


async def change_connection(call: OperationCall) -> Response:
    """The connection as it is to be; a secret that is left out is kept."""
    before = await _connection(call)
    served = call.host.served(before.integration)
    _check_same(call.body, before)
    changed = _checked(call, served, before.name, before)
    stored = await call.host.run(_store(served).save, changed, served.integration.secret_fields)
    return Reply(stored.to_dict())


async def remove_connection(call: OperationCall) -> Response:
    await call.host.run(_store(call.host.served(None)).remove, call.names["name"])
    return Response(status_code=204)


async def test_connection(call: OperationCall) -> Response:
    """Tries the connection in one environment, or in all of its own, and says what was seen."""
    found = await _connection(call)
    served, only = call.host.served(found.integration), call.body.get("environment")
    if only is not None:
        configuration_for(found, only)  # says which environments there are
    own = [name for one in found.configurations for name in one.environments]
    names = [name for name in own if only in (None, name)]
    tests = [{"connection": found.name} | await tried(served.connector, found.name, name) for name in names]
    return Reply({"ok": all(test["ok"] for test in tests), "tests": tests})


async def tried(connector: AsyncConnector, name: str, environment: str) -> dict[str, Any]:
    """What a connection's test saw in an environment."""
    told: dict[str, Any] = {"environment": environment, "ok": True}
    try:
        return told | {"said": await connector.test(connection=name, environment=environment)}
    except ConnectorError as error:
        problem = problem_documents.document(error.to_dict())
        return told | {"ok": False, "said": error.message, "problem": problem}


def _check_same(body: Any, before: Connection) -> None:
    for member, is_now in (("name", before.name), ("integration", before.integration)):
        if body.get(member, is_now) != is_now:
            raise InvalidArguments([Problem(member, f"is {is_now!r} and cannot be changed")])


def _checked(
    call: OperationCall, served: ServedIntegration, name: str, before: Connection | None
) -> Connection:
    allowed = call.host.settings.allowed_urls
    made, wrong = connection_form.connection(served.integration, name, call.body, before, allowed)
    if wrong:
        raise InvalidArguments(wrong, f"connection {name!r}")
    return made


async def _connection(call: OperationCall) -> Connection:
    return await call.host.run(_store(call.host.served(None)).get, call.names["name"])


def _store(served: ServedIntegration) -> Any:
    return served.connector.workspace.connections
