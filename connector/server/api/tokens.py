"""Operations on tokens: who may use the host; each is shown once, when it is made."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

from connector.server.json_reply import Reply
from connector.server.operation import Operation, OperationCall, members


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


NEW = members(
    *("name", "role"),
    name={"type": "string", "minLength": 1, "maxLength": 100, "pattern": r"^[\w.@-]+$"},
    role={"enum": ["use", "manage"]},
)

OPERATIONS = (
    Operation("GET", "/api/tokens", list_tokens, "The tokens", role="manage", answers={200: "Tokens"}),
    Operation(
        "POST", "/api/tokens", add_token, "Make a token", role="manage", body=NEW, answers={201: "NewToken"}
    ),
    Operation(
        "DELETE", "/api/tokens/{name}", remove_token, "Revoke a token", role="manage", answers={204: None}
    ),
)
