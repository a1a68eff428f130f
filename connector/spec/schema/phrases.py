"""Phrases: values and limits as a sentence shows them, each rule of a JSON Schema in a few words.

What was given is shortened. ``Failure`` is the one thing that is known of jsonschema here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from connector.spec.schema.suggest import nearest


class Failure(Protocol):
    """What is read of a ``jsonschema.ValidationError``."""

    message: str

    @property
    def validator(self) -> Any: ...
    @property
    def validator_value(self) -> Any: ...
    @property
    def instance(self) -> Any: ...
    @property
    def schema(self) -> Any: ...
    @property
    def context(self) -> Any: ...
    @property
    def relative_path(self) -> Any: ...
    @property
    def absolute_path(self) -> Any: ...
    @property
    def relative_schema_path(self) -> Any: ...
    @property
    def absolute_schema_path(self) -> Any: ...


_SHOWN = 60
_LISTED = 24
_DIGITS_BITS = 1024

_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_FORMATS = {
    "date": "a date such as 2025-07-24",
    "regex": "a regular expression that compiles",
    "email": "an e-mail address",
    "uuid": "a UUID",
    "ipv4": "an IPv4 address",
    "uri": "a whole address such as https://example.com/page",
}


def quoted(value: Any) -> str:
    """A value as a sentence shows it."""
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN else f"{value[:_SHOWN]}...")
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int) and value.bit_length() > _DIGITS_BITS:
        return "a number of very many digits"  # which Python refuses to write out
    return str(value) if isinstance(value, int | float) else _kind_of(value)


def listed(values: Iterable[Any]) -> str:
    """Values with commas between, the tail cut where there are very many."""
    shown = [value if isinstance(value, str) else quoted(value) for value in values]
    return ", ".join(shown[:_LISTED]) + (", ..." if len(shown) > _LISTED else "")


def _kind_of(value: Any) -> str:
    return "an object" if isinstance(value, Mapping) else f"a {type(value).__name__}"


def _described(value: Any) -> str:
    return f"the text {quoted(value)}" if isinstance(value, str) else quoted(value)


def types_of(error: Failure) -> tuple[str, ...]:
    if error.schema.get("format") == "binary":
        return ("file",)
    named = error.validator_value
    return (named,) if isinstance(named, str) else tuple(named)


def kinds_of(types: Sequence[str]) -> str:
    """The types as a sentence names them."""
    return " or ".join(dict.fromkeys(_KINDS.get(name, f"a {name}") for name in types))


def must_be(types: Sequence[str], value: Any, hidden: bool) -> str:
    return f"must be {kinds_of(types)}" + ("" if hidden else f", not {_described(value)}")


Fact = tuple[str, str]


def _one_of(error: Failure) -> Fact:
    known = error.validator_value
    return f"is {quoted(error.instance)}", f"one of: {listed(known)}{nearest(error.instance, known)}"


def _limit(words: str) -> Callable[[Failure], Fact]:
    return lambda error: (f"is {quoted(error.instance)}", f"{words} {error.validator_value}")


def _length(one: str, several: str, words: str) -> Callable[[Failure], Fact]:
    def tell(error: Failure) -> Fact:
        size, limit = len(error.instance), error.validator_value
        fact = f"has {size} {one if size == 1 else several}" if size else "is empty"
        return fact, f"{words} {limit} {one if limit == 1 else several}"

    return tell


def _pattern(error: Failure) -> Fact:
    examples = error.schema.get("examples") if isinstance(error.schema, Mapping) else None
    like = f", such as {quoted(examples[0])}" if examples else ""
    return f"is {quoted(error.instance)}", f"must match {error.validator_value}{like}"


def _format(error: Failure) -> Fact:
    name = error.validator_value
    return f"is {quoted(error.instance)}", f"must be {_FORMATS.get(name, f'a {name}')}"


def unknown_rule(error: Failure) -> Fact:
    return "breaks a rule", f"{error.validator}: {quoted(error.validator_value)}"


FACTS: Mapping[str, Callable[[Failure], Fact]] = {
    "properties": lambda error: ("", "cannot be given"),
    "required": lambda error: ("", "is required"),
    "dependentRequired": lambda error: ("", f"is required with {error.message}"),
    "enum": _one_of,
    "const": lambda error: (f"is {quoted(error.instance)}", f"must be {quoted(error.validator_value)}"),
    "minimum": _limit("at least"),
    "maximum": _limit("at most"),
    "exclusiveMinimum": _limit("must be more than"),
    "exclusiveMaximum": _limit("must be less than"),
    "multipleOf": _limit("must be a multiple of"),
    "minLength": _length("character", "characters", "at least"),
    "maxLength": _length("character", "characters", "at most"),
    "minItems": _length("item", "items", "at least"),
    "maxItems": _length("item", "items", "at most"),
    "minProperties": _length("entry", "entries", "at least"),
    "maxProperties": _length("entry", "entries", "at most"),
    "uniqueItems": lambda error: ("lists something twice", "each may stand once"),
    "contains": lambda error: ("", "none of its items is what one of them must be"),
    "pattern": _pattern,
    "visible": lambda error: ("has nothing that can be seen", "write something"),
    "format": _format,
    "unevaluatedProperties": lambda error: ("has a key that is not known here", ""),
}
