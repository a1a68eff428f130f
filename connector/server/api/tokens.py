"""Operations on tokens: who may use the host; each is shown once, when it is made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from connector.errors import InvalidArguments, Problem
from connector.server.host import Host
from connector.server.json_reply import Reply
from connector.server.operation import OperationCall
from connector.spec.schema.suggest import nearest


async def list_tokens(call: OperationCall) -> Response:
    found = await call.host.run(call.host.tokens.list)
    return Reply({"tokens": [token.to_dict() for token in found]})


async def add_token(call: OperationCall) -> Response:
    given, name = dict(call.body), call.body["name"]
    problems = await call.host.run(_unknown, call.host, given)
    try:
        if "expires" in given:
            end = datetime.fromisoformat(given["expires"])
            given["expires"] = (end if end.tzinfo else end.replace(tzinfo=UTC)).timestamp()
    except ValueError:
        problems.append(Problem("expires", "is no date and time such as 2027-01-31T00:00:00Z"))
    if problems:
        raise InvalidArguments(problems)
    token = await call.host.run(partial(call.host.tokens.add, **given))
    location = f"/api/tokens/{quote(name, safe='')}"
    return Reply({"name": name, "role": given["role"], "token": token}, 201, {"location": location})


def _unknown(host: Host, given: Mapping[str, Any]) -> list[Problem]:
    """The names of a scope that stand for nothing here."""
    served = [each.integration for each in host.integrations.values()]
    subjects = {name for one in served for name in one.actions}
    subjects |= {workflow.id for _, workflow in host.durable.workflows()}
    known = {"actions": subjects, "environments": {name for one in served for name in one.environments}}
    return [
        Problem(f"{field}.{at}", f"is {name[:60]!r}, which is not there{nearest(name, names)}")
        for field, names in known.items()
        for at, name in enumerate(given.get(field, ()))
        if name not in names
    ]


async def remove_token(call: OperationCall) -> Response:
    await call.host.run(call.host.tokens.remove, call.names["name"])
    call.host.callers.forget()
    return Response(status_code=204)
