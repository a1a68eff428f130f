"""Operations on tokens: who may use the host; each is shown once, when it is made."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

from connector.server.json_reply import Reply
from connector.server.operation import OperationCall


async def list_tokens(call: OperationCall) -> Response:
    found = await call.host.run(call.host.tokens.list)
    return Reply({"tokens": [token.to_dict() for token in found]})


async def add_token(call: OperationCall) -> Response:
    name, role = call.body["name"], call.body["role"]
    token = await call.host.run(call.host.tokens.add, name, role)
    location = f"/api/tokens/{quote(name, safe='')}"
    return Reply({"name": name, "role": role, "token": token}, 201, {"location": location})


async def remove_token(call: OperationCall) -> Response:
    await call.host.run(call.host.tokens.remove, call.names["name"])
    call.host.callers.forget()
    return Response(status_code=204)
