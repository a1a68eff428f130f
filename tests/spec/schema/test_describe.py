"""An input in words, as help and forms say them."""

import pytest

from connector.spec.schema import describe

FILE = {"type": "string", "format": "binary"}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({}, ""),
        ({"minimum": 0, "maximum": 20, "unit": "pixels"}, "0 to 20 pixels"),
        ({"minimum": 1}, "from 1"),
        ({"maximum": 4294967294}, "up to 4,294,967,294"),
        ({"unit": "seconds"}, "in seconds"),
        ({"exclusiveMinimum": 0, "exclusiveMaximum": 1}, "above 0, below 1"),
        ({"multipleOf": 8}, "a multiple of 8"),
        ({"minLength": 1}, ""),
        ({"minLength": 1, "maxLength": 10000}, "1 to 10,000 characters"),
        ({"minLength": 64, "maxLength": 64}, "64 characters"),
        ({"minItems": 2}, "from 2 entries"),
        (
            {"file": {"formats": ["jpeg", "png", "webp"], "min_side": 64, "max_bytes": 10485760}},
            "JPEG, PNG or WebP, each side from 64 pixels, up to 10 MiB",
        ),
        (
            {"file": {"min_aspect": 0.4, "max_aspect": 2.5, "min_pixels": 4096}},
            "from 4096 pixels in all, width/height 0.4 to 2.5",
        ),
        (
            {"file": {"dimensions": ["768x768"], "max_seconds": 190}},
            "up to 190 seconds long, exactly 768x768",
        ),
        ({"enum": ["a"], "pattern": "^a$"}, ""),
    ],
)
def test_limits_are_a_few_words_each(schema, said):
    """How much, how long, how large; a form shows choices and patterns in its own way."""
    assert ", ".join(describe.limits(schema)) == said


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "integer", "minimum": 0, "default": 0}, "whole number, from 0; default 0"),
        ({"type": "boolean", "default": False}, "true or false; default false"),
        ({"type": "string", "enum": ["png", "webp"]}, "one of png, webp"),
        ({"enum": ["large"], "open": True}, "such as large"),
        ({"type": "string", "maxLength": 9, "pattern": "^#"}, "text, up to 9 characters, like ^#"),
        ({**FILE, "pattern": "^#"}, "file"),
        ({"type": "array", "items": FILE}, "list of file"),
        ({"type": ["integer", "null"]}, "whole number or nothing"),
        ({}, "JSON"),
    ],
)
def test_a_whole_input_is_one_line(schema, said):
    """What it is or can be, its limits, its pattern and its default."""
    assert describe.whole(schema) == said


@pytest.mark.parametrize(
    ("value", "typed"),
    [("a b", "a b"), (0.5, "0.5"), (True, "true"), (None, "null"), ({"a": "\u00e9"}, '{"a": "\u00e9"}')],
)
def test_a_value_is_shown_as_it_is_typed(value, typed):
    """So that it can be given back."""
    assert describe.plain(value) == typed
