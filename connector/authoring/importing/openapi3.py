"""OpenAPI 3.0 and 3.1: what a document says becomes operations, server addresses and security schemes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from connector.authoring.importing.operation import (
    METHODS,
    Answers,
    BodyForm,
    BodyForms,
    ImportedOperation,
    Parameter,
    media_type,
    own_words,
    query_holes,
    successes,
)
from connector.authoring.importing.parse_document import Json, items, mapping, names, text
from connector.authoring.importing.references import References
from connector.authoring.importing.report import Remarks

# OpenAPI's style and explode, as a spec's word; a list that repeats its name has none.
_STYLES = {
    ("form", False): "comma",
    ("spaceDelimited", False): "space",
    ("pipeDelimited", False): "pipe",
    ("tabDelimited", False): "tab",  # of version 2 alone
    ("deepObject", False): "brackets",
    ("deepObject", True): "brackets",
}


# Of a path and its operation, both without their parameters' references: the operation in today's words.
Modern = Callable[[str, Json, Json, References, Remarks], Json]


def operations(document: Json, modern: Modern | None = None) -> Iterator[tuple[ImportedOperation, Remarks]]:
    """Every operation, with what had to be said while it was read.

    ``modern`` gives one of an older version in the words of this one.
    """
    references = References(document)
    for path, node in mapping(document.get("paths")).items():
        item = references.resolved(node)
        for method in METHODS:
            raw = item.get(method)
            if isinstance(raw, dict) and not path.startswith("x-"):
                said = Remarks()
                told = raw if modern is None else modern(path, item, raw, references, said)
                around = item if modern is None else {}
                yield _OperationReader(references, said).operation(method, path, around, told), said


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


def servers(document: Json) -> Iterator[tuple[str, str]]:
    """The address and description of each server, its variables filled with their defaults."""
    for server in items(document.get("servers")):
        yield _address(mapping(server)), text(mapping(server).get("description"))


def schemes(document: Json) -> Json:
    """The security schemes by their names."""
    references = References(document)
    declared = mapping(mapping(document.get("components")).get("securitySchemes"))
    return {name: references.resolved(scheme) for name, scheme in declared.items()}


def _address(server: Json) -> str:
    address = text(server.get("url"))
    for name, variable in mapping(server.get("variables")).items():
        default = mapping(variable).get("default", "")
        address = address.replace("{" + name + "}", str(default))
    return address


class _OperationReader:
    """Reads one operation."""

    def __init__(self, references: References, remarks: Remarks) -> None:
        self._references = references
        self._remarks = remarks

    def operation(self, method: str, path: str, item: Json, raw: Json) -> ImportedOperation:
        own_servers = items(raw.get("servers")) or items(item.get("servers"))
        return ImportedOperation(
            method.upper(),
            path,
            text(raw.get("operationId")),
            text(raw.get("summary")) or text(item.get("summary")),
            text(raw.get("description")) or text(item.get("description")),
            tuple(names(raw.get("tags"))),
            raw.get("deprecated") is True,
            text(mapping(raw.get("externalDocs")).get("url")),
            tuple(map(self._parameter, parameters(path, item, raw, self._references, self._remarks))),
            self._body(raw.get("requestBody")),
            self._answers(raw),
            raw.get("security"),
            tuple(_address(mapping(server)) for server in own_servers),
            own_words(self._references.resolved(raw.get("requestBody")), raw),
        )

    def _parameter(self, raw: Json) -> Parameter:
        if raw.get("allowReserved") is True:
            said = f"{raw['name']} asks for reserved characters as they are"
            self._remarks.add(said, "they are encoded")
        content = mapping(raw.get("content"))
        schema, style = raw.get("schema", {}), self._style(raw)
        for form in content.values():
            schema, style = mapping(form).get("schema", {}), "json"
            break
        if "example" in raw and isinstance(schema, dict):
            schema = {"example": raw["example"], **schema}
        return Parameter(
            raw["in"],
            raw["name"],
            schema,
            raw.get("required") is True or raw["in"] == "path",
            text(raw.get("description")),
            style,
        )

    def _style(self, raw: Json) -> str | None:
        """The word for how a list or an object is written; nothing where the value is plain."""
        kind = self._references.resolved(raw.get("schema")).get("type")
        style = raw.get("style", "form" if raw["in"] in ("query", "cookie") else "simple")
        exploded = raw.get("explode", style == "form") is True
        if raw["in"] != "query":
            # Commas are what paths and headers have without a word.
            is_usual = style == "simple" and not (exploded and kind == "object")
            return None if is_usual else f"{style}{', exploded' if exploded else ''}"
        if kind == "object" and (style, exploded) == ("form", True):
            return "spread"
        return _STYLES.get((style, exploded))

    def _body(self, node: object) -> BodyForms | None:
        raw = self._references.resolved(node, self._remarks)
        contents = tuple(
            self._content(form, mapping(media)) for form, media in mapping(raw.get("content")).items()
        )
        if not contents:
            return None
        return BodyForms(contents, raw.get("required") is True, text(raw.get("description")))

    def _content(self, form: str, media: Json) -> BodyForm:
        encoding = {name: mapping(entry) for name, entry in mapping(media.get("encoding")).items()}
        styles = {name: _field_style(entry) for name, entry in encoding.items()}
        schema = media.get("schema", {})
        return BodyForm(media_type(form), schema, {name: word for name, word in styles.items() if word})

    def _answers(self, raw: Json) -> Answers:
        found = {
            code: mapping(self._references.resolved(node).get("content"))
            for code, node in successes(mapping(raw.get("responses"))).items()
        }
        forms = dict.fromkeys(media_type(form) for content in found.values() for form in content)
        return Answers(tuple(forms), tuple(code for code, content in found.items() if not content))


def _field_style(entry: Json) -> str | None:
    style = entry.get("style")
    if style is None:
        return "json" if "json" in text(entry.get("contentType")) else None
    return _STYLES.get((str(style), entry.get("explode", style == "form") is True))
