"""The schemas that authors write are sound: real keywords, names that are there, limits that can be met."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connector.checks.subject import Subject
from connector.errors import Problem
from connector.loader import Loaded
from connector.names import nearest
from connector.schema import Checker, flaws

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
# The words that specs add to JSON Schema, in an action's inputs and in a credential's fields.
_OWN = frozenset({"open", "unit", "widget", "mask_of", "file", "secret", "help", "variable"})

_ONE = ("items", "contains", "not", "if", "then", "else", "additionalProperties", "propertyNames")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
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


def _sound(subject: Subject) -> Iterator[Problem]:
    schemas = {"inputs": subject.action.inputs, "output.schema": subject.action.output.schema}
    for place, schema in schemas.items():
        if schema is not None:
            for path, message in _unsound(schema, place):
                yield subject.problem(path, message)


def _sound_credential(loaded: Loaded) -> Iterator[Problem]:
    if loaded.integration is None:
        return
    credential = loaded.integration.credential
    for path, message in _unsound(credential, "connection.credential"):
        yield loaded.manifest.problem(path, message)
    for index, name in enumerate(credential.get("required", ())):
        if name not in credential["properties"]:
            message = f"{name!r} is not a field of the credential{nearest(name, credential['properties'])}"
            yield loaded.manifest.problem(f"connection.credential.required.{index}", message)


def _unsound(schema: Mapping[str, Any], place: str) -> Iterator[tuple[str, str]]:
    """What is wrong with a schema as a schema."""
    formal = flaws(schema, place)
    yield from ((problem.path, problem.message) for problem in formal)
    for path, entry in _schemas(schema, place):
        yield from _unknown_words(path, entry)
        yield from _impossible(path, entry)
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


def _unknown_words(path: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    known = _KEYWORDS | _OWN
    for word in schema:
        if word not in known and not word.startswith("x-"):
            message = "is neither a word of JSON Schema nor of specs, and would be ignored"
            yield f"{path}.{word}", message + nearest(word, sorted(known))


def _impossible(path: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _crossed(path, schema, _LIMITS)
    yield from _crossed(f"{path}.file", _mapping(schema.get("file")), _FILE_LIMITS)


def _crossed(path: str, limits: Any, pairs: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
    for low, high in pairs:
        ends = limits.get(low), limits.get(high)
        if all(isinstance(end, int | float) for end in ends) and ends[0] > ends[1]:
            yield f"{path}.{low}", f"is {limits[low]}, and {high} is {limits[high]}; no value can meet both"


def _unfit_values(path: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A default or an example that its own schema refuses."""
    values = [(f"{path}.default", schema["default"])] if "default" in schema else []
    values += [(f"{path}.examples.{index}", value) for index, value in enumerate(schema.get("examples", ()))]
    if values:
        checker = Checker(schema)
        yield from (
            (each.path, each.message) for place, value in values for each in checker.problems(value, place)
        )


def _names(subject: Subject) -> Iterator[Problem]:
    """Conditions and requirements are about inputs that are there."""
    for path, name in _named(subject.action.inputs, "inputs"):
        if isinstance(name, str) and name not in subject.action.parameters:
            yield subject.problem(path, subject.unknown_input(name))


def _named(schema: Any, path: str) -> Iterator[tuple[str, str]]:
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


def _masks(subject: Subject) -> Iterator[Problem]:
    for name, entry in subject.action.parameters.items():
        masked = entry.get("mask_of")
        path = f"inputs.properties.{name}.mask_of"
        if masked is None:
            continue
        if masked not in subject.action.parameters:
            yield subject.problem(path, subject.unknown_input(masked))
        elif masked not in subject.action.files:
            yield subject.problem(path, f"{masked} is not a file, so nothing can be a mask of it")


def _open_without_enum(subject: Subject) -> Iterator[Problem]:
    for name, entry in subject.action.parameters.items():
        if entry.get("open") and "enum" not in entry:
            yield subject.problem(f"inputs.properties.{name}.open", "opens an enum, and there is none")


OF_ACTIONS = (_sound, _names, _masks, _open_without_enum)
OF_FOLDERS = (_sound_credential,)
