"""The Swagger 2.0 description of the host, with the file of properties that Power Platform reads beside it.

https://learn.microsoft.com/connectors/custom-connectors/openapi-extensions tells the `x-ms-` words. Each
action takes a form, since Swagger 2.0 has files in forms alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from connector.authoring.export.swagger_schema import kind, older
from connector.authoring.export.texts import described, priced, titled
from connector.server.exports import openapi
from connector.spec.model import Action, Integration, JsonSchema
from connector.spec.package_data import table

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
_DECLARED = table("server/exports/swagger2.yaml")
_PROBLEM, _FILE = _DECLARED["shared"]["problem"], _DECLARED["shared"]["file"]


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
    """What Power Platform calls ``apiProperties.json``."""
    own: Document = _DECLARED["properties"]
    return own


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
    yield from _DECLARED["paths"].items()


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
            "200": _FILE if media else _outcome(told),
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
