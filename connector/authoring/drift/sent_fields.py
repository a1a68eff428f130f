"""Sent fields: which of an action's inputs is sent as which field."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.engine.render import unused_inputs
from connector.spec import template
from connector.spec.model import Action

_HOLE = re.compile(r"\{\{.*?\}\}")
_STYLED = re.compile(r"(?<=/)(\.|;[^;/{}]+=)\{\}")
_LONE_INPUT = re.compile(r"\s*\{\{-?\s*inputs\.(\w+)\s*-?\}\}\s*")

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Sent:
    """The fields of a request: the input that each is, or None where it is made of something else.

    ``whole`` are the places that a caller fills as a whole, of which nothing can be said.
    """

    fields: Mapping[Key, str | None]
    whole: frozenset[str]


def shape(path: str) -> str:
    """A path with its holes unnamed, whether OpenAPI's or ours, and without what a style puts before them."""
    return _STYLED.sub("{}", re.sub(r"\{[^{}]*\}", "{}", _HOLE.sub("{}", path))).rstrip("/")


def sent(action: Action, path_names: Sequence[str]) -> Sent:
    """The request's fields; ``path_names`` are what the document calls the holes of the path, in order."""
    request, body = action.request, action.request.body
    holes = _HOLE.findall(request.path)
    fields: dict[Key, str | None] = {
        ("path", name): _input(hole) for name, hole in zip(path_names, holes, strict=False)
    }
    places = (
        ("query", request.query),
        ("header", request.headers),
        ("body", body.fields),
        ("body", body.json),
    )
    for place, value in places:
        for name, entry in value.items() if isinstance(value, Mapping) else ():
            fields[place, name.lower() if place == "header" else name] = _input(entry)
    if body.kind != "none" and body.fields is None and body.json is None and body.content is None:
        fields |= {("body", name): name for name in unused_inputs(action)}
    return Sent(fields, frozenset(place for place, value in places if template.is_template(value)))


def _input(text: Any) -> str | None:
    """The input that a lone hole stands for."""
    found = _LONE_INPUT.fullmatch(text) if isinstance(text, str) else None
    return found[1] if found else None
