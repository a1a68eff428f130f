"""The pages of integrations and their connections."""

from __future__ import annotations

from typing import Any

from starlette.responses import FileResponse, Response

from connector.server.console import action_sidebar
from connector.server.console.rendering import PageRequest, page
from connector.server.console.usable_environments import connections_of, free_environments, place_of
from connector.server.host import Host
from connector.server.problem_documents import Refused
from connector.spec.model import Action, Integration
from connector.storage.connections.model import Connection
from connector.storage.runs.history import Run

_LATELY = 12
_ICONS = {".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp"}


def home(visit: PageRequest) -> Response:
    """The tiles, and what was made lately."""
    host = visit.host
    listed = [served.integration for served in host.integrations.values()]
    connections = {each.id: connections_of(host, each.id) for each in listed}
    recent = host.history.list(state="succeeded", limit=_LATELY * 3)
    made = [(run, drawing(host, run), place_of(host, run)) for run in recent if run.file][:_LATELY]
    return page(
        "home.html",
        integrations=listed,
        connections=connections,
        runs=made,
        unknown=action_sidebar.unknown(host),
        starter=next(map(_starter, listed), None),
        free=next(iter(sorted(free_environments(host))), ""),
    )


def one(visit: PageRequest) -> Response:
    """An integration: its connections, its environments."""
    integration = find(visit)
    connections = connections_of(visit.host, integration.id)
    return page(
        "integration.html",
        integration=integration,
        connections=connections,
        manages=visit.manages,
        made=next((each for each in connections if each.name == visit.asked("made")), None),
        starter=_starter(integration),
    )


def icon(visit: PageRequest) -> Response:
    """The integration's drawing. As it stands alone it may load nothing."""
    path = find(visit).icon
    if path is None or path.suffix not in _ICONS or not path.is_file():
        raise Refused("not_found", "the integration has no icon")
    headers = {
        "cache-control": "max-age=3600",
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    }
    return FileResponse(path, headers=headers, media_type=_ICONS[path.suffix])


def connect(visit: PageRequest) -> Response:
    """The form for a new connection."""
    return _form(visit, None)


def edit(visit: PageRequest) -> Response:
    """The form for one that is there."""
    connections = connections_of(visit.host, find(visit).id)
    found = next((each for each in connections if each.name == visit.name("name")), None)
    if found is None:
        raise Refused("not_found", f"there is no connection {visit.name('name')[:100]!r}")
    return _form(visit, found)


def _form(visit: PageRequest, connection: Connection | None) -> Response:
    if not visit.manages:
        raise Refused("role", "making and changing connections needs a token with the role 'manage'")
    integration = find(visit)
    return page(
        "connection.html",
        integration=integration,
        connection=connection,
        credential=integration.credential.get("properties", {}),
        required=integration.credential.get("required", ()),
        suggestion=_suggestion(visit.host, integration),
    )


def _suggestion(host: Host, integration: Integration) -> str:
    """A name that is still free."""
    taken = {each.name for served in host.integrations for each in connections_of(host, served)}
    tries = (integration.id, *(f"{integration.id}-{at}" for at in range(2, len(taken) + 3)))
    return next(name for name in tries if name not in taken)


def find(visit: PageRequest) -> Integration:
    """The integration that the address names."""
    return visit.host.served(visit.name("id")).integration


def _starter(integration: Integration) -> Action | None:
    """The action to try first: it has an example, and gives a picture of nothing but words."""
    fit = (each for each in integration.actions.values() if each.examples and not each.files)
    return next((each for each in fit if action_sidebar.glyph(each) == "image"), None)


def drawing(host: Host, run: Run) -> str:
    """The drawing that stands for what a run gives."""
    action = action_of(host, run)
    return action_sidebar.glyph(action) if action else "flow" if run.kind == "workflow" else "file"


def action_of(host: Host, run: Any) -> Action | None:
    """The action of a run, if there still is one of that id."""
    served = host.integrations.get(run.integration)
    return served.integration.actions.get(run.action) if served else None
