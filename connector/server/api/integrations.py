"""Operations on integrations: each with its environments, and the form for a credential."""

from __future__ import annotations

from typing import Any

from starlette.responses import FileResponse, Response

from connector.server.json_reply import Reply
from connector.server.operation import OperationCall
from connector.server.problem_documents import Refused
from connector.spec.model import Integration


async def list_integrations(call: OperationCall) -> Response:
    shown = [_in_short(served.integration) for served in call.host.integrations.values()]
    return Reply({"integrations": shown})


async def get_integration(call: OperationCall) -> Response:
    return Reply(described(call.host.served(call.names["id"]).integration))


async def get_icon(call: OperationCall) -> Response:
    icon = call.host.served(call.names["id"]).integration.icon
    if icon is None:
        raise Refused("not_found", "this integration has no icon")
    return FileResponse(icon, headers={"cache-control": "private, max-age=3600"})


def _in_short(integration: Integration) -> dict[str, Any]:
    return {
        "id": integration.id,
        "name": integration.name,
        "version": integration.version,
        "description": integration.description,
        "documentation": integration.documentation,
        "icon": f"/api/integrations/{integration.id}/icon" if integration.icon else None,
        "actions": len(integration.actions),
    }


def described(integration: Integration) -> dict[str, Any]:
    """All facts of the manifest that a form for a connection needs. Schemas hold no values."""
    return {
        **_in_short(integration),
        "credential": dict(integration.credential),
        "environments": [
            {
                "name": each.name,
                "description": each.description,
                "base_url": each.base_url,
                "needs_credential": each.credential is None,
            }
            for each in integration.environments.values()
        ],
        "default_environment": integration.default_environment,
        "test": integration.test.action if integration.test else None,
        "balance": integration.balance is not None,
        "actions": list(integration.actions),
    }
