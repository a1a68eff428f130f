"""Drift of a field: how an input differs from the field that it is sent as."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connector.authoring.importing.parse_document import Json
from connector.spec.schema.coerce import types
from connector.spec.schema.phrases import listed, quoted
from connector.spec.schema.suggest import nearest

_LIMITS = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "minLength", "maxLength", "pattern", "minItems", "maxItems",
)  # fmt: skip

# A difference: the path below the input, and what is said about it.
Difference = tuple[str, str]


def differences(ours: Json, theirs: Json) -> Iterator[Difference]:
    """What the input's schema says otherwise than the document's."""
    yield from _type(ours, theirs)
    yield from _values(ours, theirs)
    implied = theirs.get("x-implied", {})
    for keyword in _LIMITS:
        # A limit that the document states in each branch of a condition may as well be stated once.
        wanted = theirs.get(keyword, implied.get(keyword) if keyword in ours else None)
        yield from _same(keyword, ours.get(keyword), wanted)
    yield from _same("default", ours.get("default"), theirs.get("default"))
    yield from _file_rules(ours, theirs)
    if isinstance(ours.get("items"), Mapping) and isinstance(theirs.get("items"), Mapping):
        inside = differences(ours["items"], theirs["items"])
        yield from ((f"items.{path}", message) for path, message in inside)


def _type(ours: Json, theirs: Json) -> Iterator[Difference]:
    mine, wanted = _types(ours), _types(theirs)
    # A whole number is a number: to ask for less than the document does is no mistake.
    allowed = wanted | ({"integer"} if "number" in wanted else set())
    if mine and wanted and not mine <= allowed:
        yield "type", f"is {' or '.join(sorted(mine))}; the document has {' or '.join(sorted(wanted))}"


def _types(schema: Json) -> set[str]:
    if schema.get("format") == "binary" or schema.get("contentMediaType") == "application/octet-stream":
        return {"file"}
    return set(types(schema)) - {"null"}


def _values(ours: Json, theirs: Json) -> Iterator[Difference]:
    if "enum" not in ours and "enum" not in theirs:
        return
    if "enum" not in theirs:
        yield "enum", "lists values; the document takes any"
        return
    wanted = theirs["enum"]
    if "enum" not in ours:
        yield "enum", f"is missing; the document takes only: {listed(wanted)}"
        return
    missing = [value for value in wanted if value not in ours["enum"]]
    if missing:
        yield "enum", f"lacks {listed(missing)}, which the document has"
    known = [*wanted, *theirs.get("x-open-values", ())]
    unknown = [value for value in ours["enum"] if value not in known]
    if unknown and not ours.get("open"):
        near = nearest(str(unknown[0]), map(str, wanted))
        yield "enum", f"has {listed(unknown)}, which the document does not take{near}"


def _same(keyword: str, ours: Any, theirs: Any) -> Iterator[Difference]:
    if ours == theirs and isinstance(ours, bool) == isinstance(theirs, bool):
        return
    if ours is None:
        yield keyword, f"is missing; the document has {quoted(theirs)}"
    elif theirs is None:
        yield keyword, f"is {quoted(ours)}; the document has none"
    else:
        yield keyword, f"is {quoted(ours)}; the document has {quoted(theirs)}"


def _file_rules(ours: Json, theirs: Json) -> Iterator[Difference]:
    if "x-file" not in theirs:
        return
    # What we do to a file before it is sent is none of their rules.
    rules = {name: rule for name, rule in ours.get("file", {}).items() if name != "upright"}
    wanted = theirs["x-file"]
    for name in dict.fromkeys((*rules, *wanted)):
        yield from _same(f"file.{name}", _unordered(rules.get(name)), _unordered(wanted.get(name)))


def _unordered(rule: Any) -> Any:
    return sorted(rule) if isinstance(rule, list) else rule
