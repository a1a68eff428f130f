"""The linter of JSON Schemas: what is wrong with one, beyond what the schema of schemas knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connector.spec.schema import patterns
from connector.spec.schema import validator as checking
from connector.spec.schema.fast_path import OWN_WORDS
from connector.spec.schema.suggest import nearest

Flaw = tuple[str, str]

_WORDS = """
    $schema $id $ref $defs $comment $anchor title description default examples deprecated readOnly writeOnly
    type enum const format multipleOf maximum exclusiveMaximum minimum exclusiveMinimum
    maxLength minLength pattern contentEncoding contentMediaType contentSchema
    items prefixItems unevaluatedItems maxItems minItems uniqueItems contains maxContains minContains
    properties patternProperties additionalProperties unevaluatedProperties propertyNames
    maxProperties minProperties required dependentRequired dependentSchemas
    allOf anyOf oneOf not if then else
"""
_KEYWORDS = frozenset(_WORDS.split())

_ONE = ("items", "contains", "not", "if", "then", "else", "additionalProperties", "propertyNames")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_UNTRIED = (
    "has look-around, a back-reference or a possessive repetition, which cannot be tried in linear time and "
    "would be passed over; say it without"
)
_NAMED = ("properties", "patternProperties", "dependentSchemas", "$defs")

_LIMITS = (
    ("minimum", "maximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
)
_FILE_LIMITS = tuple(
    (f"min_{what}", f"max_{what}") for what in ("side", "width", "height", "pixels", "aspect", "seconds")
)


def inputs_flaws(schema: Mapping[str, Any], place: str, noun: str) -> Iterator[Flaw]:
    """What is wrong with the schema of some inputs, each by its path and a sentence.

    ``noun`` says what a name is not that is none of them, such as "an input of this action".
    """
    inputs = _mapping(schema.get("properties"))
    yield from flaws(schema, place)
    for path, name in _named(schema, place):
        if isinstance(name, str) and name not in inputs:
            yield path, f"{name!r} is not {noun}{nearest(name, inputs)}"
    for name, entry in inputs.items():
        yield from _unfit_words(inputs, _mapping(entry), f"{place}.properties.{name}", noun)


def flaws(schema: Mapping[str, Any], place: str) -> Iterator[Flaw]:
    """What is wrong with a schema as a schema."""
    formal = checking.flaws(schema, place)
    yield from ((problem.path, problem.message) for problem in formal)
    for path, entry in _schemas(schema, place):
        yield from _unknown_words(path, entry)
        yield from _impossible(path, entry)
        if isinstance(pattern := entry.get("pattern"), str) and not patterns.is_linear(pattern):
            yield f"{path}.pattern", _UNTRIED
        if not formal:  # else nothing can be checked against it
            yield from _unfit_values(path, entry)


def _schemas(schema: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The schema and every schema inside it, with their paths."""
    if not isinstance(schema, Mapping):
        return
    yield path, schema
    for keyword in _ONE:
        yield from _schemas(schema.get(keyword), f"{path}.{keyword}")
    for keyword in _LISTS:
        for index, entry in enumerate(_list(schema.get(keyword))):
            yield from _schemas(entry, f"{path}.{keyword}.{index}")
    for keyword in _NAMED:
        for name, entry in _mapping(schema.get(keyword)).items():
            yield from _schemas(entry, f"{path}.{keyword}.{name}")


def _list(value: Any) -> list[Any]:
    """The list that is meant; what is none is told by the schema of schemas."""
    return value if isinstance(value, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _unknown_words(path: str, schema: Mapping[str, Any]) -> Iterator[Flaw]:
    known = _KEYWORDS | OWN_WORDS
    for word in schema:
        if word not in known and not word.startswith("x-"):
            message = "is neither a word of JSON Schema nor of specs, and would be ignored"
            yield f"{path}.{word}", message + nearest(word, sorted(known))


def _impossible(path: str, schema: Mapping[str, Any]) -> Iterator[Flaw]:
    yield from _crossed(path, schema, _LIMITS)
    yield from _crossed(f"{path}.file", _mapping(schema.get("file")), _FILE_LIMITS)


def _crossed(path: str, limits: Any, pairs: tuple[tuple[str, str], ...]) -> Iterator[Flaw]:
    for low, high in pairs:
        ends = limits.get(low), limits.get(high)
        if all(isinstance(end, int | float) for end in ends) and ends[0] > ends[1]:
            yield f"{path}.{low}", f"is {limits[low]}, and {high} is {limits[high]}; no value can meet both"


def _unfit_values(path: str, schema: Mapping[str, Any]) -> Iterator[Flaw]:
    """A default or an example that its own schema refuses."""
    values = [(f"{path}.default", schema["default"])] if "default" in schema else []
    values += [(f"{path}.examples.{index}", value) for index, value in enumerate(schema.get("examples", ()))]
    if values:
        checker = checking.Checker(schema)
        yield from (
            (each.path, each.message) for place, value in values for each in checker.problems(value, place)
        )


def _named(schema: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every name that a condition or a requirement is about, with its path."""
    if not isinstance(schema, Mapping):
        return
    for index, name in enumerate(_list(schema.get("required"))):
        yield f"{path}.required.{index}", name
    for name in _mapping(schema.get("properties")):
        yield f"{path}.properties.{name}", name
    for given, names in _mapping(schema.get("dependentRequired")).items():
        yield f"{path}.dependentRequired.{given}", given
        yield from (
            (f"{path}.dependentRequired.{given}.{index}", name) for index, name in enumerate(_list(names))
        )
    for keyword in ("not", "if", "then", "else"):
        yield from _named(schema.get(keyword), f"{path}.{keyword}")
    for keyword in ("allOf", "anyOf", "oneOf"):
        for index, entry in enumerate(_list(schema.get(keyword))):
            yield from _named(entry, f"{path}.{keyword}.{index}")
    for given, entry in _mapping(schema.get("dependentSchemas")).items():
        yield from _named(entry, f"{path}.dependentSchemas.{given}")


def _unfit_words(inputs: Mapping[str, Any], entry: Mapping[str, Any], path: str, noun: str) -> Iterator[Flaw]:
    """The words that specs add, where what they are about is not there."""
    masked = entry.get("mask_of")
    if masked is not None and masked not in inputs:
        yield f"{path}.mask_of", f"{masked!r} is not {noun}{nearest(str(masked), inputs)}"
    elif masked is not None and _mapping(inputs[masked]).get("format") != "binary":
        yield f"{path}.mask_of", f"{masked} is not a file, so nothing can be a mask of it"
    grown = entry.get("mask_grown_by")
    if grown is not None and grown not in inputs:
        yield f"{path}.mask_grown_by", f"{grown!r} is not {noun}{nearest(str(grown), inputs)}"
    if entry.get("open") and "enum" not in entry:
        yield f"{path}.open", "opens an enum, and there is none"
