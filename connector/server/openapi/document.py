"""The OpenAPI 3.1 document of the host, made of its operations and of the specs.

Every action is an operation with its own fields, as JSON and as a form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator

from connector import __version__
from connector.media.kinds import type_of
from connector.server import idempotency_key
from connector.server.api.actions import accepted_forms
from connector.server.auth import cookie_name
from connector.server.openapi.components import DECLARED, SCHEMAS
from connector.server.operation import Operation, members
from connector.server.responses import FAMILIES
from connector.spec.listing import price_text
from connector.spec.model import Action, Integration, JsonSchema
from connector.spec.package_data import table
from connector.spec.schema.plain_schema import plain

_HOLE = re.compile(r"\{(\w+)\}")
# What is there once for each action, under a path of its own.
_ACTION = "/api/actions/{id}"
# Generators take what has this format for a file; OpenAPI 3.1 itself needs no word for it.
_BINARY = {"type": "string", "format": "binary"}
_PROBLEM = {"$ref": "#/components/responses/Problem"}
# What stands for a file that the host keeps.
_FILE = "file:k3v9f0q2h7"
_EXAMPLES: Mapping[str, Any] = table("server/openapi/examples.yaml")
_BY_NAME: Mapping[str, Any] = _EXAMPLES["names"]
_WHOLE: Mapping[str, Any] = _EXAMPLES["schemas"]
_BY_TYPE: Mapping[str, Any] = {"string": "text", "integer": 1, "number": 1.5, "boolean": False, "object": {}}


def document(
    integrations: Sequence[Integration], operations: Sequence[Operation], port: int
) -> dict[str, Any]:
    """The document of a host that serves the integrations at a port."""
    actions = [(one, action) for one in integrations for action in one.actions.values()]
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        if operation.path != _ACTION:
            paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation, actions)
    own = {one.method: one for one in operations if one.path == _ACTION}
    for integration, action in actions:
        # A path without holes goes before one that has some, and so it has to tell all of its methods.
        paths[f"/api/actions/{action.id}"] = {
            "get": _looked_at(own["GET"], integration, action),
            "post": _invocation(own["POST"], integration, action),
        }
    names = ", ".join(integration.name for integration in integrations)
    inputs = dict(_inputs(action for _, action in actions))
    common = DECLARED["components"]
    schemes = common["securitySchemes"]
    return {
        "openapi": "3.1.0",
        "info": DECLARED["info"] | {"title": f"Connector: {names}", "version": __version__},
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": "/", "description": "The host that this document comes from."}],
        "security": [{"bearer": []}, {"session": []}],
        "tags": [*_tags(integrations)],
        "paths": dict(sorted(paths.items())),
        "webhooks": {"ended": {"post": DECLARED["callback"]}},
        "components": {
            "schemas": {**{name: plain(schema) for name, schema in SCHEMAS.items()}, **inputs},
            "examples": {name: {"value": value} for name, value in examples().items()},
            "responses": common["responses"],
            "securitySchemes": schemes | {"session": schemes["session"] | {"name": cookie_name(port)}},
        },
    }


def _tags(integrations: Sequence[Integration]) -> Iterator[dict[str, str]]:
    """The groups of operations: those of actions by what they hold."""
    groups: dict[str, list[str]] = {}
    for integration in integrations:
        for action in integration.actions.values():
            groups.setdefault(_tag(integration, action), []).append(action.title)
    for name, titles in groups.items():
        yield {"name": name, "description": f"Actions: {', '.join(titles)}."}
    for name, said in DECLARED["tags"].items():
        yield {"name": name, "description": said}


def _tag(integration: Integration, action: Action) -> str:
    """Several integrations may have a group of the same name, and classes of clients no digit at first."""
    return f"{integration.name}: {action.group}"


def _inputs(actions: Iterable[Action]) -> Iterator[tuple[str, JsonSchema]]:
    for action in actions:
        yield f"{action.id}.json", plain(action.inputs, "json")
        yield f"{action.id}.form", plain(action.inputs, "form")


def _described(operation: Operation, actions: Sequence[tuple[Integration, Action]]) -> dict[str, Any]:
    ids = [action.id for _, action in actions] if operation.path.startswith("/api/actions/") else None
    told: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": operation.description,
        "tags": [operation.tag],
        "parameters": [
            *_holes(operation.path, ids),
            *_query(operation.query),
            *([idempotency_key.PARAMETER] if operation.keyed else []),
        ],
        "responses": _responses(operation),
    }
    told["x-role"] = operation.role
    if operation.role is None:
        told["security"] = []
    return told | _body(operation)


def _holes(path: str, ids: Sequence[str] | None) -> list[dict[str, Any]]:
    schema: dict[str, Any] = {"type": "string", **({"enum": [*ids]} if ids else {})}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in _HOLE.findall(path)]


def _query(schema: JsonSchema) -> list[dict[str, Any]]:
    found = []
    for name, entry in schema["properties"].items():
        said: dict[str, Any] = {"required": True} if name in schema.get("required", ()) else {}
        said |= {"description": entry["description"]} if "description" in entry else {}
        rule = {key: value for key, value in entry.items() if key != "description"}
        found.append({"name": name, "in": "query", **said, "schema": plain(rule)})
    return found


def _body(operation: Operation) -> dict[str, Any]:
    if operation.reads is not None:
        return {
            "requestBody": {
                "required": operation.reads not in ("inputs", "hook"),
                "content": DECLARED["bodies"][operation.reads],
            }
        }
    if operation.body is None:
        return {}
    content = {"application/json": {"schema": plain(operation.body), "example": operation.example}}
    return {"requestBody": {"required": bool(operation.body.get("required")), "content": content}}


def _responses(operation: Operation) -> dict[str, Any]:
    told: dict[str, Any] = {
        str(status): _response(status, name) | _headers(operation, status, name)
        for status, name in operation.answers.items()
    }
    if operation.or_file:
        told["200"]["content"] |= {f"{family}*": {"schema": _BINARY} for family in FAMILIES}
    return told | {"default": _PROBLEM}


# What an answer always has, by its status and the name of its schema, unless its operation says otherwise.
_ALWAYS: Mapping[tuple[int, str | None], tuple[str, ...]] = {
    (200, "Outcome"): ("X-Run-Id",),
    (202, "Started"): ("Location", "X-Run-Id"),
    (202, "Hooked"): ("X-Run-Id",),
}


def _headers(operation: Operation, status: int, name: str | None) -> dict[str, Any]:
    made = ("Location",) if status == 201 else _ALWAYS.get((status, name), ())
    names = operation.headers.get(status, made)
    told: dict[str, Any] = {name: {"required": True, "schema": {"type": "string"}} for name in names}
    may = {"Idempotency-Replayed": operation.keyed, "Link": "limit" in operation.query["properties"]}
    told |= {name: DECLARED["headers"][name] for name, may_be in may.items() if may_be}
    return {"headers": told} if told else {}


def _response(status: int, name: str | None) -> dict[str, Any]:
    said = {202: "It goes on.", 204: "Done.", 303: "On to the next page."}.get(status, "The answer.")
    if name is None:
        return {"description": said}
    if name in DECLARED["other"]:
        return {"description": said, "content": DECLARED["other"][name]}
    shown = {"schema": _schema(name), "examples": {name: {"$ref": f"#/components/examples/{name}"}}}
    return {"description": said, "content": {"application/json": shown}}


def _schema(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _looked_at(describe: Operation, integration: Integration, action: Action) -> dict[str, Any]:
    """The operation that tells about an action."""
    told = _described(describe, ())
    names = {"operationId": f"{describe.id}.{action.id}", "summary": f"Get the action {_titled(action)}"}
    return told | names | {"tags": [_tag(integration, action)], "parameters": []}


def _titled(action: Action) -> str:
    """The title with its group, beside which alone many a title says enough."""
    return f"{action.group}: {action.title}"


def _invocation(invoke: Operation, integration: Integration, action: Action) -> dict[str, Any]:
    """The operation that an action is."""
    responses = _responses(invoke)
    told = integration.actions[action.job.fetch] if action.job else action
    for kind in told.output.types:
        responses["200"]["content"][kind] = {"schema": _BINARY}
    shown: dict[str, Any] = {
        "operationId": f"invoke.{action.id}",
        "summary": _titled(action),
        "description": "\n\n".join((action.description, *action.notes)),
        "tags": [_tag(integration, action)],
        "parameters": [*_query(_of_action(invoke.query, integration, action)), idempotency_key.PARAMETER],
        "requestBody": {"required": bool(action.inputs.get("required")), "content": _forms(action)},
        "responses": responses,
        "x-role": invoke.role,
        "x-integration": integration.id,
        "x-price": price_text(action),
        "x-job": action.job is not None,
    }
    if action.documentation:
        shown["externalDocs"] = {"url": action.documentation}
    return shown | ({"deprecated": True} if action.deprecated else {})


def _of_action(query: JsonSchema, integration: Integration, action: Action) -> JsonSchema:
    """The parameters, of which `accept` is there only where there is a choice."""
    others = {name: entry for name, entry in query["properties"].items() if name != "accept"}
    forms = accepted_forms(integration, action)
    choice = {"enum": [*forms], "description": "The form of the API's answer."}
    return {**query, "properties": others | ({"accept": choice} if forms else {})}


def _forms(action: Action) -> dict[str, Any]:
    """The body of an invocation, in both its forms."""
    required = {"required": ["inputs"]} if action.inputs.get("required") else {}
    as_json = {**members(inputs=_schema(f"{action.id}.json")), **required}
    given = [(one.title, by_reference(one.arguments, action.inputs)) for one in action.examples]
    form: dict[str, Any] = {
        "schema": _schema(f"{action.id}.form"),
        "examples": {title: {"value": inputs} for title, inputs in given},
    }
    encoding = dict(_encodings(action))
    return {
        "application/json": {
            "schema": as_json,
            "examples": {title: {"value": {"inputs": inputs}} for title, inputs in given},
        },
        "multipart/form-data": form | ({"encoding": encoding} if encoding else {}),
    }


def _encodings(action: Action) -> Iterator[tuple[str, dict[str, str]]]:
    """Of what kind a part is, where that is not plain text."""
    for name, schema in action.parameters.items():
        if schema.get("format") == "binary":
            formats = schema.get("file", {}).get("formats", ())
            kinds = ", ".join(dict.fromkeys(type_of(one) for one in formats))
            yield name, {"contentType": kinds or "application/octet-stream"}
        elif schema.get("type") == "object" or ("type" not in schema and "enum" not in schema):
            yield name, {"contentType": "application/json"}


def sample(schema: JsonSchema, name: str = "") -> Any:
    """A value that the schema allows, for the member of that name."""
    if "$ref" in schema:
        named = str(schema["$ref"]).rpartition("/")[2]
        return _WHOLE[named] if named in _WHOLE else sample(plain(SCHEMAS[named]))
    for value in (*schema.get("examples", ()), *_BY_NAME.get(name, ()), *schema.get("enum", ())):
        if Draft202012Validator(schema).is_valid(value):
            return value
    if "items" in schema:
        return [sample(schema["items"], name.removesuffix("s"))]
    if "properties" in schema:
        return {each: sample(entry, each) for each, entry in schema["properties"].items()}
    return sample(schema["anyOf"][0], name) if "anyOf" in schema else _BY_TYPE.get(schema.get("type", ""))


def by_reference(value: Any, schema: JsonSchema) -> Any:
    """What an example of a spec gives, with the references of kept files in place of paths."""
    if schema.get("format") == "binary":
        return _FILE
    if not isinstance(value, Mapping):
        return value
    inner, others = schema.get("properties", {}), schema.get("additionalProperties")
    rest = others if isinstance(others, Mapping) else {}
    return {name: by_reference(each, inner.get(name, rest)) for name, each in value.items()}


def examples() -> dict[str, Any]:
    """Those of answers, by the names of their schemas."""
    return {name: sample({"$ref": name}) for name in SCHEMAS}
