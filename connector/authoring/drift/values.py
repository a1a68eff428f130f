"""Drift of values: how an input differs from the field that it is sent as, and a price from the document's.

A price is the document's ``x-credits``: ``{flat: N}``, ``{by: FIELD, values: {...}}``, or a formula over the
fields in place of a number. Two formulas are the same when they give the same numbers at the ends of their
inputs' ranges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from connector.authoring.drift.document import DocumentedOperation
from connector.authoring.importing.parse_document import Json
from connector.spec import template
from connector.spec.model import Action, Integration
from connector.spec.schema.coerce import types
from connector.spec.schema.phrases import listed, quoted
from connector.spec.schema.suggest import nearest
from connector.spec.segments import TemplateError

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


def price_differences(
    action: Action, operation: DocumentedOperation, integration: Integration
) -> Iterator[Difference]:
    """What is said otherwise; nothing where the document names no price."""
    theirs = operation.extra.get("x-credits")
    if theirs is None:
        return
    price = action.price
    if "flat" in theirs or price.by is None:
        ours = "free" if price.free else price.flat
        wanted = theirs.get("flat")
        if not _equal(action, ours, wanted):
            yield "credits", f"is {_shown(ours)}; the document has {_shown(wanted, theirs)}"
    elif theirs.get("by") != price.by:
        yield "credits.by", f"is {price.by}; in the document {theirs.get('by')} decides"
    else:
        yield from _by_value(action, price.values, theirs["values"])


def _by_value(action: Action, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[Difference]:
    for value in dict.fromkeys((*ours, *theirs)):
        if not _equal(action, ours.get(value), theirs.get(value)):
            message = f"is {_shown(ours.get(value))}; the document has {_shown(theirs.get(value))}"
            yield f"credits.values.{value}", message


def _shown(price: Any, otherwise: Any = None) -> str:
    if price is None and otherwise is not None:
        return f"a price by {otherwise.get('by')}"
    return "missing" if price is None else str(price)


def _equal(action: Action, ours: Any, theirs: Any) -> bool:
    if not isinstance(ours, str) or not isinstance(theirs, str):
        return bool(ours == theirs)
    try:
        return all(
            abs(_filled(ours, point) - _filled(f"{{{{ {theirs} }}}}", point)) < 1e-6
            for point in _points(action)
        )
    except (TemplateError, TypeError, ValueError):
        return False


def _filled(text: str, point: Mapping[str, Any]) -> float:
    """The formula's number; ours speak of ``inputs.steps``, the document's of ``steps``."""
    scope: Any = {**point, "inputs": point}
    return float(template.fill(text, scope))


def _points(action: Action) -> Iterator[Mapping[str, Any]]:
    """The corners of what the numeric inputs may be."""
    numeric = {
        name: (entry.get("minimum", 1), entry.get("maximum", 100))
        for name, entry in action.parameters.items()
        if entry.get("type") in ("integer", "number")
    }
    used = template.references((action.price.flat, *action.price.values.values()))
    ranges = {name: ends for name, ends in numeric.items() if f"inputs.{name}" in used}
    for corner in product(*ranges.values()):
        yield dict(zip(ranges, corner, strict=True))
