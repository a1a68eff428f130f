"""Drift of prices: how an action's price differs from the document's ``x-credits``.

That is ``{flat: N}``, ``{by: FIELD, values: {...}}``, or a formula over the fields in place of a number.
Two formulas are the same when they give the same numbers at the ends of their inputs' ranges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from connector.authoring.drift.document import DocumentedOperation
from connector.spec import template
from connector.spec.model import Action, Integration
from connector.spec.segments import TemplateError


def price_differences(
    action: Action, operation: DocumentedOperation, integration: Integration
) -> Iterator[tuple[str, str]]:
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


def _by_value(
    action: Action, ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
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
