"""The call of a form in code: what is filled in, before it is run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from connector.errors import InvalidArguments
from connector.server import operation
from connector.server.console.code_samples import SampleUse, calls
from connector.server.console.rendering import page
from connector.server.host import Host
from connector.spec.model import Action
from connector.spec.schema.validator import Checker

_TEXT = {"type": "string"}
_CHECKER = Checker(
    operation.members(
        "of", "inputs", of=_TEXT, inputs={"type": "object"}, environment=_TEXT, connection=_TEXT
    ),
    noun="a member of this body",
)


def endpoint(host: Host) -> Callable[[Request], Awaitable[Response]]:
    """Answers with the samples of a call, as a part of a page."""

    async def answer(request: Request) -> Response:
        request.state.route = "/calls"
        body = await operation.read_json(request, host.settings.max_json)
        if found := _CHECKER.problems(body):
            raise InvalidArguments(found)
        return await host.run(_shown, host, body, str(request.base_url).rstrip("/"))

    return answer


def _shown(host: Host, body: Mapping[str, Any], base: str) -> Response:
    _, subject, definition = host.durable.subject(body["of"])
    inputs = {
        name: _with_name(host, value) if name in subject.files else value
        for name, value in body["inputs"].items()
    }
    delivers = isinstance(subject, Action) and bool(subject.output.types or subject.job)
    where = body.get("environment") or None, body.get("connection") or None
    use = SampleUse(subject.id, inputs, *where, delivers_file=delivers, is_workflow=definition is not None)
    return page("calls.html", calls=calls(use, base))


def _with_name(host: Host, value: Any) -> Any:
    """A reference with the name that its file has on other machines."""
    if not isinstance(value, str) or not value.startswith("file:"):
        return value
    return host.files.get(value.removeprefix("file:")).to_dict()
