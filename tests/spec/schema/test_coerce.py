"""Texts become values, by the JSON Schema of each."""

import pytest

from connector.spec.schema import coerce

NUMBERS = {"type": "array", "items": {"type": "integer"}}


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "string"}, "007", "007"),
        ({"type": "integer"}, "-7", -7),
        ({"type": "integer"}, "7.5", "7.5"),
        ({"type": "integer"}, "7.0", 7),
        ({"type": "integer"}, "1E+05", 100_000),
        ({"type": "integer"}, "-2.50e1", -25),
        ({"type": "integer"}, "1e999", "1e999"),
        ({"type": "integer"}, "1e17", "1e17"),
        ({"type": ["integer", "null"]}, "4294967294.0", 4_294_967_294),
        ({"type": "number"}, "7.0", 7.0),
        ({"type": "string"}, "1E+05", "1E+05"),
        ({"type": "integer"}, "1" * 101, "1" * 101),
        ({"type": "number"}, "7", 7),
        ({"type": "number"}, ".5e3", 500.0),
        ({"type": "number"}, "nan", "nan"),
        ({"type": "boolean"}, "Yes", True),
        ({"type": "boolean"}, "off", False),
        ({"type": "boolean"}, "maybe", "maybe"),
        ({"type": ["integer", "null"]}, "null", None),
        ({"type": ["string", "integer"]}, "7", "7"),
        ({"type": ["boolean", "integer"]}, "7", 7),
        ({"type": "object"}, "[1]", "[1]"),
        ({"enum": [1, 2]}, "2", 2),
        ({"enum": [1, 2]}, "3", "3"),
        ({}, "[1", "[1"),
        ({}, "[1]", [1]),
        ({}, "null", None),
        ({}, "NaN", "NaN"),
        ({}, "[" * 100_000, "[" * 100_000),
    ],
)
def test_a_text_becomes_what_the_schema_asks_for(schema, text, value):
    """By its type; what cannot stays text, for the checker to name."""
    found = coerce.value(schema, text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("given", "value"),
    [(["1", "x"], [1, "x"]), (["[1, 2]", "3"], [1, 2, 3]), (["[1"], ["[1"]), ([], []), (["[]"], [])],
)
def test_a_list_is_made_of_items_and_of_lists(given, value):
    """One by one, as JSON, or both."""
    assert coerce.listed(NUMBERS, given, coerce.value) == value


def test_an_entry_has_the_schema_of_its_name():
    """Or that of all others, or none."""
    schema = {"properties": {"a": {"type": "integer"}}, "additionalProperties": {"type": "number"}}
    assert [coerce.entry(schema, name) for name in "ab"] == [{"type": "integer"}, {"type": "number"}]
    assert coerce.entry({"additionalProperties": False}, "a") == {}
