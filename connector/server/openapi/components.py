"""OpenAPI components: what answers look like, as the schemas that the document names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from connector.engine.result import Result
from connector.runs.batch.row import BatchRow
from connector.runs.batch.store import Batch
from connector.runs.schedule.store import Schedule, Tick
from connector.runs.service.webhook_secrets import Webhook
from connector.runs.workflow.cost import WorkflowCost
from connector.server.connection_form import CONNECTION
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
_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}
# Seconds since 1970, which every ``to_dict`` writes as a date.
_MOMENTS = frozenset({"created", "last_used", "updated", "expires", "at", "since", "next_poll", "deadline"})
_MOMENT = {"type": "string", "format": "date-time"}


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


def shape(
    kind: type[Any], *, without: Collection[str] = (), sparse: bool = False, **more: JsonSchema
) -> JsonSchema:
    """The schema of a dataclass, ``without`` the fields that are not shown.

    What is said by ``more`` is said of a field, or is one more. Every field is there, or null; of a
    ``sparse`` one those are left out that would be null.
    """
    types = {one.name: get_type_hints(kind)[one.name] for one in fields(kind) if one.name not in without}
    absent = {name for name, type in types.items() if sparse and (type is Any or _may_be_none(type))}
    properties = {name: _of(type, name, nullable=name not in absent) for name, type in types.items()}
    properties |= {name: {**properties.get(name, {}), **each} for name, each in more.items()}
    return {"type": "object", "required": sorted(properties.keys() - absent), "properties": properties}


def _may_be_none(type: Any) -> bool:
    return NoneType in get_args(type)


def _of(type: Any, name: str, *, nullable: bool = True) -> JsonSchema:
    if _may_be_none(type):
        (one,) = (each for each in get_args(type) if each is not NoneType)
        return {"anyOf": [_of(one, name), {"type": "null"}]} if nullable else _of(one, name)
    if type is float and name in _MOMENTS:
        return _MOMENT
    if type in _PLAIN:
        return {"type": _PLAIN[type]}
    if get_origin(type) is Literal:
        return {"enum": [*get_args(type)]}
    if get_origin(type) is tuple:
        return {"type": "array", "items": _of(get_args(type)[0], "")}
    if is_dataclass(type):
        return shape(type)  # type: ignore[arg-type]
    return {} if type is Any else {"type": "object"}


SCHEMAS: Mapping[str, JsonSchema] = {
    **_shaped(DECLARED["schemas"]),
    "NewConnection": CONNECTION,
}
