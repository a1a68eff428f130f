"""OpenAPI components: what answers look like, as the schemas that the document names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from connector.engine.result import Result
from connector.runs.batch.row import BatchRow
from connector.runs.batch.store import Batch
from connector.runs.schedule.store import Schedule, Tick
from connector.runs.service.webhook_secrets import Webhook
from connector.runs.workflow.cost import WorkflowCost
from connector.server.connection_form import CONNECTION
from connector.server.openapi.shapes import shape
from connector.spec.model import JsonSchema
from connector.spec.schema.plain_schema import GIVEN_FILE
from connector.storage.connections.api_tokens import Token
from connector.storage.connections.model import Connection
from connector.storage.files.store import StoredFile
from connector.storage.ledger.model import LedgerEntry, SpendingRow
from connector.storage.runs.model import Run, State

_TEXT = {"type": "string"}
_NUMBER = {"type": "number"}
_WHOLE = {"type": "integer"}
_YES = {"type": "boolean"}
_OBJECT = {"type": "object"}
_MOMENT = {"type": "string", "format": "date-time"}
_BILLED = {"enum": ["no", "yes", "unknown"]}
_ONCE = {**_TEXT, "description": "Shown this once."}


def _maybe(schema: JsonSchema) -> JsonSchema:
    return {"anyOf": [schema, {"type": "null"}]}


def _ref(name: str) -> JsonSchema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(schema: JsonSchema) -> JsonSchema:
    return {"type": "array", "items": schema}


def _object(required: Mapping[str, Any], **optional: JsonSchema) -> JsonSchema:
    return _sometimes(
        {"type": "object", "required": sorted(required), "properties": {**required}}, **optional
    )


def _sometimes(schema: JsonSchema, **optional: JsonSchema) -> JsonSchema:
    """An object that may have more."""
    return {**schema, "properties": {**schema["properties"], **optional}}


_FINDING = _object({"field": _TEXT, "message": _TEXT}, severity={"enum": ["error", "warning"]})

_IN_SHORT = {
    "id": _TEXT,
    "title": _TEXT,
    "group": _TEXT,
    "description": _TEXT,
    "integration": _TEXT,
    "price": {**_TEXT, "description": "Credits for a success, such as `3`, `2.5 to 6.5` or `free`."},
    "deprecated": _YES,
    "job": _YES,
}
_OF_INTEGRATION = {
    "id": _TEXT,
    "name": _TEXT,
    "version": _TEXT,
    "description": _TEXT,
    "documentation": _maybe(_TEXT),
    "icon": _maybe(_TEXT),
}

_RESULT = _sometimes(
    shape(
        Result,
        without={"headers", "warnings"},
        sparse=True,
        value={"description": "The JSON or text that the upstream answered."},
    ),
    warnings=_list(_FINDING),
)
_PROBLEM = _object(
    {
        "type": {**_TEXT, "examples": ["urn:connector:bad_input"]},
        "title": _TEXT,
        "status": _WHOLE,
        "detail": _TEXT,
        "code": {**_TEXT, "description": "The outcome, by the same name in every face."},
        "billed": _BILLED,
        "retryable": _YES,
        "problems": _list(_FINDING),
    },
    retry_after={**_NUMBER, "description": "Seconds."},
    upstream_status=_WHOLE,
    request_id={**_TEXT, "description": "The upstream's name for the exchange."},
    error_id=_TEXT,
    job_id=_TEXT,
    invocation_id=_TEXT,
    run=_TEXT,
)
_FILE = _sometimes(
    shape(
        StoredFile,
        without={"unused"},
        sparse=True,
        file={**_TEXT, "description": "The reference by which it is given to an action."},
    ),
    unused={**_YES, "description": "It goes when it expires, unless a run takes it before."},
)
_ENTRY = shape(LedgerEntry)
_UNKNOWN = _object(
    dict.fromkeys(("id", "action", "title", "environment", "connection", "sent", "message"), _TEXT)
    | {name: _maybe(_TEXT) for name in ("look", "run", "invocation_id", "job_id", "request_id")}
    | {"credits": _maybe(_NUMBER), "cancelled": _YES}
)
_WORKFLOW = {"id": _TEXT, "title": _TEXT, "description": _TEXT, "integration": _TEXT}

SCHEMAS: Mapping[str, JsonSchema] = {
    "Problem": _PROBLEM,
    "Status": _object({"status": _TEXT}),
    "Integrations": _object({"integrations": _list(_object(_OF_INTEGRATION))}),
    "Integration": _object(
        _OF_INTEGRATION
        | {
            "credential": {**_OBJECT, "description": "The JSON Schema of the credential's form."},
            "environments": _list(_OBJECT),
            "default_environment": _TEXT,
            "actions": _list(_TEXT),
        }
    ),
    "Actions": _object({"actions": _list(_object(_IN_SHORT))}),
    "Action": _object(
        {**_IN_SHORT, "job": _maybe(_OBJECT), "deprecated": _maybe(_OBJECT)}
        | {"inputs": _OBJECT, "accept": _list(_TEXT), "output": _OBJECT, "notes": _list(_TEXT)}
    ),
    "Run": shape(
        Run,
        inputs={"description": "What was given; a file stands as its reference and facts."},
        result={"anyOf": [_ref("Result"), _ref("WorkflowResult"), {"type": "null"}]},
        file={"description": "The id of the file that it made."},
    ),
    "Result": _RESULT,
    "WorkflowResult": _object(
        {"workflow": _TEXT, "outcome": _TEXT, "credits": _NUMBER, "billed": _TEXT, "outputs": _OBJECT}
    ),
    "Runs": _object({"runs": _list(_ref("Run")), "before": _maybe(_TEXT)}),
    "Unknown": _object({"unknown": _list(_UNKNOWN)}),
    "Settled": _object({"settled": _UNKNOWN}),
    "Started": _object({"run": _ref("Run")}),
    "Outcome": _object(
        {"run": _ref("Run"), "result": {"anyOf": [_ref("Result"), _ref("WorkflowResult")]}}, file=_ref("File")
    ),
    "Workflows": _object({"workflows": _list(_object({**_WORKFLOW, "steps": _WHOLE}))}),
    "Workflow": _object(
        {**_WORKFLOW, "inputs": _OBJECT, "outputs": _OBJECT, "notes": _list(_TEXT)}
        | {"steps": _list(_object({"id": _TEXT, "title": _TEXT})), "examples": _list(_OBJECT)}
    ),
    "WorkflowCost": shape(WorkflowCost, credits=_maybe(_NUMBER), why=_TEXT),
    "Steps": _object({"steps": _list(_ref("Run"))}),
    "Worker": _object(
        {"state": {"enum": ["off", "missing", "starting", "working", "elsewhere", "failed"]}, "said": _TEXT}
    ),
    "Batch": shape(
        Batch,
        without={"definition", "options", "source", "defaults"},
        limit_credits=_maybe(_NUMBER),
        concurrency=_WHOLE,
        seconds_left=_maybe(_NUMBER),
        ended=_WHOLE,
        left=_WHOLE,
        rows={"type": "object", "additionalProperties": _WHOLE, "description": "How many, by state."},
        credits=_NUMBER,
        uncertain={**_NUMBER, "description": "Of the credits, those that may not have been paid."},
        estimate={**_NUMBER, "description": "What the rows that are left will cost."},
    ),
    "Batches": _object({"batches": _list(_ref("Batch"))}),
    "BatchRows": _object(
        {
            "rows": _list(shape(BatchRow, without={"inputs", "digest", "estimate", "files"})),
            "after": _maybe(_WHOLE),
        }
    ),
    "Tick": shape(Tick),
    "Ticked": _object({"tick": _ref("Tick")}),
    "Schedule": shape(Schedule, without={"definition"}, next=_list(_MOMENT), ticks=_list(_ref("Tick"))),
    "Schedules": _object({"schedules": _list(_ref("Schedule"))}),
    "Webhooks": _object({"webhooks": _list(shape(Webhook, without={"definition"}))}),
    "NewWebhook": shape(Webhook, without={"definition"}, path=_TEXT, secret=_ONCE),
    "CallbackSecret": _object({"secret": _ONCE}),
    "Callback": _object(
        {"type": _TEXT, "timestamp": _TEXT, "data": _object({}, run=_ref("Run"), batch=_OBJECT)}
    ),
    "Hooked": _object({"run": _TEXT, "state": {"enum": [*get_args(State)]}}),
    "Preview": _object(
        {"method": _TEXT, "url": _TEXT, "headers": _OBJECT, "credits": _maybe(_NUMBER), "curl": _TEXT},
        parts=_list(_OBJECT),
        body=_OBJECT,
        warnings=_list(_TEXT),
    ),
    "Estimate": _object({"credits": _maybe(_NUMBER), "why": _TEXT}, balance=_maybe(_NUMBER)),
    "Problems": _object({"problems": _list(_FINDING)}),
    "Jobs": _object({"jobs": _list(_ENTRY)}),
    "Job": _object({"job": _ENTRY}),
    "JobResult": _object({"job": _ENTRY, "result": _ref("Result")}, file=_ref("File")),
    "GivenFile": GIVEN_FILE,
    "File": _FILE,
    "Files": _object({"files": _list(_ref("File")), "before": _maybe(_TEXT)}),
    "Connection": shape(Connection, configurations=_list(_OBJECT)),
    "Connections": _object({"connections": _list(_ref("Connection"))}),
    "NewConnection": CONNECTION,
    "Tests": _object(
        {"ok": _YES, "tests": _list(_object({"environment": _TEXT, "ok": _YES, "said": _TEXT}))}
    ),
    "Balance": _object({"credits": _NUMBER}),
    "Spend": _object({"days": _list(shape(SpendingRow)), "credits": _NUMBER, "unknown": _list(_ENTRY)}),
    "Tokens": _object({"tokens": _list(shape(Token))}),
    "NewToken": _object({"name": _TEXT, "role": _TEXT, "token": _ONCE}),
    "Anything": {},
}
