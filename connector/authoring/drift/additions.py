"""Additions: the YAML for what is new in a document, as an import of it would have written."""

from __future__ import annotations

from collections.abc import Container, Mapping
from contextlib import suppress
from typing import Any

from connector.authoring.drift.document import DocumentedField, DocumentedOperation
from connector.authoring.drift.sent_fields import sent
from connector.authoring.importing import Imported, convert
from connector.authoring.importing.texts import unique
from connector.authoring.importing.write_yaml import written
from connector.errors import SpecError
from connector.spec import parse
from connector.spec.model import Action


class Additions:
    """What a document adds, by an import of it."""

    def __init__(self, document: Any, name: str) -> None:
        self._imported: Imported | None = None
        with suppress(SpecError):
            self._imported = convert(document, name)

    def can_be_made(self, operation: DocumentedOperation) -> bool:
        """Whether an operation can be an action; of what no import tells, it is taken to be so."""
        return self._imported is None or operation.name in self._imported.addresses

    @property
    def manifest(self) -> Mapping[str, Any] | None:
        """What the whole document would be as an integration; None where no import tells."""
        return self._imported.manifest if self._imported else None

    def action(self, operation: DocumentedOperation, taken: Container[str]) -> str | None:
        """The whole file of an action for an operation; None where none can be made."""
        spec = self._spec(operation)
        if spec is None:
            return None
        id = unique(spec["id"], taken)
        return f"# actions/{id}.yaml\n{written({**spec, 'id': id})}"

    def field(self, action: Action, operation: DocumentedOperation, field: DocumentedField) -> str | None:
        """The input for a field, and where the request has it, unless that goes by the input's name."""
        spec = self._spec(operation)
        if spec is None:
            return None
        fields = sent(parse.action(spec), operation.path_names).fields
        name = fields.get((field.place, field.name))
        if name is None:
            return None
        own = unique(name, action.parameters, "_")
        inputs: dict[str, Any] = {"properties": {own: spec["inputs"]["properties"][name]}}
        if field.required:
            inputs = {"required": [*action.inputs.get("required", ()), own], **inputs}
        request = _placed(action, field, own)
        return written({**({"request": request} if request else {}), "inputs": inputs})

    def _spec(self, operation: DocumentedOperation) -> Mapping[str, Any] | None:
        made = self._imported
        id = made.addresses.get(operation.name) if made else None
        return None if made is None or id is None else made.actions[id]


def _placed(action: Action, field: DocumentedField, own: str) -> dict[str, Any] | None:
    """Where the request of an action has a new field."""
    entry = {field.name: "{{ inputs." + own + " }}"}
    if field.place in ("query", "header"):
        return {"query" if field.place == "query" else "headers": entry}
    body = action.request.body
    if body.json is not None:
        return {"body": {"kind": body.kind, "json": entry}}
    if body.fields is not None or own != field.name:
        return {"body": {"kind": body.kind, "fields": entry}}
    return None
