"""The host's own OpenAPI 3.1 document, of one integration and without what only a person manages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connector.server.openapi import document as host_document
from connector.server.routes import OPERATIONS
from connector.server.settings import Settings
from connector.spec.model import Integration

Document = dict[str, Any]

# What a platform needs beside the actions: files in and out, and how a run that goes on stands.
_BESIDE: Mapping[str, tuple[str, ...]] = {
    "/api/files": ("post",),
    "/api/files/{id}": ("get",),
    "/api/files/{id}/content": ("get",),
    "/api/runs/{id}": ("get",),
    "/api/runs/{id}/result": ("get",),
    "/api/runs/{id}/cancel": ("post",),
}
_ACTIONS = "/api/actions/"
_REF = "#/components/"


def document(integration: Integration, url: str) -> Document:
    """The document: an operation for each action, as a host at that address serves it."""
    whole = host_document.document([integration], OPERATIONS, Settings().port)
    said = f"{integration.description}\n\n{whole['info']['description']}"
    whole["info"] = whole["info"] | {"title": integration.name, "description": said}
    whole["servers"] = [{"url": url}]
    whole["security"] = [{"bearer": []}]
    whole["paths"] = dict(_paths(whole["paths"], integration))
    whole["components"] = dict(_needed(whole))
    used = {tag for methods in whole["paths"].values() for one in methods.values() for tag in one["tags"]}
    whole["tags"] = [tag for tag in whole["tags"] if tag["name"] in used]
    return whole


def _paths(paths: Mapping[str, Any], integration: Integration) -> Iterator[tuple[str, Document]]:
    for path, methods in paths.items():
        name = path.removeprefix(_ACTIONS)
        if path.startswith(_ACTIONS) and name in integration.actions:
            paid = integration.actions[name].paid
            # Agents' platforms ask a person before they call what has consequences.
            yield path, {"post": methods["post"] | {"x-openai-isConsequential": paid}}
        elif path in _BESIDE:
            yield path, {method: methods[method] for method in _BESIDE[path]}


def _needed(whole: Document) -> Iterator[tuple[str, Document]]:
    """The components that something refers to, by way of others too."""
    components, needed, found = whole["components"], set(_refs(whole["paths"])), set[str]()
    while needed - found:
        for ref in sorted(needed - found):
            found.add(ref)
            kind, name = ref.removeprefix(_REF).split("/", 1)
            needed |= set(_refs(components[kind][name]))
    for kind in ("schemas", "responses", "examples"):
        yield kind, {name: one for name, one in components[kind].items() if f"{_REF}{kind}/{name}" in found}
    yield "securitySchemes", {"bearer": components["securitySchemes"]["bearer"]}


def _refs(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("$ref"), str) and value["$ref"].startswith(_REF):
            yield value["$ref"]
        for inner in value.values():
            yield from _refs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _refs(inner)
