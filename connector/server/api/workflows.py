"""Workflows: recipes of several actions, which workers do step by step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from connector.engine.connector import AsyncConnector
from connector.errors import CapReached, InvalidArguments, Problem
from connector.runs.workflow import check, check_inputs, cost, read
from connector.runs.workflow.model import Workflow
from connector.server import responses, uploads
from connector.server.json_reply import Reply
from connector.server.operation import OperationCall, kind_of, read_body, read_json_of
from connector.storage.runs.model import RunSpec

_LONGEST = 256 * 1024


async def list_workflows(call: OperationCall) -> Response:
    found = await call.host.run(call.host.durable.workflows)
    names = ("id", "title", "description")
    shown = [
        {name: getattr(one, name) for name in names}
        | {"integration": each.integration.id, "steps": len(one.steps)}
        for each, one in found
    ]
    return Reply({"workflows": shown})


async def get_workflow(call: OperationCall) -> Response:
    """Its inputs as a JSON Schema, its steps and what it gives back."""
    connector, workflow = await call.host.run(call.host.durable.workflow, call.names["id"])
    return Reply(workflow.to_dict() | {"integration": connector.integration.id})


async def run_workflow(call: OperationCall) -> Response:
    """Writes a run of it down, which a worker does; its steps are told at `/api/runs/{id}/steps`."""
    await call.check_callback(call.query)
    connector, workflow, given = await _given(call)
    limit = call.query.get("limit_credits")
    spec = RunSpec(workflow.id, given, **call.place, limit_credits=limit)
    told: dict[str, Any] = {"token_name": call.token_name, "idempotency_key": call.idempotency_key}
    submit = call.host.durable.runs.submit_workflow
    run = await call.host.run(submit, workflow, spec, integration=connector.integration.id, **told)
    call.opened(run)
    await call.keep_callback(call.query, "run", run.id)
    return responses.accepted(run)


async def check_workflow_inputs(call: OperationCall) -> Response:
    """All that can be told of the inputs before a credit is spent; nothing is begun."""
    connector, workflow, given = await _given(call)
    try:
        await _checked(call, connector, workflow, given)
    except InvalidArguments as error:
        return Reply({"problems": [problem.to_dict() for problem in error.problems]})
    except CapReached as error:
        return Reply({"problems": [{"field": "", "message": error.message}]})
    return Reply({"problems": []})


async def estimate_workflow(call: OperationCall) -> Response:
    """What a run would cost: `credits` where that is certain, else from `low` to `high` (null: unknown)."""
    connector, workflow, given = await _given(call)
    taken = await _checked(call, connector, workflow, given)
    found = await call.host.run(cost.estimate, workflow, connector.integration, taken)
    credits = found.low if found.low == found.high else None
    return Reply({"credits": credits, "why": found.text, **found.to_dict()})


async def _given(call: OperationCall) -> tuple[AsyncConnector, Workflow, dict[str, Any]]:
    """The workflow, whose it is, and the inputs of the request, whose body is refused in any other form."""
    connector, workflow = await call.host.run(call.host.durable.workflow, call.names["id"])
    return connector, workflow, await uploads.read(call, workflow)


async def _checked(
    call: OperationCall, connector: AsyncConnector, workflow: Workflow, given: Mapping[str, Any]
) -> dict[str, Any]:
    limit, files = call.query.get("limit_credits"), call.host.files
    await call.host.run(connector.place, **call.place)
    return await call.host.run(check_inputs.checked, workflow, connector.integration, given, files, limit)


async def check_workflow(call: OperationCall) -> Response:
    """Every problem of a workflow's text, each with its line, as `connector workflow check` tells them.
    The text may also be the body itself, as `text/plain`."""
    integration, text = call.host.served(call.query.get("integration")).integration, await _text(call)
    found = await call.host.run(lambda: check.problems(read.source_of(text, "workflow"), integration))
    return Reply({"problems": [each.to_dict() for each in found]})


async def list_workflow_versions(call: OperationCall) -> Response:
    """What was saved here, the newest 200 first. Version 0, the integration's own file, is not among them."""
    durable, id = call.host.durable, call.names["id"]
    connector, _ = await call.host.run(durable.found, id)
    found = await call.host.run(durable.saved.history, connector.integration.id, id)
    return Reply({"versions": [each.to_dict() for each in found]})


async def get_workflow_text(call: OperationCall) -> Response:
    """The file, as the command line takes it. `ETag` has the number of the version."""
    _, found = await call.host.run(call.host.durable.version, call.names["id"], call.query.get("version"))
    shown = f'attachment; filename="{found.workflow}.yaml"'
    headers = {"etag": f'"{found.version}"', "content-disposition": shown}
    return Response(found.text, media_type="text/plain", headers=headers)


async def save_workflow(call: OperationCall) -> Response:
    """A new version, which counts from now on, or a new workflow. Its id is that of the address. Runs,
    batches, schedules and webhooks that were made before keep the text that they were made with.
    The text may also be the body itself, as `text/plain`. An empty one takes back what was saved: the
    integration's own file counts again, and a workflow without one is gone. Its versions are kept."""
    to = call.host.served(call.query.get("integration")).integration
    given = call.names["id"], await _text(call), call.query["after"], call.token_name, to
    return Reply((await call.host.run(call.host.durable.save, *given)).to_dict(), 201)


async def _text(call: OperationCall) -> str:
    body = await read_body(call.request, _LONGEST, "a workflow may have {:,} bytes")
    if kind_of(call.request) != "application/json":
        return body.decode("utf-8", "replace")
    sent = read_json_of(call.request, body)
    if not (isinstance(sent, dict) and [*sent] == ["text"] and isinstance(sent["text"], str)):
        raise InvalidArguments([Problem("text", "give an object whose one member is the text")])
    return str(sent["text"])
