"""OpenAPI 3.0 and 3.1: what a document says becomes operations, server addresses and security schemes."""

from __future__ import annotations

from collections.abc import Iterator

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
from connector.authoring.importing.parse_document import Json, items, mapping, names, text
from connector.authoring.importing.references import References
from connector.authoring.importing.report import Remarks

# OpenAPI's style and explode, as a spec's word; a list that repeats its name has none.
_STYLES = {
    ("form", False): "comma",
    ("spaceDelimited", False): "space",
    ("pipeDelimited", False): "pipe",
    ("deepObject", False): "brackets",
    ("deepObject", True): "brackets",
}


def operations(document: Json) -> Iterator[paths.Found]:
    """Every operation, with what had to be said while it was read."""
    references = References(document)
    return paths.operations(document, references, lambda said: _OpenApi3Reader(references, said).operation)


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


class _OpenApi3Reader:
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
            self._parameters(path, item, raw),
            self._body(raw.get("requestBody")),
            self._answers(raw),
            raw.get("security"),
            tuple(_address(mapping(server)) for server in own_servers),
            own_words(self._references.resolved(raw.get("requestBody")), raw),
        )

    def _parameters(self, path: str, item: Json, raw: Json) -> tuple[Parameter, ...]:
        found = paths.parameters(path, item, raw, self._references, self._remarks)
        return tuple(self._parameter(each) for each in found)

    def _parameter(self, raw: Json) -> Parameter:
        if raw.get("allowReserved") is True:
            said = f"{raw['name']} asks for reserved characters as they are"
            self._remarks.add(said, "they are encoded")
        content = mapping(raw.get("content"))
        schema, style = raw.get("schema", {}), self._style(raw)
        for form in content.values():
            schema, style = mapping(form).get("schema", {}), "json"
            break
        return Parameter(
            raw["in"],
            raw["name"],
            schema if "example" not in raw else _with_example(schema, raw["example"]),
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


def _with_example(schema: object, example: object) -> object:
    return {"example": example, **schema} if isinstance(schema, dict) else schema
