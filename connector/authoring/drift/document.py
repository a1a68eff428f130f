"""An OpenAPI document as a list of operations, whose fields have the schemas that an import gives them.

It is read as an import reads it, so that what can be imported can be compared. What an import does not ask
is read beside that: the document's own words, and what its conditions imply whichever way they turn out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connector.authoring.importing import operation as importing
from connector.authoring.importing import requests
from connector.authoring.importing.convert import operations as imported
from connector.authoring.importing.parse_document import Json, items, mapping, names, refused
from connector.authoring.importing.references import References
from connector.authoring.importing.schemas import Schemas, is_read_only
from connector.engine.render import SAFE_METHODS


@dataclass(frozen=True, slots=True)
class DocumentedField:
    """One thing that an operation takes: in its path, query, headers or body.

    ``required`` is None for what a body must have that may itself be left out.
    """

    place: str
    name: str
    schema: Json
    required: bool | None


@dataclass(frozen=True, slots=True)
class DocumentedOperation:
    """One method of one path. ``fields`` are by their place and name, ``bodies`` the media types.

    ``path_names`` are what the holes of the path are called, in order. ``extra`` holds the document's own
    words for it, which begin with ``x-``.
    """

    method: str
    path: str
    address: str
    path_names: tuple[str, ...]
    fields: Mapping[tuple[str, str], DocumentedField]
    accept: tuple[str, ...]
    bodies: tuple[str, ...]
    deprecated: bool
    extra: Json

    @property
    def legacy(self) -> bool:
        return bool(self.extra.get("x-legacy"))

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def operations(document: Any, name: str) -> tuple[DocumentedOperation, ...]:
    """The document's operations. Raises SpecError where it is no OpenAPI document, or has none."""
    reader = _DocumentReader(document)
    found = tuple(map(reader.operation, imported(document, name)))
    if not found:
        raise refused(name, "holds no operation", path="paths")
    return found


class _DocumentReader:
    """Reads the operations of one document."""

    def __init__(self, document: Any) -> None:
        self._references = References(mapping(document))
        self._schemas = Schemas(self._references)

    def operation(self, raw: importing.ImportedOperation) -> DocumentedOperation:
        body = None if raw.method in SAFE_METHODS else raw.body  # such a one is sent without
        return DocumentedOperation(
            raw.method,
            raw.path,
            raw.bare_path,
            tuple(requests.path_names(raw)),
            {(one.place, one.name): one for one in (*self._plain_fields(raw), *self._body_fields(body))},
            tuple(requests.asked_forms(raw, self._schemas)),
            tuple(content.type for content in body.contents) if body else (),
            bool(raw.deprecated or raw.extra.get("x-removed")),
            raw.extra,
        )

    def _plain_fields(self, raw: importing.ImportedOperation) -> Iterator[DocumentedField]:
        """The parameters, and what the path holds undeclared."""
        declared = {one.name for one in raw.parameters if one.place == "path"}
        holes = requests.path_names(raw)
        yield from (DocumentedField("path", name, {}, True) for name in holes if name not in declared)
        yield from (
            DocumentedField("query", name, {"enum": [text]}, True) for name, text in raw.fixed_query.items()
        )
        for one in raw.parameters:
            if requests.can_be_given(one) and (one.place != "path" or one.name in holes):
                name = one.name.lower() if one.place == "header" else one.name
                yield DocumentedField(one.place, name, self._schema(one.schema), one.required)

    def _body_fields(self, body: importing.BodyForms | None) -> Iterator[DocumentedField]:
        if body is None:
            return
        content = requests.chosen(body.contents, self._schemas)
        if requests.kind(content.type) == "raw":
            return
        schema = self._schemas.flat(content.schema)
        branches = list(self._branches(content.schema))
        for name, entry in mapping(schema.get("properties")).items():
            if not is_read_only(entry):
                implied = _implied([branch[name] for branch in branches if name in branch])
                needed = (body.required or None) if name in names(schema.get("required")) else False
                own = self._schema(entry, files=content.type.startswith("multipart/"))
                yield DocumentedField("body", name, {**own, "x-implied": implied}, needed)

    def _branches(self, schema: Any) -> Iterator[Json]:
        """The fields of each branch of each condition."""
        for rule in map(mapping, items(self._references.resolved(schema).get("allOf"))):
            for keyword in ("then", "else") if "if" in rule else ():
                yield mapping(self._references.resolved(rule.get(keyword)).get("properties"))

    def _schema(self, node: Any, *, files: bool = False) -> Json:
        own = importing.own_words(self._schemas.flat(node))
        return {**self._schemas.converted(node, files=files).schema, **own}


def _implied(branches: list[Json]) -> Json:
    """The limits that hold whichever branch is taken: the widest of them."""
    plain = [branch for branch in branches if isinstance(branch, Mapping)]
    widest = (("minimum", min), ("minLength", min), ("maximum", max), ("maxLength", max))
    found = {
        keyword: (fold, [branch[keyword] for branch in plain if keyword in branch])
        for keyword, fold in widest
    }
    return {keyword: fold(limits) for keyword, (fold, limits) in found.items() if limits}
