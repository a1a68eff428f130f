"""The routes of the host: everything that it can be asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module

from starlette.responses import Response

from connector.server.auth import DOCUMENT
from connector.server.host import Host
from connector.server.json_reply import Reply
from connector.server.openapi.document import document
from connector.server.operation import ROWS, Operation, OperationCall
from connector.server.settings import Settings

_DOCUMENT = {
    "at": f"GET {DOCUMENT}",
    "summary": "Get the OpenAPI document",
    "limited": True,
    "answers": {200: "Anything"},
}


async def describe_host(call: OperationCall) -> Response:
    """This document, with an operation for each action. It does not change while the host runs."""
    return Response(await call.host.run(openapi_json, call.host), media_type=Reply.media_type)


def openapi_json(host: Host) -> bytes:
    """The document of a host, written once."""
    if host.described is None:
        served, settings = [each.integration for each in host.integrations.values()], host.settings
        host.described = bytes(Reply(document(served, operations(settings), settings.port)).body)
    return host.described


def operations(settings: Settings) -> tuple[Operation, ...]:
    """Those of a host: the document needs no token where everybody may read it."""
    shown = [one for one in OPERATIONS if settings.public_openapi and one.path == DOCUMENT]
    return tuple(replace(one, role=None) if one in shown else one for one in OPERATIONS)


def _declared() -> Iterator[Operation]:
    for group, rows in ROWS.items():
        module = import_module(f"connector.server.api.{group}")
        for name, row in rows.items():
            yield Operation.declared(group, getattr(module, name), row)


OPERATIONS: tuple[Operation, ...] = (
    *_declared(),
    Operation.declared("health", describe_host, _DOCUMENT),
)
