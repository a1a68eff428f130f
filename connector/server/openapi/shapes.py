"""JSON Schema of a dataclass: what a value looks like once its ``to_dict`` has made it JSON."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, is_dataclass
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from connector.spec.model import JsonSchema

_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}
# Seconds since 1970, which every ``to_dict`` writes as a date.
_MOMENTS = frozenset({"created", "last_used", "updated", "expires", "at", "since", "next_poll", "deadline"})
_MOMENT = {"type": "string", "format": "date-time"}


def shape(
    kind: type[Any], *, without: Collection[str] = (), sparse: bool = False, **more: JsonSchema
) -> JsonSchema:
    """The schema of a dataclass, ``without`` the fields that are not shown.

    What is said by ``more`` is said of a field, or is one more. Every field is there, or null; of a
    ``sparse`` one those are left out that would be null.
    """
    types = {one.name: get_type_hints(kind)[one.name] for one in fields(kind) if one.name not in without}
    absent = {name for name, type in types.items() if sparse and (type is Any or _may_be_none(type))}
    properties = {name: _of(type, name, nullable=name not in absent) for name, type in types.items()}
    properties |= {name: {**properties.get(name, {}), **each} for name, each in more.items()}
    return {"type": "object", "required": sorted(properties.keys() - absent), "properties": properties}


def _may_be_none(type: Any) -> bool:
    return NoneType in get_args(type)


def _of(type: Any, name: str, *, nullable: bool = True) -> JsonSchema:
    if _may_be_none(type):
        (one,) = (each for each in get_args(type) if each is not NoneType)
        return {"anyOf": [_of(one, name), {"type": "null"}]} if nullable else _of(one, name)
    if type is float and name in _MOMENTS:
        return _MOMENT
    if type in _PLAIN:
        return {"type": _PLAIN[type]}
    if get_origin(type) is Literal:
        return {"enum": [*get_args(type)]}
    if get_origin(type) is tuple:
        return {"type": "array", "items": _of(get_args(type)[0], "")}
    if is_dataclass(type):
        return shape(type)  # type: ignore[arg-type]
    return {} if type is Any else {"type": "object"}
