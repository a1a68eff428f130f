"""Swagger 2.0: what a document says becomes operations, server addresses and security schemes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connector.authoring.importing import paths
from connector.authoring.importing.operation import (
    Answers,
    BodyForm,
    BodyForms,
    ImportedOperation,
    Parameter,
    media_type,
    own_words,
    successes,
)
from connector.authoring.importing.parse_document import Json, mapping, names, text
from connector.authoring.importing.references import References
from connector.authoring.importing.report import Remarks

_COLLECTIONS = {"csv": "comma", "ssv": "space", "tsv": "tab", "pipes": "pipe", "multi": None}
# What tells of a parameter itself, where the rest is its schema.
_NOT_SCHEMA = frozenset({"name", "in", "required", "description", "collectionFormat", "allowEmptyValue"})
_FLOWS = {"application": "clientCredentials", "accessCode": "authorizationCode"}


def operations(document: Json) -> Iterator[paths.Found]:
    """Every operation, with what had to be said while it was read."""
    references = References(document)

    def reader(said: Remarks) -> paths.Read:
        return _Swagger2Reader(document, references, said).operation

    return paths.operations(document, references, reader)


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


class _Swagger2Reader:
    """Reads one operation."""

    def __init__(self, document: Json, references: References, remarks: Remarks) -> None:
        self._document = document
        self._references = references
        self._remarks = remarks

    def operation(self, method: str, path: str, item: Json, raw: Json) -> ImportedOperation:
        parameters = paths.parameters(path, item, raw, self._references, self._remarks)
        return ImportedOperation(
            method.upper(),
            path,
            text(raw.get("operationId")),
            text(raw.get("summary")),
            text(raw.get("description")),
            tuple(names(raw.get("tags"))),
            raw.get("deprecated") is True,
            text(mapping(raw.get("externalDocs")).get("url")),
            tuple(_parameter(each) for each in parameters if each["in"] not in ("body", "formData")),
            self._body(parameters, self._forms(raw, "consumes")),
            self._answers(raw),
            raw.get("security"),
            extra=own_words(raw),
        )

    def _forms(self, raw: Json, word: str) -> tuple[str, ...]:
        told = names(raw.get(word)) if word in raw else names(self._document.get(word))
        return tuple(dict.fromkeys(map(media_type, told)))

    def _body(self, parameters: list[Json], consumes: tuple[str, ...]) -> BodyForms | None:
        whole = [each for each in parameters if each["in"] == "body"]
        fields = [each for each in parameters if each["in"] == "formData"]
        if whole:
            schema, required = whole[0].get("schema", {}), whole[0].get("required") is True
            forms = consumes or ("application/json",)
            contents = tuple(BodyForm(form, schema, {}) for form in forms if "form" not in form) or (
                BodyForm("application/json", schema, {}),
            )
            return BodyForms(contents, required, text(whole[0].get("description")))
        return _form(fields, consumes) if fields else None

    def _answers(self, raw: Json) -> Answers:
        declared = successes(mapping(raw.get("responses")))
        bare = [code for code, node in declared.items() if "schema" not in self._references.resolved(node)]
        forms = self._forms(raw, "produces") or ("application/json",)
        return Answers(forms if len(bare) < len(declared) else (), tuple(bare))


def _style(raw: Json) -> str | None:
    is_list = raw.get("type") == "array"
    return _COLLECTIONS.get(text(raw.get("collectionFormat")) or "csv") if is_list else None


def _parameter(raw: Json) -> Parameter:
    return Parameter(
        raw["in"],
        raw["name"],
        _schema(raw),
        raw.get("required") is True or raw["in"] == "path",
        text(raw.get("description")),
        _style(raw) if raw["in"] == "query" else None,
    )


def _schema(raw: Json) -> dict[str, Any]:
    """A parameter's own words as a schema; some documents give it one, as version 3 does."""
    if "schema" in raw:
        return dict(mapping(raw["schema"]))
    found = {name: value for name, value in raw.items() if name not in _NOT_SCHEMA}
    if found.get("type") == "file":
        found |= {"type": "string", "format": "binary"}
    return found


def _form(fields: list[Json], consumes: tuple[str, ...]) -> BodyForms:
    has_file = any(each.get("type") == "file" for each in fields)
    multipart = has_file or consumes == ("multipart/form-data",)
    properties = {
        each["name"]: {**_schema(each), "description": text(each.get("description"))} for each in fields
    }
    needed = [each["name"] for each in fields if each.get("required") is True]
    styles = {each["name"]: style for each in fields if (style := _style(each))}
    schema = {"type": "object", "properties": properties, "required": needed}
    form = "multipart/form-data" if multipart else "application/x-www-form-urlencoded"
    return BodyForms((BodyForm(form, schema, styles),), bool(needed))
