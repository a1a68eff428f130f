"""Webhooks: a workflow that a program elsewhere runs, by a secret that is good for nothing else."""

from __future__ import annotations

from starlette.responses import Response

from connector.errors import InvalidArguments, Problem
from connector.server.json_reply import Reply
from connector.server.operation import LIMIT, NAME, WHERE, Operation, OperationCall, members, read_json
from connector.server.problem_documents import Refused

_HEADER = "x-hook-secret"


async def list_webhooks(call: OperationCall) -> Response:
    found = await call.host.run(call.host.durable.hooks.list)
    return Reply({"webhooks": [hook.to_dict() for hook in found]})


async def add_webhook(call: OperationCall) -> Response:
    """The secret is in this answer, and nowhere else. The workflow runs as it is now."""
    durable, body = call.host.durable, call.body
    connector, workflow = await call.host.run(durable.workflow, body["workflow"])
    where = {name: body.get(name) for name in WHERE}
    environment, connection = await call.host.run(connector.place, **where)
    hook, secret = await call.host.run(
        durable.hooks.add,
        workflow=workflow.id,
        definition=workflow.text,
        integration=connector.integration.id,
        environment=environment,
        connection=connection,
        limit_credits=body.get("limit_credits"),
    )
    address = f"/hooks/{hook.id}"
    return Reply(hook.to_dict() | {"secret": secret, "path": address}, 201, {"location": address})


async def remove_webhook(call: OperationCall) -> Response:
    await call.host.run(call.host.durable.hooks.remove, call.names["id"])
    return Response(status_code=204)


async def run_webhook(call: OperationCall) -> Response:
    """The JSON body is the workflow's inputs. The secret is sent as `Authorization: Bearer SECRET`, or as
    `X-Hook-Secret`."""
    hook = await call.host.run(call.host.durable.hooks.admitted, call.names["id"], _secret(call))
    if hook is None:
        challenge = {"www-authenticate": 'Bearer realm="webhook"'}
        raise Refused("unauthenticated", "there is no such webhook, or this is not its secret", challenge)
    body = await read_json(call.request, call.host.settings.max_json, optional=True)
    if not isinstance(body, dict):
        raise InvalidArguments([Problem("", "must be an object, with a member for each input")])
    run = await call.host.run(call.host.durable.hooked, hook, body, call.idempotency_key)
    call.request.state.run = run.id
    return Reply({"run": run.id, "state": run.state}, 202, {"x-run-id": run.id})


def _secret(call: OperationCall) -> str:
    headers = call.request.headers
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else headers.get(_HEADER, "")


NEW = members("workflow", workflow=NAME, **WHERE, limit_credits=LIMIT)
_ALL = "/api/webhooks"

OPERATIONS = (
    Operation("GET", _ALL, list_webhooks, "The webhooks", role="manage", answers={200: "Webhooks"}),
    Operation(
        "POST",
        _ALL,
        add_webhook,
        "Make a webhook for a workflow",
        role="manage",
        body=NEW,
        answers={201: "NewWebhook"},
    ),
    Operation(
        "DELETE", f"{_ALL}/{{id}}", remove_webhook, "Remove a webhook", role="manage", answers={204: None}
    ),
    Operation(
        "POST",
        "/hooks/{id}",
        run_webhook,
        "Run the workflow of a webhook",
        role=None,
        reads="hook",
        answers={202: "Hooked"},
        keyed=True,
    ),
)
