"""The fast path: quick tests that let pass only what is right beyond doubt; jsonschema judges all else.

Most actions take an object of plain values, and mostly they are right; most schemas are made of a few words,
which hold what they should. Then this is twenty times as fast, and jsonschema, which takes as long to
import as httpx, stays unimported.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any
from unicodedata import category

from connector.spec.schema.patterns import is_expression

Test = Callable[[Any], bool]

# The words that specs add to JSON Schema, in an action's inputs and in a credential's fields.
_OF_MASKS = ("mask_of", "mask_selects", "mask_default", "mask_grown_by", "mask_hint")
OWN_WORDS = frozenset(("open", "unit", "widget", "visible", "file", "secret", "help", "variable", *_OF_MASKS))

_NOT_A_FILE = (bool, int, float, type(None), list)


def right(schema: Mapping[str, Any]) -> Test:
    """Whether a value is surely right by the schema of an object."""
    if schema.keys() - _PLAIN_OBJECT or schema.get("type") != "object":
        return _never
    tests = {name: _value_test(entry) for name, entry in schema.get("properties", {}).items()}
    required = tuple(schema.get("required", ()))

    def test(value: Any) -> bool:
        return (
            type(value) is dict
            and all(name in value for name in required)
            and all(tests.get(name, _never)(entry) for name, entry in value.items())
        )

    return test


def _value_test(entry: Any) -> Test:
    words = entry.keys() - _NOTES if isinstance(entry, Mapping) else None
    for make, kind, known in _VALUE_TESTS:
        if words is not None and entry.get("type") == kind and words <= known:
            return make(entry)
    return _never


def _never(value: Any) -> bool:
    return False


def _text_test(entry: Mapping[str, Any]) -> Test:
    least, most, known = entry.get("minLength", 0), entry.get("maxLength", math.inf), entry.get("enum")
    is_fit = is_visible if entry.get("visible") else _any
    return lambda value: (
        (type(value) is str and least <= len(value) <= most and (known is None or value in known))
        and is_fit(value)
    )


def _number_test(entry: Mapping[str, Any]) -> Test:
    least, most = entry.get("minimum", -math.inf), entry.get("maximum", math.inf)
    kinds = (int,) if entry["type"] == "integer" else (int, float)
    # No bound lets an infinity pass: JSON has none.
    return lambda value: type(value) in kinds and least <= value <= most and -math.inf < value < math.inf


def _truth_test(entry: Mapping[str, Any]) -> Test:
    return lambda value: type(value) is bool


def _file_test(entry: Mapping[str, Any]) -> Test:
    return lambda value: is_file(entry, value)


# Control and format characters, and the spaces and breaks between words and lines.
_INVISIBLE = frozenset(("Cc", "Cf", "Zs", "Zl", "Zp"))


def is_visible(text: str) -> bool:
    """Whether a reader sees anything of a text."""
    return any(category(each) not in _INVISIBLE for each in text)


def is_file(schema: Mapping[str, Any], value: Any) -> bool:
    """Files are whatever ``media`` takes: a path, bytes, an open file, an earlier result."""
    return schema.get("format") == "binary" and not isinstance(value, _NOT_A_FILE)


_PLAIN_OBJECT = frozenset({"type", "properties", "required", "additionalProperties", "title", "description"})
# Words that say nothing of what is right: with `open`, what an enum does not list is jsonschema's again.
_NOTES = frozenset({"title", "description", "default", "examples", *OWN_WORDS - {"visible", "secret"}})
_VALUE_TESTS: tuple[tuple[Callable[[Mapping[str, Any]], Test], str, frozenset[str]], ...] = (
    (_text_test, "string", frozenset({"type", "enum", "minLength", "maxLength", "visible"})),
    (_file_test, "string", frozenset({"type", "format"})),
    (_number_test, "integer", frozenset({"type", "minimum", "maximum"})),
    (_number_test, "number", frozenset({"type", "minimum", "maximum"})),
    (_truth_test, "boolean", frozenset({"type"})),
)


def is_schema(value: Any) -> bool:
    """Whether a value is surely a schema of draft 2020-12: known words, each with what it takes."""
    if type(value) is not dict:
        return type(value) is bool
    return all(_WORDS.get(word, _never)(entry) for word, entry in value.items())


def _any(value: Any) -> bool:
    return True


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_truth(value: Any) -> bool:
    return type(value) is bool


def _is_list(value: Any) -> bool:
    return type(value) is list


def _is_number(value: Any) -> bool:
    return type(value) is int or (type(value) is float and math.isfinite(value))


def _is_step(value: Any) -> bool:
    return _is_number(value) and value > 0


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _are_names(value: Any) -> bool:
    return type(value) is list and all(map(_is_text, value)) and len(set(value)) == len(value)


def _are_kinds(value: Any) -> bool:
    return value in _KINDS if type(value) is str else bool(value) and _are_names(value) and {*value} <= _KINDS


def _are_schemas(value: Any) -> bool:
    return type(value) is list and value != [] and all(map(is_schema, value))


def _are_properties(value: Any) -> bool:
    return type(value) is dict and all(map(is_schema, value.values()))


_KINDS = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_WORDS: Mapping[str, Test] = {
    "type": _are_kinds,
    "properties": _are_properties,
    "required": _are_names,
    **dict.fromkeys(("items", "additionalProperties", "not", "if", "then", "else"), is_schema),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), _are_schemas),
    **dict.fromkeys(("enum", "examples"), _is_list),
    **dict.fromkeys(("title", "description", "format"), _is_text),
    "pattern": lambda value: type(value) is str and is_expression(value),
    **dict.fromkeys(("uniqueItems", "deprecated", "readOnly", "writeOnly"), _is_truth),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _is_number),
    "multipleOf": _is_step,
    **dict.fromkeys(
        ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _is_count
    ),
    # JSON Schema takes anything for these, and specs' own words are none of it.
    **dict.fromkeys(("default", "const"), _any),
    **dict.fromkeys(OWN_WORDS, _any),
}
