"""Health, readiness and metrics."""

from __future__ import annotations

from starlette.responses import Response

from connector.server.json_reply import Reply
from connector.server.operation import OperationCall
from connector.server.problem_documents import Refused


async def is_alive(call: OperationCall) -> Response:
    return Reply({"status": "alive"})


async def is_ready(call: OperationCall) -> Response:
    """Ready is a host that is not stopping and whose database answers."""
    if call.host.stopping.is_set():
        raise Refused("stopping", "the host finishes what is under way, and takes nothing new")
    await call.host.readiness.check()
    return Reply({"status": "ready"})


async def tell_metrics(call: OperationCall) -> Response:
    text, kind = await call.host.run(call.host.metrics.page, call.request.headers.get("accept", ""))
    return Response(text, headers={"content-type": kind})
