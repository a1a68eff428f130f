"""The inputs of an action as they are gathered: each with a name for templates, and a sentence for people."""

from __future__ import annotations

import re
from typing import Any

from connector.authoring.importing.report import Remarks
from connector.authoring.importing.schemas import Converted
from connector.authoring.importing.texts import sentence, snake, title, unique

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,30}", re.ASCII)


class Inputs:
    """Inputs in their order; ``add`` gives the hole that stands for one."""

    def __init__(self, remarks: Remarks) -> None:
        self.properties: dict[str, dict[str, Any]] = {}
        self.required: list[str] = []
        self._together: tuple[list[str], list[str]] | None = None
        self._remarks = remarks

    def add(self, name: str, place: str, found: Converted, *, required: bool, about: str = "") -> str:
        """Adds an input; gives its name, which is the document's where a template can hold that."""
        own = unique(self._readable(name, place), self.properties, "_")
        schema = dict(found.schema)
        described = about or schema.pop("description", "")
        schema.pop("description", None)
        self.properties[own] = {"description": _described(described, name, place), **schema}
        if required:
            self.required.append(own)
        for remark in found.remarks:
            self._remarks.add(f"{name}: {remark.what}", remark.instead)
        return own

    def _readable(self, name: str, place: str) -> str:
        own = name if _NAME.fullmatch(name) else snake(name) or place
        return own if own not in self.properties else f"{place}_{own}"

    def together(self, fields: list[str], needed: list[str]) -> None:
        """Where any of these inputs is given, some of them must be: what may be left out is their whole."""
        self._together = (fields, needed) if needed else None

    def schema(self) -> dict[str, Any]:
        required = {"required": self.required} if self.required else {}
        found = {"type": "object", "additionalProperties": False, **required, "properties": self.properties}
        if self._together is None:
            return found
        fields, needed = self._together
        return {**found, "if": {"properties": dict.fromkeys(fields, False)}, "else": {"required": needed}}


def hole(name: str) -> str:
    """The template that stands for an input."""
    return "{{ inputs." + name + " }}"


def _described(text: str, name: str, place: str) -> str:
    text = text.strip()
    if len(text) >= 5:
        return text
    words = title(name) or sentence(name, 80) or "A value"
    return f"{words}: {text}, in the {place}." if text else f"{words}, in the {place}."
