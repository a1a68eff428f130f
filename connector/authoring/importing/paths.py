"""What all versions of OpenAPI have alike: paths with methods, and parameters of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from connector.authoring.importing.operation import METHODS, ImportedOperation, query_holes
from connector.authoring.importing.parse_document import Json, items, mapping
from connector.authoring.importing.references import References
from connector.authoring.importing.report import Remark, Said

Found = tuple[ImportedOperation, Said]


class OperationReader(Protocol):
    """Reads one operation, as its version of OpenAPI writes it."""

    def operation(self, method: str, path: str, item: Json, raw: Json) -> ImportedOperation: ...


def operations(
    document: Json, references: References, made: Callable[[Said], OperationReader]
) -> Iterator[Found]:
    """Every operation, with what had to be said while it was read; each has a reader ``made`` for it."""
    for path, node in mapping(document.get("paths")).items():
        item = references.resolved(node)
        for method in METHODS:
            if isinstance(item.get(method), dict) and not path.startswith("x-"):
                said: Said = {}
                yield made(said).operation(method, path, item, item[method]), said


def beside(document: Json, references: References) -> Said:
    """What a document says beside its operations: paths that are elsewhere, and calls of the API itself."""
    said: Said = {}
    paths = mapping(document.get("paths"))
    for path, node in paths.items():
        elsewhere: Said = {}
        references.resolved(node, elsewhere)
        said |= {Remark(f"the path {path}: {one.what}", "it is left out"): None for one in elsewhere}
    webhooks = len(mapping(document.get("webhooks")))
    if webhooks:
        said[Remark(f"it has {webhooks} webhooks, which the API calls", "they are no actions")] = None
    items = (mapping(item).get(method) for item in paths.values() for method in METHODS)
    callers = sum(bool(mapping(operation).get("callbacks")) for operation in items)
    if callers:
        said[Remark(f"{callers} of its operations call back", "nothing listens for that here")] = None
    return said


def parameters(path: str, item: Json, raw: Json, references: References, said: Said) -> list[Json]:
    """The path's own, each replaced by the operation's of the same place and name.

    A hole in a query behind the path is a parameter of the query, declared as such or not.
    """
    found: dict[tuple[str, str], Json] = {}
    for node in (*items(item.get("parameters")), *items(raw.get("parameters"))):
        each = references.resolved(node, said)
        if isinstance(each.get("name"), str) and isinstance(each.get("in"), str):
            found[each["in"], each["name"]] = each
    for name, hole in query_holes(path).items():
        declared = found.pop(("path", hole), {"schema": {"type": "string"}})
        found.setdefault(("query", name), {**declared, "name": name, "in": "query"})
    return [*found.values()]
