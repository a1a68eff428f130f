"""Binding: a step's templates are filled from the inputs and from what the steps above it gave.

What a caller gave and what an answer held only ever fill holes; they are never read as templates.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from connector.runs.workflow.model import MOST_ITEMS
from connector.spec import template
from connector.spec.schema.phrases import quoted
from connector.spec.segments import TemplateError
from connector.spec.template import MISSING

Scope = Mapping[str, Any]


class BindingError(ValueError):
    """A hole cannot be filled as it must be; the sentence says why."""


def scope(inputs: Mapping[str, Any], steps: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What holes look up."""
    return {"inputs": inputs, "steps": steps}


def of_item(known: Scope, item: Any, index: int) -> dict[str, Any]:
    """The same beside one item of a list."""
    return {**known, "item": item, "index": index}


def filled(value: Any, known: Scope) -> Any:
    """A value with its holes filled; what is missing is left out, or MISSING."""
    try:
        return template.fill_all(value, known)
    except TemplateError as error:
        raise BindingError(str(error)) from error


def holds(when: str | None, known: Scope) -> bool:
    """Whether a condition holds: it is there, and neither false nor empty nor 0."""
    return when is None or bool(filled(when, known))


def scopes(for_each: Any, known: Scope) -> list[dict[str, Any]]:
    """The scope of each item of a list; one scope where there is no list to go through."""
    if for_each is None:
        return [dict(known)]
    return [of_item(known, item, index) for index, item in enumerate(items(for_each, known))]


def items(for_each: Any, known: Scope) -> Sequence[Any]:
    """The list that is gone through, or the combinations of several that are named.

    Raises BindingError where it is none, or too long.
    """
    if isinstance(for_each, Mapping):
        lists = [_listed(entry, known) for entry in for_each.values()]
        _check_length(math.prod(map(len, lists)))
        return [dict(zip(for_each, values, strict=True)) for values in itertools.product(*lists)]
    found = _listed(for_each, known)
    _check_length(len(found))
    return found


def _listed(value: Any, known: Scope) -> Sequence[Any]:
    found = filled(value, known)
    if found is MISSING:
        return []
    if not isinstance(found, list | tuple):
        raise BindingError(f"for_each got {quoted(found)}, which is no list")
    return found


def _check_length(length: int) -> None:
    if length > MOST_ITEMS:
        raise BindingError(f"for_each got {length} items; {MOST_ITEMS} at most, and a batch takes more")


def tiles(inputs: Mapping[str, Any], known: Scope) -> list[dict[str, Any]]:
    """The tiles of a sheet: each filled, once or for each item of its list, where its condition holds."""
    return [
        {**dict.fromkeys(("picture", "title", "facts")), **filled(_said(tile), inner)}
        for tile in inputs["tiles"]
        for inner in scopes(tile.get("for_each"), known)
        if holds(tile.get("when"), inner)
    ]


def _said(tile: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tile[name] for name in ("picture", "title", "facts") if name in tile}
