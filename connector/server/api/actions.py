"""Operations on actions: their inputs, and everything that can be done with one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from functools import partial
from typing import Any

from starlette.responses import Response, StreamingResponse

from connector.engine.stream import Stream
from connector.errors import ConnectorError, InvalidArguments
from connector.runs.service.runner import ServedIntegration
from connector.server import responses, uploads
from connector.server.host import Host
from connector.server.json_reply import Reply
from connector.server.operation import OperationCall
from connector.server.problem_documents import Refused
from connector.spec.listing import price_text
from connector.spec.model import Action, Integration
from connector.storage.runs.model import RunSpec


async def list_actions(call: OperationCall) -> Response:
    shown = [
        _in_short(served.integration, action)
        for served in call.host.integrations.values()
        for action in served.integration.actions.values()
    ]
    return Reply({"actions": shown})


async def get_action(call: OperationCall) -> Response:
    served, action = call.host.find(call.names["id"])
    return Reply(described(served.integration, action))


async def invoke(call: OperationCall) -> Response:
    """Makes a run, and waits for it unless the caller would not."""
    served, action = call.host.find(call.names["id"])
    await call.check_callback(call.query)
    if call.query.get("durable"):
        return await _submitted(call, served, action)
    check_line(call.host)
    run = await served.runner.start(
        await _spec(call, action), token_name=call.token_name, idempotency_key=call.idempotency_key
    )
    call.opened(run)
    await call.keep_callback(call.query, "run", run.id)
    if call.query.get("wait", True):
        run = await served.runner.wait(run.id, timeout=call.host.settings.max_wait)
    return await responses.of_run(call, run) if call.query.get("wait", True) else responses.accepted(run)


async def _submitted(call: OperationCall, served: ServedIntegration, action: Action) -> Response:
    """A run that a worker does, whatever becomes of this host."""
    submit = partial(call.host.durable.runs.submit, integration=served.integration.id)
    told: dict[str, Any] = {"token_name": call.token_name, "idempotency_key": call.idempotency_key}
    run = await call.host.run(submit, await _spec(call, action), **told)
    call.opened(run)
    await call.keep_callback(call.query, "run", run.id)
    return responses.accepted(run)


async def preview(call: OperationCall) -> Response:
    """The very request that would be sent, with its secrets masked."""
    served, action, given = await _given(call)
    found = await served.connector.preview(action.id, given, **call.place, accept=call.query.get("accept"))
    # The paths of this host's disk are nobody's business.
    told = await call.host.run(lambda: found.to_dict() | {"curl": found.curl(by_name=True)})
    return Reply(told)


async def estimate(call: OperationCall) -> Response:
    """What a success would cost and, where that is asked for, what the account has left."""
    served, action, given = await _given(call)
    found = await served.connector.estimate(action.id, given, **call.place)
    told: dict[str, Any] = {"credits": found.credits, "why": found.why}
    if call.query.get("balance"):
        told["balance"] = await _balance(served, call)
    return Reply(told)


async def check(call: OperationCall) -> Response:
    """All that is wrong with the inputs, each at its field; nothing is sent."""
    served, action, given = await _given(call)
    try:
        found = await served.connector.preview(action.id, given, **call.place)
    except InvalidArguments as error:
        return Reply({"problems": [problem.to_dict() for problem in error.problems]})
    return Reply({"problems": [warning.to_dict() for warning in found.warnings]})


async def stream(call: OperationCall) -> Response:
    """The answer's bytes as they arrive. Such an invocation is in the ledger, and no run."""
    served, action, given = await _given(call)
    opened = await served.connector.stream(
        action.id, given, **call.place, accept=call.query.get("accept"), timeout=call.query.get("timeout")
    )
    facts = {
        "x-seed": opened.result.seed,
        "x-credits": opened.result.credits,
        "x-request-id": opened.result.request_id,
        "content-type": opened.headers.get("content-type", "application/octet-stream"),
        "content-disposition": "attachment",
        "x-accel-buffering": "no",
    }
    return StreamingResponse(_pieces(opened), headers=responses.plain(facts))


async def _pieces(opened: Stream) -> AsyncIterator[bytes]:
    async with opened:
        async for piece in opened:
            yield piece


async def _given(call: OperationCall) -> tuple[ServedIntegration, Action, dict[str, Any]]:
    served, action = call.host.find(call.names["id"])
    return served, action, await uploads.read(call, action)


async def _spec(call: OperationCall, action: Action) -> RunSpec:
    query = call.query
    return RunSpec(
        action=action.id,
        arguments=await uploads.read(call, action),
        **call.place,
        accept=query.get("accept"),
        on_filtered=query.get("on_filtered", "raise"),
        timeout=query.get("timeout"),
    )


def check_line(host: Host) -> None:
    settings = host.settings
    if host.stopping.is_set():
        raise Refused(
            "stopping", "the host finishes what is under way, and takes nothing new", retry_after=5.0
        )
    if len(host.under_way) >= settings.max_runs + settings.max_queue:
        raise Refused("busy", f"{len(host.under_way)} runs are under way or wait; try again", retry_after=5.0)


async def _balance(served: ServedIntegration, call: OperationCall) -> float | None:
    """The credits that are left, where the upstream tells."""
    try:
        return await served.connector.balance(**call.place)
    except ConnectorError:
        return None


def _in_short(integration: Integration, action: Action) -> dict[str, Any]:
    return {
        "id": action.id,
        "title": action.title,
        "group": action.group,
        "description": action.description,
        "integration": integration.id,
        "price": price_text(action),
        "deprecated": action.deprecated is not None,
        "job": action.job is not None,
    }


def described(integration: Integration, action: Action) -> dict[str, Any]:
    """Everything that the integration declares about the action."""
    output, request = action.output, action.request
    return _in_short(integration, action) | {
        "documentation": action.documentation,
        "notes": list(action.notes),
        "request": {"method": request.method, "path": request.path, "body": request.body.kind},
        "inputs": action.inputs,
        "accept": list(accepted_forms(integration, action)),
        "output": {
            "kind": output.kind,
            "types": list(output.types),
            "field": output.field,
            "schema": output.schema,
        },
        "credits": _credits(action),
        "paid": action.paid,
        "job": asdict(action.job) if action.job else None,
        "deprecated": asdict(action.deprecated) if action.deprecated else None,
        "examples": [asdict(example) for example in action.examples],
    }


def accepted_forms(integration: Integration, action: Action) -> tuple[str, ...]:
    """The forms of answer that can be chosen: a job's are those of the action that fetches it."""
    told = integration.actions[action.job.fetch] if action.job else action
    return told.request.accept


def _credits(action: Action) -> Any:
    price = action.price
    if price.by_request or price.unknown:
        return "by_request" if price.by_request else "unknown"
    return {"by": price.by, "values": dict(price.values)} if price.by else price.flat
