"""References (``$ref``) within one document; those that lead elsewhere are told, and never fetched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from connector.authoring.importing.parse_document import Json
from connector.authoring.importing.report import Remark

MAX_HOPS = 64


class References:
    """The references of one document."""

    def __init__(self, document: Json) -> None:
        self._document = document

    def target(self, reference: str) -> tuple[Any, Remark | None]:
        """What a reference names; a remark and nothing where it leads out of the document or nowhere."""
        if not reference.startswith("#"):
            what = f"{_shortened(reference)} is in another document"
            return None, Remark(what, "it was not fetched, and stands for anything")
        node: Any = self._document
        for part in reference[1:].split("/")[1:]:
            node = _step(node, unquote(part).replace("~1", "/").replace("~0", "~"))
        if node is None:
            remark = Remark(f"the reference {_shortened(reference)} leads nowhere", "it stands for anything")
            return None, remark
        return node, None

    def resolved(self, node: Any, remarks: dict[Remark, None] | None = None) -> Json:
        """The mapping that a node is or refers to, with what stands beside the reference."""
        found, hops = node, 0
        beside: dict[str, Any] = {}
        while isinstance(found, Mapping) and isinstance(found.get("$ref"), str):
            beside = {name: value for name, value in found.items() if name != "$ref"} | beside
            found, wrong = self.target(found["$ref"])
            hops += 1
            if hops > MAX_HOPS:
                found, wrong = None, Remark("a reference leads to itself", "it stands for anything")
            if wrong is not None and remarks is not None:
                remarks[wrong] = None
        if not isinstance(found, Mapping):
            return beside
        return {**found, **beside} if beside else found


def _step(node: Any, key: str) -> Any:
    if isinstance(node, Mapping):
        return node.get(key)
    if isinstance(node, list) and key.isdecimal() and len(key) < 10 and int(key) < len(node):
        return node[int(key)]
    return None


def _shortened(reference: str) -> str:
    return repr(reference if len(reference) <= 80 else reference[:77] + "...")
