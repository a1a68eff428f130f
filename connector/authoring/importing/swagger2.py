"""Swagger 2.0: what a document says, in the words of OpenAPI 3, which reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connector.authoring.importing import openapi3
from connector.authoring.importing.operation import ImportedOperation, media_type, successes
from connector.authoring.importing.parse_document import Json, mapping, names, text
from connector.authoring.importing.references import References
from connector.authoring.importing.report import Remarks

# How the values of one list are joined; "multi" repeats the name.
_COLLECTIONS = {"csv": "form", "ssv": "spaceDelimited", "tsv": "tabDelimited", "pipes": "pipeDelimited"}
# What tells of a parameter itself, where the rest is its schema.
_NOT_SCHEMA = frozenset({"name", "in", "required", "description", "collectionFormat", "allowEmptyValue"})
_JSON = ("application/json",)
_IN_BODY = ("body", "formData")
_FLOWS = {"application": "clientCredentials", "accessCode": "authorizationCode"}


def operations(document: Json) -> Iterator[tuple[ImportedOperation, Remarks]]:
    """Every operation, with what had to be said while it was read."""

    def modern(path: str, item: Json, raw: Json, references: References, said: Remarks) -> Json:
        given = openapi3.parameters(path, item, raw, references, said)
        fields = [each for each in given if each["in"] in _IN_BODY]
        consumes, produces = (_forms(document, raw, word) for word in ("consumes", "produces"))
        return {
            **raw,
            "parameters": [_parameter(each) for each in given if each["in"] not in _IN_BODY],
            "requestBody": _body(fields, consumes),
            "responses": {
                code: _answer(references.resolved(node), produces)
                for code, node in successes(mapping(raw.get("responses"))).items()
            },
            "servers": None,
        }

    return openapi3.operations(document, modern)


def servers(document: Json) -> Iterator[tuple[str, str]]:
    """The one server, by each of its schemes; without a host it is where the document is."""
    host, base = text(document.get("host")), text(document.get("basePath")) or "/"
    base = base if base.startswith("/") else f"/{base}"
    if not host:
        yield base, ""
        return
    for scheme in names(document.get("schemes")) or ["https"]:
        yield f"{scheme}://{host}{base}", ""


def schemes(document: Json) -> Json:
    """The security schemes by their names, in the words of version 3."""
    declared = mapping(document.get("securityDefinitions"))
    return {name: _modern(mapping(scheme)) for name, scheme in declared.items()}


def _modern(scheme: Json) -> Json:
    if scheme.get("type") == "basic":
        return {**scheme, "type": "http", "scheme": "basic"}
    if scheme.get("type") == "oauth2":
        flow = text(scheme.get("flow"))
        return {**scheme, "flows": {_FLOWS.get(flow, flow): scheme}}
    return scheme


def _forms(document: Json, raw: Json, word: str) -> tuple[str, ...]:
    told = names(raw.get(word)) if word in raw else names(document.get(word))
    return tuple(dict.fromkeys(map(media_type, told)))


def _answer(raw: Json, produces: tuple[str, ...]) -> Json:
    return {"content": {form: {} for form in produces or _JSON} if "schema" in raw else {}}


def _parameter(raw: Json) -> Json:
    told = {word: raw[word] for word in ("name", "in", "required", "description") if word in raw}
    style = _style(raw) if raw["in"] == "query" else {"style": "simple"}
    return {**told, **style, "schema": _schema(raw)}


def _style(raw: Json) -> Json:
    is_list = raw.get("type") == "array"
    collection = (text(raw.get("collectionFormat")) or "csv") if is_list else "multi"
    return {"style": _COLLECTIONS.get(collection, "form"), "explode": collection not in _COLLECTIONS}


def _schema(raw: Json) -> dict[str, Any]:
    """A parameter's own words as a schema; some documents give it one, as version 3 does."""
    if "schema" in raw:
        return dict(mapping(raw["schema"]))
    found = {name: value for name, value in raw.items() if name not in _NOT_SCHEMA}
    if found.get("type") == "file":
        found |= {"type": "string", "format": "binary"}
    return found


def _body(fields: list[Json], consumes: tuple[str, ...]) -> Json | None:
    """The one that is the body as a whole, or a form with the fields."""
    whole = next((each for each in fields if each["in"] == "body"), None)
    if whole is None:
        return _form(fields, consumes) if fields else None
    forms = [form for form in consumes if "form" not in form] or _JSON
    media = {"schema": whole.get("schema", {})}
    return {
        "content": dict.fromkeys(forms, media),
        "required": whole.get("required"),
        "description": whole.get("description"),
    }


def _form(fields: list[Json], consumes: tuple[str, ...]) -> Json:
    has_file = any(each.get("type") == "file" for each in fields)
    multipart = has_file or consumes == ("multipart/form-data",)
    properties = {
        each["name"]: {**_schema(each), "description": text(each.get("description"))} for each in fields
    }
    needed = [each["name"] for each in fields if each.get("required") is True]
    media = {
        "schema": {"type": "object", "properties": properties, "required": needed},
        "encoding": {each["name"]: _style(each) for each in fields},
    }
    form = "multipart/form-data" if multipart else "application/x-www-form-urlencoded"
    return {"content": {form: media}, "required": bool(needed)}
