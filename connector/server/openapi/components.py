"""OpenAPI components: what answers look like, as the schemas that the document names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.engine.result import Result
from connector.runs.batch.row import BatchRow
from connector.runs.batch.store import Batch
from connector.runs.schedule.store import Schedule, Tick
from connector.runs.service.webhook_secrets import Webhook
from connector.runs.workflow.cost import WorkflowCost
from connector.server.connection_form import CONNECTION
from connector.server.openapi.shapes import shape
from connector.spec.model import JsonSchema
from connector.spec.package_data import table
from connector.storage.connections.api_tokens import Token
from connector.storage.connections.model import Connection
from connector.storage.files.store import StoredFile
from connector.storage.ledger.model import LedgerEntry, SpendingRow
from connector.storage.runs.model import Run

DECLARED: Mapping[str, Any] = table("server/openapi/components.yaml")
_STORED = (Batch, BatchRow, Connection, LedgerEntry, Run, Schedule, StoredFile, Tick, Token, Webhook)
_VALUES = {kind.__name__: kind for kind in (*_STORED, Result, SpendingRow, WorkflowCost)}


def _shaped(told: Any) -> Any:
    """What is declared, with each ``shape`` as the schema of its value."""
    if isinstance(told, list):
        return [_shaped(one) for one in told]
    if not isinstance(told, Mapping):
        return told
    if "shape" not in told:
        return {name: _shaped(one) for name, one in told.items()}
    more = _shaped(told.get("properties", {}))
    hidden, sparse = told.get("without", ()), told.get("sparse", False)
    schema = shape(_VALUES[told["shape"]], without=hidden, sparse=sparse, **more)
    return {**schema, "properties": {**schema["properties"], **_shaped(told.get("optional", {}))}}


SCHEMAS: Mapping[str, JsonSchema] = {
    **_shaped(DECLARED["schemas"]),
    "NewConnection": CONNECTION,
}
