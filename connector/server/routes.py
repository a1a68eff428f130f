"""The routes of the host: everything that it can be asked for."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from starlette.responses import Response

from connector.server.json_reply import Reply
from connector.server.openapi.document import document
from connector.server.operation import ROWS, Operation, OperationCall
from connector.spec.model import Integration

_DOCUMENT = {"at": "GET /openapi.json", "summary": "Get the OpenAPI document", "answers": {200: "Anything"}}


async def describe_host(call: OperationCall) -> Response:
    """This document, with an operation for each action. It does not change while the host runs."""
    if call.host.described is None:
        served = [each.integration for each in call.host.integrations.values()]
        port = call.host.settings.port
        call.host.described = await call.host.run(_written, served, port)
    return Response(call.host.described, media_type=Reply.media_type)


def _written(served: list[Integration], port: int) -> bytes:
    return bytes(Reply(document(served, OPERATIONS, port)).body)


def _declared() -> Iterator[Operation]:
    for group, rows in ROWS.items():
        module = import_module(f"connector.server.api.{group}")
        for name, row in rows.items():
            yield Operation.declared(group, getattr(module, name), row)


OPERATIONS: tuple[Operation, ...] = (
    *_declared(),
    Operation.declared("health", describe_host, _DOCUMENT),
)
