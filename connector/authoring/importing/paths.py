"""What all versions of OpenAPI have alike: paths with methods, and parameters of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from connector.authoring.importing.operation import METHODS, ImportedOperation, query_holes
from connector.authoring.importing.parse_document import Json, items, mapping
from connector.authoring.importing.references import References
from connector.authoring.importing.report import Remarks

Found = tuple[ImportedOperation, Remarks]


Read = Callable[[str, str, Json, Json], ImportedOperation]


def operations(document: Json, references: References, reader: Callable[[Remarks], Read]) -> Iterator[Found]:
    """Every operation, with what had to be said while it was read by the ``reader`` of its version."""
    for path, node in mapping(document.get("paths")).items():
        item = references.resolved(node)
        for method in METHODS:
            if isinstance(item.get(method), dict) and not path.startswith("x-"):
                said = Remarks()
                yield reader(said)(method, path, item, item[method]), said


def beside(document: Json, references: References) -> Remarks:
    """What a document says beside its operations: paths that are elsewhere, and calls of the API itself."""
    said = Remarks()
    paths = mapping(document.get("paths"))
    for path, node in paths.items():
        elsewhere = Remarks()
        references.resolved(node, elsewhere)
        for one in elsewhere:
            said.add(f"the path {path}: {one.what}", "it is left out")
    webhooks = len(mapping(document.get("webhooks")))
    if webhooks:
        said.add(f"it has {webhooks} webhooks, which the API calls", "they are no actions")
    items = (mapping(item).get(method) for item in paths.values() for method in METHODS)
    callers = sum(bool(mapping(operation).get("callbacks")) for operation in items)
    if callers:
        said.add(f"{callers} of its operations call back", "nothing listens for that here")
    return said


def parameters(path: str, item: Json, raw: Json, references: References, said: Remarks) -> list[Json]:
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
