"""The routes of the host: everything that it can be asked for."""

from __future__ import annotations

from starlette.responses import Response

from connector.server.api import (
    actions,
    batches,
    connections,
    files,
    health,
    integrations,
    jobs,
    runs,
    schedules,
    session,
    spending,
    tokens,
    webhooks,
    workflows,
)
from connector.server.json_reply import Reply
from connector.server.openapi.document import document
from connector.server.operation import Operation, OperationCall
from connector.spec.model import Integration


async def describe_host(call: OperationCall) -> Response:
    """The document is made once: what a host serves does not change while it runs."""
    if call.host.described is None:
        served = [each.integration for each in call.host.integrations.values()]
        port = call.host.settings.port
        call.host.described = await call.host.run(_written, served, port)
    return Response(call.host.described, media_type=Reply.media_type)


def _written(served: list[Integration], port: int) -> bytes:
    return bytes(Reply(document(served, OPERATIONS, port)).body)


OPERATIONS: tuple[Operation, ...] = (
    *health.OPERATIONS,
    *session.OPERATIONS,
    Operation("GET", "/openapi.json", describe_host, "This document", answers={200: "Anything"}),
    *integrations.OPERATIONS,
    *actions.OPERATIONS,
    *runs.OPERATIONS,
    *jobs.OPERATIONS,
    *workflows.OPERATIONS,
    *batches.OPERATIONS,
    *schedules.OPERATIONS,
    *webhooks.OPERATIONS,
    *files.OPERATIONS,
    *connections.OPERATIONS,
    *spending.OPERATIONS,
    *tokens.OPERATIONS,
)
