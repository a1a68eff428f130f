"""Templates are the author's; what a caller gives only ever fills a hole."""

import contextlib

import pytest

from connector.spec.segments import Segments, TemplateError
from connector.spec.template import MISSING, Template, fill, fill_all, is_template, references

GIVEN = {"inputs": {"prompt": "a {{ 7*7 }} cat", "seed": 0, "flag": False, "items": [1, 2], "id": "a b"}}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain", "plain"),
        ("{{ inputs.prompt }}", "a {{ 7*7 }} cat"),
        ("{{ inputs.seed }}", 0),
        ("{{ inputs.flag }}", False),
        ("{{ inputs.items }}", [1, 2]),
        ("{{ inputs['seed'] }}", 0),
        ("say {{ inputs.prompt }}!", "say a {{ 7*7 }} cat!"),
        ("{{ inputs.absent }}", MISSING),
        ("x-{{ inputs.absent }}", MISSING),
        ("{{ inputs.absent | default('GET') }}", "GET"),
        ("{{ inputs.seed | default(5) }}", 0),
        ("{{ 17 + 0.06 * (inputs.steps | default(50)) }}", 20.0),
        ("{% if inputs.flag %}yes{% else %}no{% endif %}", "no"),
    ],
)
def test_a_hole_is_filled_as_it_is(text, filled):
    """A lone hole keeps its type, a missing one leaves the entry out, and caller's text is not rendered."""
    assert fill(text, GIVEN) == filled
    assert type(fill(text, GIVEN)) is type(filled)


def test_what_is_missing_is_left_out_of_mappings_and_lists():
    """An entry whose hole has no value does not appear; zero and false do."""
    value = {
        "a": "{{ inputs.seed }}",
        "b": "{{ inputs.absent }}",
        "c": ["{{ inputs.flag }}", "{{ inputs.no }}"],
    }
    assert fill_all(value, GIVEN) == {"a": 0, "c": [False]}


def test_values_are_encoded_for_their_place():
    """The encoder sees each hole's value and no text of the author's."""
    assert fill("/x/{{ inputs.id }}/y", GIVEN, lambda value: value.replace(" ", "%20")) == "/x/a%20b/y"
    assert fill("/x/{{ inputs.id | upper }}", GIVEN, lambda value: value.replace(" ", "%20")) == "/x/A%20B"


def test_the_path_filter_marks_several_segments():
    """The encoder can tell a path from a segment."""
    kinds = []
    fill("{{ inputs.id | path }}", GIVEN, lambda value: kinds.append(type(value)) or "")
    assert kinds == [Segments]


def test_references_name_what_a_template_uses():
    """Dotted names are found in plain holes, expressions and nested values alike."""
    value = {"a": "{{ inputs.x }}", "b": ["{{ inputs.y | default(credential.z) }}"], "c": 5}
    assert references(value) == {"inputs.x", "inputs.y", "credential.z"}


@pytest.mark.parametrize("text", ["{{ inputs.x", "{% if %}", "{{ inputs.x | nosuch }}", "{{ }}"])
def test_a_broken_template_says_so_when_it_is_read(text):
    """Authors hear of it before any call."""
    with pytest.raises(TemplateError):
        Template(text)


@pytest.mark.parametrize(
    "text",
    ["{{ ''.__class__.__mro__ }}", "{{ inputs.__class__ }}", "{{ inputs.items.append(3) }}", "{{ 1 / 0 }}"],
)
def test_the_sandbox_holds(text):
    """Neither Python's insides nor the caller's own lists can be reached."""
    with contextlib.suppress(TemplateError):
        assert fill(text, GIVEN) is MISSING
    assert GIVEN["inputs"]["items"] == [1, 2]


def test_only_text_with_a_hole_is_a_template():
    """Numbers and plain text are none."""
    assert [is_template(value) for value in ("{{ a.b }}", "plain", 5, "{% if a %}")] == [
        True,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in range(10**9) %}{% endfor %}",
        "{{ 'x'.ljust(10**10) }}",
        "{{ range(10**5) | list }}",
        "{{ 'x' | center(10**10) }}",
        "{{ lipsum(n=10**6) }}",
        "{{ ''.__class__.__mro__ }}{{ self._TemplateReference__context() }}",
        "{{ '' | attr('__class__') }}",
        "{% include 'x' %}",
        "{% macro a() %}{% endmacro %}",
        "{% set a = 1 %}",
        "{{" + "(" * 3000 + "1" + ")" * 3000 + "}}",
    ],
    ids=lambda text: text[:30],
)
def test_a_template_that_might_not_end_cannot_be_read(text):
    """Nor one that looks behind what it is given; the check of a folder tells so."""
    with pytest.raises(TemplateError):
        Template(text)


@pytest.mark.parametrize(
    "text",
    [
        "{{ 'x' * 10**9 }}",
        "{{ [0] * 10**9 }}",
        "{{ 9**99 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ 1.5 ** 99 }}",
    ],
)
def test_a_template_cannot_make_much_of_little(text):
    """Reckoning is for numbers of a usual size."""
    with pytest.raises(TemplateError):
        fill(text, {})
