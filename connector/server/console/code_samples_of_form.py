"""The call of a form in code: what is filled in, before it is run."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from connector.server.console.code_samples import SampleUse, calls
from connector.server.console.page_request import PageRequest
from connector.server.console.rendering import page
from connector.server.host import Host
from connector.spec.model import Action


def show(visit: PageRequest) -> Response:
    """The samples of a call, as a part of a page."""
    host, body = visit.host, visit.body
    _, subject, definition = host.durable.subject(body["of"])
    inputs = {
        name: _with_name(host, value) if name in subject.files else value
        for name, value in body["inputs"].items()
    }
    delivers = isinstance(subject, Action) and bool(subject.output.types or subject.job)
    where = body.get("environment") or None, body.get("connection") or None
    use = SampleUse(subject.id, inputs, *where, delivers_file=delivers, is_workflow=definition is not None)
    return page("calls.html", calls=calls(use, visit.base))


def _with_name(host: Host, value: Any) -> Any:
    """A reference with the name that its file has on other machines."""
    if not isinstance(value, str) or not value.startswith("file:"):
        return value
    return host.files.get(value.removeprefix("file:")).to_dict()
