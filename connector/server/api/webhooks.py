"""Webhooks: a workflow that a program elsewhere runs, by a secret that is good for nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from connector.errors import InvalidArguments, Problem
from connector.runs.service import standard_webhooks
from connector.runs.service.webhook_secrets import Webhook
from connector.secret import Secret
from connector.server import idempotency_key
from connector.server.json_reply import Reply
from connector.server.operation import SHARED, OperationCall, read_body, read_json_of
from connector.server.problem_documents import Refused

_HEADER = "x-hook-secret"


async def list_webhooks(call: OperationCall) -> Response:
    found = await call.host.run(call.host.durable.hooks.list)
    return Reply({"webhooks": [hook.to_dict() for hook in found]})


async def add_webhook(call: OperationCall) -> Response:
    """The secret is in this answer, and nowhere else. The workflow runs as it is now."""
    durable, body = call.host.durable, call.body
    connector, workflow = await call.host.run(durable.workflow, body["workflow"])
    where = {name: body.get(name) for name in SHARED["where"]}
    environment, connection = await call.host.run(connector.place, **where)
    said = standard_webhooks.problem(body["secret"]) if "secret" in body else None
    problems = [Problem("secret", said)] if said else []
    if "key_header" in body and "key_member" in body:
        problems.append(Problem("key_member", "give either key_header or key_member"))
    if problems:
        raise InvalidArguments(problems)
    hook, secret = await call.host.run(
        durable.hooks.add,
        workflow=workflow.id,
        definition=workflow.text,
        integration=connector.integration.id,
        environment=environment,
        connection=connection,
        **{name: body.get(name) for name in _HOW},
    )
    address = f"/hooks/{hook.id}"
    return Reply(hook.to_dict() | {"secret": secret, "path": address}, 201, {"location": address})


async def remove_webhook(call: OperationCall) -> Response:
    await call.host.run(call.host.durable.hooks.remove, call.names["id"])
    return Response(status_code=204)


async def run_webhook(call: OperationCall) -> Response:
    """The JSON body is the workflow's inputs. The secret is sent as `Authorization: Bearer SECRET`, or as
    `X-Hook-Secret`; or else the delivery is signed with it (Standard Webhooks), as the webhook was made.
    A delivery that comes again with its id, in `webhook-id` or `Idempotency-Key`, gets the run it has."""
    host = call.host
    found = await host.run(host.durable.hooks.admitted, call.names["id"], _secret(call))
    if found is None:
        raise _stranger("there is no such webhook, or this is not its secret")
    hook, signing = found
    text = await _body(call, signing)
    body = read_json_of(call.request, text, optional=True)
    if not isinstance(body, dict):
        raise InvalidArguments([Problem("", "must be an object, with a member for each input")])
    run = await host.run(host.durable.hooked, hook, body, _key(call, hook, body))
    call.opened(run)
    return Reply({"run": run.id, "state": run.state}, 202, {"x-run-id": run.id})


async def renew_callback_secret(call: OperationCall) -> Response:
    """The secret that signs callbacks from now on; it is in this answer, and nowhere else."""
    return Reply({"secret": await call.host.run(call.host.durable.callbacks.new_secret)}, 200)


def _secret(call: OperationCall) -> str:
    headers = call.request.headers
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else headers.get(_HEADER, "")


async def _body(call: OperationCall, signing: Secret | None) -> bytes:
    """The body, which is read from nobody who did not sign it as far as that can be told before."""
    headers, settings = call.request.headers, call.host.settings
    try:
        if signing is not None:
            standard_webhooks.check_headers(headers, settings.clock())
        text = await read_body(call.request, settings.max_json)
        if signing is not None:
            standard_webhooks.verify(signing.reveal(), headers, text, settings.clock())
    except standard_webhooks.BadSignature as error:
        raise _stranger(str(error)) from None
    return text


def _stranger(said: str) -> Refused:
    return Refused("unauthenticated", said, {"www-authenticate": 'Bearer realm="webhook"'})


def _key(call: OperationCall, hook: Webhook, body: Mapping[str, Any]) -> str | None:
    """The delivery's id, where the webhook says it is, else where it usually is."""
    headers = call.request.headers
    if hook.key_member is None:
        own = (hook.key_header,) if hook.key_header else ()
        return idempotency_key.read(headers, *own, standard_webhooks.ID)
    found: Any = body
    for name in hook.key_member.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise InvalidArguments(
            [Problem(hook.key_member, "must hold the id of the delivery, as a text or a whole number")]
        )
    return idempotency_key.checked(str(found), hook.key_member)


_HOW = ("limit_credits", "key_header", "key_member", "secret", "signed")
