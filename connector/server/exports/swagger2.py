"""The Swagger 2.0 description of the host, with the file of properties that Power Platform reads beside it.

https://learn.microsoft.com/connectors/custom-connectors/openapi-extensions tells the `x-ms-` words. Each
action takes a form, since Swagger 2.0 has files in forms alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from connector.authoring.export.swagger_schema import kind, older
from connector.authoring.export.texts import described, priced, titled
from connector.server.exports import openapi
from connector.spec.model import Action, Integration, JsonSchema

Document = dict[str, Any]

_FORM = "multipart/form-data"
_ACTIONS = "/api/actions/"
# What a designer shows at once, behind "show all", and never.
_SHOWN, _MORE, _NEVER = "important", "advanced", "internal"
_PLAIN = frozenset(("string", "integer", "number", "boolean"))
_RULES = frozenset(
    (
        *("type", "enum", "pattern", "multipleOf", "minLength", "maxLength"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    )
)
_LONGEST_TITLE, _LONGEST_DESCRIPTION = 30, 500
_FACTS = {"X-Run-Id": "string", "X-Seed": "string", "X-Credits": "string", "X-Request-Id": "string"}
_COLOUR = "#4B3F72"
_PROBLEM = {"description": "It failed, and why.", "schema": {"$ref": "#/definitions/Problem"}}
_ID: Document = {
    "name": "id",
    "in": "path",
    "required": True,
    "type": "string",
    "description": "Its id.",
    "x-ms-summary": "Id",
    "x-ms-visibility": _SHOWN,
    "x-ms-url-encoding": "single",
}


def definition(integration: Integration, url: str) -> Document:
    """What Power Platform calls ``apiDefinition.swagger.json``; ``url`` is the host's."""
    newer = openapi.document(integration, url)
    place = urlsplit(url)
    told: Document = {
        "swagger": "2.0",
        "info": {
            "title": integration.name[:_LONGEST_TITLE],
            "description": integration.description[:_LONGEST_DESCRIPTION],
            "version": integration.version,
        },
        "host": place.netloc,
        "basePath": place.path.rstrip("/") or "/",
        "schemes": [place.scheme],
        "consumes": [_FORM],
        "produces": ["application/json"],
        "paths": dict(_paths(integration, newer)),
        "definitions": dict(_definitions(newer)),
        "securityDefinitions": {"api_key": {"type": "apiKey", "in": "header", "name": "Authorization"}},
        "security": [{"api_key": []}],
    }
    return told | _metadata(integration) | _test(integration)


def properties() -> Document:
    """What Power Platform calls ``apiProperties.json``: a token is asked for, kept secret, and sent."""
    return {
        "properties": {
            "connectionParameters": {
                "api_key": {
                    "type": "securestring",
                    "uiDefinition": {
                        "displayName": "Token",
                        "description": "A token of the connector's host, which `connector serve` prints",
                        "tooltip": "The token alone, without the word Bearer",
                        "constraints": {"tabIndex": 2, "clearText": False, "required": "true"},
                    },
                }
            },
            "iconBrandColor": _COLOUR,
            "capabilities": ["actions"],
            "policyTemplateInstances": [
                {
                    "templateId": "setheader",
                    "title": "Send the token as a bearer",
                    "parameters": {
                        "x-ms-apimTemplateParameter.name": "Authorization",
                        "x-ms-apimTemplateParameter.value": "Bearer @connectionParameters('api_key')",
                        "x-ms-apimTemplateParameter.existsAction": "override",
                        "x-ms-apimTemplate-policySection": "Request",
                    },
                }
            ],
        }
    }


def _metadata(integration: Integration) -> Document:
    if not integration.documentation:
        return {}
    return {
        "x-ms-connector-metadata": [{"propertyName": "Website", "propertyValue": integration.documentation}]
    }


def _test(integration: Integration) -> Document:
    """What tells whether a connection works, where that is declared."""
    if integration.test is None:
        return {}
    named = {"operationId": operation_id(integration.test.action), "parameters": {}}
    return {"x-ms-capabilities": {"testConnection": named}}


def operation_id(name: str) -> str:
    """``remove-background`` is RemoveBackground."""
    return "".join(part.capitalize() for part in name.split("-"))


def _paths(integration: Integration, newer: Document) -> Iterator[tuple[str, Document]]:
    for action in integration.actions.values():
        path = _ACTIONS + action.id
        yield path, {"post": _operation(integration, action, newer["paths"][path]["post"])}
    yield from _BESIDE.items()


def _operation(integration: Integration, action: Action, newer: Document) -> Document:
    told = integration.actions[action.job.fetch] if action.job else action
    media = told.output.types
    shown: Document = {
        "operationId": operation_id(action.id),
        "summary": action.title,
        "description": f"{action.description} {priced(action)}",
        "tags": [action.group],
        "parameters": [*_accept(media), *_fields(action), *_query(newer["parameters"])],
        "produces": [*media, "application/json"],
        "responses": {
            "200": _file() if media else _outcome(told),
            "202": {"description": "It goes on.", "schema": {"$ref": "#/definitions/Started"}},
            "default": _PROBLEM,
        },
        "x-ms-safe-operation": not action.paid,
        "x-ms-no-generic-test": action.paid,
    }
    if action.parameters:
        shown["consumes"] = [_FORM]
    return shown | ({"deprecated": True} if action.deprecated else {})


