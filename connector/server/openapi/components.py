"""What answers look like, as the schemas that the OpenAPI document names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.server.connection_form import CONNECTION
from connector.spec.model import JsonSchema
from connector.spec.schema.plain_schema import GIVEN_FILE

_TEXT = {"type": "string"}
_NUMBER = {"type": "number"}
_WHOLE = {"type": "integer"}
_YES = {"type": "boolean"}
_OBJECT = {"type": "object"}
_MOMENT = {"type": "string", "format": "date-time"}
_BILLED = {"enum": ["no", "yes", "unknown"]}
_STATES = ["queued", "running", "succeeded", "failed", "unknown", "cancelled"]


def _maybe(schema: JsonSchema) -> JsonSchema:
    return {"anyOf": [schema, {"type": "null"}]}


def _ref(name: str) -> JsonSchema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(schema: JsonSchema) -> JsonSchema:
    return {"type": "array", "items": schema}


def _object(required: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> JsonSchema:
    return {
        "type": "object",
        "required": sorted(required),
        "properties": {**required, **(optional or {})},
    }


_FINDING = _object({"field": _TEXT, "message": _TEXT}, {"severity": {"enum": ["error", "warning"]}})

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

_RUN = _object(
    {
        "id": _TEXT,
        "created": _MOMENT,
        "updated": _MOMENT,
        "action": _TEXT,
        "title": _TEXT,
        "integration": _TEXT,
        "connection": _maybe(_TEXT),
        "environment": _maybe(_TEXT),
        "inputs": {**_OBJECT, "description": "What was given; a file stands as its reference and facts."},
        "state": {"enum": _STATES},
        "outcome": _maybe(_TEXT),
        "credits": _maybe(_NUMBER),
        "billed": _maybe(_BILLED),
        "seconds": _maybe(_NUMBER),
        "result": _maybe(_ref("Result")),
        "file": _maybe({**_TEXT, "description": "The id of the file that it made."}),
        "thumbnail": _maybe(_TEXT),
        "error": _maybe(_OBJECT),
        "job_id": _maybe(_TEXT),
        "invocation_id": _maybe(_TEXT),
        "token_name": _maybe(_TEXT),
        "idempotency_key": _maybe(_TEXT),
    }
)
_RESULT = _object(
    {"action": _TEXT, "outcome": _TEXT, "environment": _TEXT, "status": _WHOLE, "billed": _BILLED},
    {
        "value": {"description": "The JSON or text that the upstream answered."},
        "media": _OBJECT,
        "seed": _WHOLE,
        "finish_reason": _TEXT,
        "request_id": _TEXT,
        "credits": _NUMBER,
        "job_id": _TEXT,
        "seconds": _NUMBER,
        "warnings": _list(_FINDING),
    },
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
    {
        "retry_after": {**_NUMBER, "description": "Seconds."},
        "upstream_status": _WHOLE,
        "request_id": {**_TEXT, "description": "The upstream's name for the exchange."},
        "error_id": _TEXT,
        "job_id": _TEXT,
        "invocation_id": _TEXT,
        "run": _TEXT,
    },
)
_FILE = _object(
    {
        "id": _TEXT,
        "file": {**_TEXT, "description": "The reference by which it is given to an action."},
        "name": _TEXT,
        "type": _TEXT,
        "bytes": _WHOLE,
        "sha256": _TEXT,
        "created": _MOMENT,
        "source": _TEXT,
    },
    {
        "width": _maybe(_WHOLE),
        "height": _maybe(_WHOLE),
        "seconds": _maybe(_NUMBER),
        "expires": _maybe(_MOMENT),
        "run_id": _maybe(_TEXT),
        "unused": {**_YES, "description": "It goes when it expires, unless a run takes it before."},
    },
)
_ENTRY = _object(
    {
        "id": _TEXT,
        "action": _TEXT,
        "environment": _TEXT,
        "state": _TEXT,
        "billed": _BILLED,
        "created": _maybe(_MOMENT),
        "upstream_id": _maybe(_TEXT),
    }
)
_CONNECTION = _object(
    {
        "name": _TEXT,
        "integration": _TEXT,
        "configurations": _list(_OBJECT),
        "created": _MOMENT,
        "updated": _MOMENT,
    }
)
_TOKEN = _object({"name": _TEXT, "role": {"enum": ["use", "manage"]}})

_WORKFLOW = {"id": _TEXT, "title": _TEXT, "description": _TEXT, "integration": _TEXT}
_STEP_COST = _object({"step": _TEXT, "title": _TEXT, "least": _WHOLE, "most": _maybe(_WHOLE)})
_BATCH = _object(
    {
        "id": _TEXT,
        "name": _TEXT,
        "created": _MOMENT,
        "updated": _MOMENT,
        "kind": {"enum": ["action", "workflow"]},
        "subject": _TEXT,
        "integration": _TEXT,
        "connection": _TEXT,
        "environment": _TEXT,
        "state": {"enum": ["written", "feeding", "paused", "limited", "halted", "done", "cancelled"]},
        "message": _maybe(_TEXT),
        "total": _WHOLE,
        "ended": _WHOLE,
        "left": _WHOLE,
        "rows": {"type": "object", "additionalProperties": _WHOLE, "description": "How many, by state."},
        "credits": _NUMBER,
        "uncertain": {**_NUMBER, "description": "Of the credits, those that may not have been paid."},
        "estimate": {**_NUMBER, "description": "What the rows that are left will cost."},
        "limit_credits": _maybe(_NUMBER),
        "concurrency": _WHOLE,
        "seconds_left": _maybe(_NUMBER),
    }
)
_BATCH_ROW = _object(
    {
        "number": _WHOLE,
        "label": _TEXT,
        "state": {"enum": ["pending", "running", "succeeded", "failed", "unknown", "cancelled"]},
        "outcome": _maybe(_TEXT),
        "credits": _maybe(_NUMBER),
        "billed": _BILLED,
        "seconds": _maybe(_NUMBER),
        "message": _maybe(_TEXT),
        "run_id": _maybe(_TEXT),
    }
)
_TICK = _object(
    {
        "schedule": _TEXT,
        "at": _MOMENT,
        "why": {"enum": ["time", "late", "hand"]},
        "state": {"enum": ["due", "begun", "skipped", "limited", "missed", "refused"]},
        "run_id": _maybe(_TEXT),
        "message": _maybe(_TEXT),
        "run_state": _maybe(_TEXT),
        "credits": _maybe(_NUMBER),
    }
)
_SCHEDULE = _object(
    {
        "name": _TEXT,
        "created": _MOMENT,
        "kind": {"enum": ["action", "workflow"]},
        "subject": _TEXT,
        "inputs": _OBJECT,
        "environment": _TEXT,
        "connection": _TEXT,
        "cron": _TEXT,
        "timezone": _TEXT,
        "overlap": _TEXT,
        "catch_up": _TEXT,
        "paused": _YES,
        "limit_credits": _maybe(_NUMBER),
        "limit_daily": _maybe(_NUMBER),
        "next": _list(_MOMENT),
        "ticks": _list(_ref("Tick")),
    }
)
_WEBHOOK = {
    "id": _TEXT,
    "created": _MOMENT,
    "workflow": _TEXT,
    "integration": _TEXT,
    "connection": _TEXT,
    "environment": _TEXT,
    "limit_credits": _maybe(_NUMBER),
}

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
    "Run": _RUN,
    "Result": _RESULT,
    "Runs": _object({"runs": _list(_ref("Run")), "before": _maybe(_TEXT)}),
    "Started": _object({"run": _ref("Run")}),
    "Outcome": _object({"run": _ref("Run"), "result": _ref("Result")}, {"file": _ref("File")}),
    "Workflows": _object({"workflows": _list(_object({**_WORKFLOW, "steps": _WHOLE}))}),
    "Workflow": _object(
        {**_WORKFLOW, "inputs": _OBJECT, "outputs": _OBJECT, "notes": _list(_TEXT)}
        | {"steps": _list(_object({"id": _TEXT, "title": _TEXT})), "examples": _list(_OBJECT)}
    ),
    "WorkflowCost": _object(
        {"credits": _maybe(_NUMBER), "why": _TEXT, "low": _NUMBER, "high": _maybe(_NUMBER)}
        | {"steps": _list(_STEP_COST)}
    ),
    "Steps": _object({"steps": _list(_ref("Run"))}),
    "Worker": _object(
        {"state": {"enum": ["off", "missing", "starting", "working", "elsewhere", "failed"]}, "said": _TEXT}
    ),
    "Batch": _BATCH,
    "Batches": _object({"batches": _list(_ref("Batch"))}),
    "BatchRows": _object({"rows": _list(_BATCH_ROW), "after": _maybe(_WHOLE)}),
    "Tick": _TICK,
    "Ticked": _object({"tick": _ref("Tick")}),
    "Schedule": _SCHEDULE,
    "Schedules": _object({"schedules": _list(_ref("Schedule"))}),
    "Webhooks": _object({"webhooks": _list(_object(_WEBHOOK))}),
    "NewWebhook": _object(
        {**_WEBHOOK, "path": _TEXT, "secret": {**_TEXT, "description": "Shown this once."}}
    ),
    "Hooked": _object({"run": _TEXT, "state": {"enum": _STATES}}),
    "Preview": _object(
        {"method": _TEXT, "url": _TEXT, "headers": _OBJECT, "credits": _maybe(_NUMBER), "curl": _TEXT},
        {"parts": _list(_OBJECT), "body": _OBJECT, "warnings": _list(_TEXT)},
    ),
    "Estimate": _object({"credits": _maybe(_NUMBER), "why": _TEXT}, {"balance": _maybe(_NUMBER)}),
    "Problems": _object({"problems": _list(_FINDING)}),
    "Jobs": _object({"jobs": _list(_ENTRY)}),
    "Job": _object({"job": _ENTRY}),
    "JobResult": _object({"job": _ENTRY, "result": _ref("Result")}, {"file": _ref("File")}),
    "GivenFile": GIVEN_FILE,
    "File": _FILE,
    "Files": _object({"files": _list(_ref("File")), "before": _maybe(_TEXT)}),
    "Connection": _CONNECTION,
    "Connections": _object({"connections": _list(_ref("Connection"))}),
    "NewConnection": CONNECTION,
    "Tests": _object(
        {"ok": _YES, "tests": _list(_object({"environment": _TEXT, "ok": _YES, "said": _TEXT}))}
    ),
    "Balance": _object({"credits": _NUMBER}),
    "Spend": _object({"days": _list(_OBJECT), "credits": _NUMBER, "unknown": _list(_ENTRY)}),
    "Tokens": _object({"tokens": _list(_TOKEN)}),
    "NewToken": _object(
        {"name": _TEXT, "role": _TEXT, "token": {**_TEXT, "description": "Shown this once."}}
    ),
    "Anything": {},
}
