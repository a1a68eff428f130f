"""What passes the quick tests is right; whatever they are not sure of is left to jsonschema."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from connector.spec import loader, yaml_lines
from connector.spec.schema import fast_path
from connector.spec.schema.validator import flaws

_META = Draft202012Validator(Draft202012Validator.META_SCHEMA, format_checker=FormatChecker(("regex",)))
_SHIPPED = loader.default_folder()
_ODD = (
    None,
    True,
    0,
    -1,
    1.5,
    float("nan"),
    "",
    "object",
    "(",
    [],
    ["a", "a"],
    [1],
    [{"type": "x"}],
    {},
    {"a": 1},
)
_EVERY_WORD = {
    "type": ["object", "null"], "title": "t", "description": "d", "default": None, "const": 1, "enum": [1, 1],
    "examples": [1], "format": "date", "pattern": "^a", "required": ["a"], "uniqueItems": True,
    "deprecated": False, "readOnly": False, "writeOnly": True, "multipleOf": 2,
    "minimum": 1, "maximum": 2.5, "exclusiveMinimum": 0, "exclusiveMaximum": 9,
    "minLength": 0, "maxLength": 1, "minItems": 0, "maxItems": 1, "minProperties": 0, "maxProperties": 1,
    "properties": {"a": {"type": "string"}, "b": True}, "additionalProperties": {"type": "integer"},
    "items": {"type": "array", "items": False}, "not": {"type": "null"},
    "if": {}, "then": {"required": ["b"]}, "else": True,
    "allOf": [{"minLength": 1}], "anyOf": [{}], "oneOf": [{"open": True, "enum": ["a"]}],
}  # fmt: skip


def _twisted(value: Any) -> Iterator[Any]:
    """The value with each of its parts replaced by each odd thing in turn."""
    yield from _ODD
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for at, part in parts:
        for other in _twisted(part):
            whole = deepcopy(value)
            whole[at] = other
            yield whole


def test_a_twisted_schema_never_passes_where_jsonschema_refuses_it() -> None:
    """Every word, and every part of each, replaced by what does not belong there."""
    every = [*_twisted(_EVERY_WORD)]
    passed = [each for each in every if fast_path.is_schema(each)]
    assert 100 < len(passed) < len(every) / 2
    assert [each for each in passed if not _META.is_valid(each)] == []


@pytest.mark.parametrize("word", ["$ref", "$defs", "propertyNames", "x-note", "tpye", "dependentRequired"])
def test_a_word_that_is_not_known_to_it_is_jsonschemas(word: str) -> None:
    """Also where it is right, and however deep it stands."""
    assert not fast_path.is_schema({"properties": {"a": {"items": {word: {}}}}})


def test_what_people_write_passes() -> None:
    """So that it is worth it: the inputs of the shipped actions, and every word that is known."""
    assert fast_path.is_schema(_EVERY_WORD)
    files = sorted((_SHIPPED / "actions").glob("*.yaml"))
    inputs = [yaml_lines.read(path).value["inputs"] for path in files]
    assert [each for each in inputs if flaws(each)] == []
    assert sum(map(fast_path.is_schema, inputs)) > len(inputs) * 0.8


@pytest.mark.parametrize("word", ["minimum", "maximum", "exclusiveMinimum", "multipleOf"])
@pytest.mark.parametrize("bound", [float("nan"), float("inf"), True])
def test_a_bound_that_is_no_number_is_left_to_judge(word: str, bound: Any) -> None:
    """YAML can spell it, and JSON cannot."""
    assert not fast_path.is_schema({word: bound})


@pytest.mark.parametrize(
    ("entry", "passes", "stays"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 3}, [1, 2, 3], [0, 4, 1.0, 2.5, True, "1"]),
        ({"type": "number", "minimum": 1, "maximum": 3}, [1, 1.0, 3], [0.999, 3.001, True, float("nan")]),
        ({"type": "number"}, [0, -1.5, 1e308], [float("nan"), False, None]),
        ({"type": "string", "minLength": 1, "maxLength": 3}, ["a", "abc"], ["", "abcd", b"ab", None]),
        ({"type": "string", "enum": ["a", "b"]}, ["a", "b"], ["c", "", ["a"]]),
        ({"type": "boolean"}, [True, False], [0, 1, "true", None]),
    ],
)
def test_what_surely_is_right_and_what_is_left_to_judge(entry: Any, passes: Any, stays: Any) -> None:
    """The bounds are within, truth is no number, and whole is what is written whole."""
    test = fast_path.right({"type": "object", "properties": {"a": entry}})
    assert [value for value in passes if not test({"a": value})] == []
    assert [value for value in stays if test({"a": value})] == []


def test_an_infinity_is_never_surely_a_number() -> None:
    """However open the bounds are."""
    test = fast_path.right({"type": "object", "properties": {"a": {"type": "number"}}})
    assert not test({"a": float("inf")})
    assert not test({"a": float("-inf")})


def test_what_only_looks_like_an_object_is_left_to_judge() -> None:
    """A dictionary of another kind may say whatever it likes."""

    class Other(dict[str, Any]):
        pass

    test = fast_path.right({"type": "object", "properties": {}})
    assert test({})
    assert not test(Other())


@pytest.mark.parametrize("pattern", ["(" * 5000 + ")" * 5000, "a{99999999999}", "(", "[z-a]"])
def test_an_expression_that_cannot_be_compiled_is_left_to_judge(pattern: str) -> None:
    """In whichever way it fails."""
    assert not fast_path.is_schema({"pattern": pattern})