def _accept(media: tuple[str, ...]) -> Iterator[Document]:
    """What asks the host for the file itself; nobody sees it."""
    if media:
        family = media[0].partition("/")[0]
        yield {
            "name": "Accept",
            "in": "header",
            "required": True,
            "type": "string",
            "enum": [f"{family}/*"],
            "default": f"{family}/*",
            "description": "Asks for the file.",
            "x-ms-visibility": _NEVER,
        }


def _fields(action: Action) -> Iterator[Document]:
    required = action.inputs.get("required", ())
    for name, schema in action.parameters.items():
        yield {
            "name": name,
            "in": "formData",
            "required": name in required,
            **_typed(schema),
            "description": _described(schema),
            "x-ms-summary": titled(schema.get("title") or name),
            "x-ms-visibility": _SHOWN if name in required else _MORE,
        }


def _typed(schema: JsonSchema) -> Document:
    """The type and the rules of a field; what is no plain value is written as JSON."""
    if schema.get("format") == "binary":
        return {"type": "file"}
    plain = older(schema)
    if plain.get("type") == "array" and kind(plain.get("items", {})).get("type") in _PLAIN:
        items = {name: rule for name, rule in plain["items"].items() if name in _RULES}
        return {"type": "array", "items": items, "collectionFormat": "multi"}
    if plain.get("type") not in _PLAIN:
        return {"type": "string"}
    # Other values of an open choice are sent as they are, and a designer would refuse them.
    dropped = {"enum"} if schema.get("open") else set()
    return {name: rule for name, rule in plain.items() if name in _RULES - dropped}


def _described(schema: JsonSchema) -> str:
    is_file = schema.get("format") == "binary"
    is_json = not is_file and _typed(schema) == {"type": "string"} and schema.get("type") != "string"
    return described(schema, is_json=is_json)


def _query(newer: list[Document]) -> Iterator[Document]:
    for one in newer:
        schema = one["schema"]
        yield {
            "name": one["name"],
            "in": one["in"],
            "required": False,
            **_typed(schema),
            "description": one.get("description", ""),
            "x-ms-summary": titled(one["name"].replace("-", " ")),
            "x-ms-visibility": _MORE,
        }


def _file() -> Document:
    headers = {name: {"type": type_, "description": "A fact."} for name, type_ in _FACTS.items()}
    return {
        "description": "The file that was made.",
        "schema": {"type": "string", "format": "binary", "x-ms-summary": "File"},
        "headers": headers,
    }


def _outcome(told: Action) -> Document:
    """The answer as JSON, with what the action declares of its value."""
    if not told.output.schema:
        return {"description": "The answer.", "schema": {"$ref": "#/definitions/Outcome"}}
    value = {"type": "object", "properties": {"value": older(told.output.schema)}}
    own = {"type": "object", "properties": {"result": value}}
    return {"description": "The answer.", "schema": own}


def _definitions(newer: Document) -> Iterator[tuple[str, Document]]:
    """The schemas of answers. Those of inputs are fields of forms here."""
    for name, schema in newer["components"]["schemas"].items():
        if "." not in name and name != "GivenFile":
            yield name, older(schema)


_BESIDE: Mapping[str, Document] = {
    "/api/files": {
        "post": {
            "operationId": "HostPutFile",
            "summary": "Put a file in",
            "description": "Keeps a file, which actions then take by its reference.",
            "consumes": [_FORM],
            "parameters": [
                {
                    "name": "file",
                    "in": "formData",
                    "required": True,
                    "type": "file",
                    "description": "The file.",
                    "x-ms-summary": "File",
                    "x-ms-visibility": _SHOWN,
                }
            ],
            "responses": {
                "201": {"description": "It is kept.", "schema": {"$ref": "#/definitions/File"}},
                "default": _PROBLEM,
            },
        }
    },
    "/api/files/{id}/content": {
        "get": {
            "operationId": "HostGetFile",
            "summary": "Get a file",
            "description": "The bytes of a file that is kept.",
            "parameters": [_ID],
            "produces": ["application/octet-stream"],
            "responses": {"200": _file(), "default": _PROBLEM},
        }
    },
    "/api/runs/{id}": {
        "get": {
            "operationId": "HostGetRun",
            "summary": "Get a run",
            "description": "How a run stands: its state, what it cost, and the id of the file that it made.",
            "parameters": [_ID],
            "responses": {
                "200": {"description": "The run.", "schema": {"$ref": "#/definitions/Started"}},
                "default": _PROBLEM,
            },
        }
    },
    "/api/runs/{id}/result": {
        "get": {
            "operationId": "HostGetResult",
            "summary": "Get the result of a run",
            "description": "What a run made, once it has ended. Until then, how it stands; then ask again.",
            "parameters": [
                _ID,
                {
                    "name": "timeout",
                    "in": "query",
                    "required": False,
                    "type": "number",
                    "default": 90,
                    "minimum": 0,
                    "maximum": 110,
                    "description": "Seconds to wait for its end.",
                    "x-ms-summary": "Timeout",
                    "x-ms-visibility": _MORE,
                },
            ],
            "responses": {
                "200": {"description": "It has ended.", "schema": {"$ref": "#/definitions/Outcome"}},
                "202": {"description": "It goes on.", "schema": {"$ref": "#/definitions/Started"}},
                "default": _PROBLEM,
            },
        }
    },
}
