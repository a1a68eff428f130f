"""The reference of spec files is made from the schemas, which describe every word."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))
import spec_reference

WORDS = spec_reference.words()


def test_the_page_is_as_the_schemas_are():
    """`make spec-reference` makes it."""
    assert spec_reference.PAGE.read_text("utf-8") == spec_reference.page()


@pytest.mark.parametrize("file", WORDS)
def test_every_word_has_a_meaning(file):
    """An author need not read code to know what a word does."""
    assert [word.name for word in WORDS[file] if not spec_reference.meaning(word.schema)] == []


def test_what_the_shipped_specs_say_is_in_it():
    """Words below each other, mappings by names of the author's, lists and forms are all walked through."""
    told = {word.name for found in WORDS.values() for word in found}
    assert told >= {
        "connection.auth.client_secret",
        "environments.NAME.billed",
        "outcomes[].when.status",
        "inputs.properties.NAME.file.max_pixels",
        "request.body.fields",
        "credits.values",
        "steps[].for_each",
        "steps[].inputs.tiles[].picture",
    }
