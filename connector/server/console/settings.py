"""The page to sign in, and the one about tokens, caps and environments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from starlette.responses import Response

from connector.server import auth
from connector.server.console import durable
from connector.server.console.rendering import PageRequest, page
from connector.server.console.usable_environments import connections_of, places_of
from connector.server.host import Host


def sign_in(visit: PageRequest) -> Response:
    """The page that asks for a token."""
    failed = bool(visit.asked("failed"))
    has_ended, wanted = bool(visit.asked("has_ended")), auth.local(visit.asked("next") or "/")
    status = 401 if failed else 200
    return page("login.html", status, failed=failed, has_ended=has_ended, next=wanted, section="")


def show(visit: PageRequest) -> Response:
    """Tokens, caps, environments."""
    integrations = [served.integration for served in visit.host.integrations.values()]
    return page(
        "settings.html",
        tokens=visit.host.tokens.list() if visit.manages else None,
        own=visit.caller.name if visit.caller else "",
        caps=list(_caps(visit.host)),
        integrations=integrations,
        subjects=[pair for _, pairs in durable.subjects(visit.host) for pair in pairs],
        environments=dict.fromkeys(name for one in integrations for name in one.environments),
    )


def _caps(host: Host) -> Iterator[Mapping[str, Any]]:
    """What was spent today in each place, and what may be."""
    for served in host.integrations.values():
        caps = {
            (connection.name, name): one.cap
            for connection in connections_of(host, served.integration.id)
            for one in connection.configurations
            for name in one.environments
        }
        for place in places_of(host, served.integration):
            spent = served.connector.workspace.ledger.spent(place.connection, place.environment)
            yield {
                "integration": served.integration.id,
                "connection": place.connection,
                "environment": place.environment,
                "kind": place.kind,
                "cap": caps.get((place.connection, place.environment)),
                "spent": spent,
            }
