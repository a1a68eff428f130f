"""Values are checked, and every problem is a sentence at its path."""

from __future__ import annotations

import io
import math
import random
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from connector.errors import SpecError
from connector.spec import yaml_lines
from connector.spec.schema.validator import Checker, defaults

ROOT = Path(__file__).parents[3]
CASES = Path(__file__).parents[2] / "cases" / "schema" / "inputs.yaml"


def _cases() -> list[Any]:
    groups = yaml_lines.read(CASES).value
    return [
        pytest.param(group["schema"], case["given"], case["problems"], id=f"{at}-{case['given']}"[:60])
        for at, group in enumerate(groups)
        for case in group["values"]
    ]


@pytest.mark.parametrize(("schema", "given", "problems"), _cases())
def test_each_problem_is_named_by_its_path_and_told_in_a_sentence(
    schema: Any, given: Any, problems: list[list[str]]
) -> None:
    """All problems are found at once; none is told twice."""
    found = [[problem.path, problem.message] for problem in Checker(schema).problems(given)]

    assert sorted(found) == sorted(problems)


@pytest.mark.parametrize("file", [io.BytesIO(b"x"), Path("a.png"), b"x", object(), {"base64": "eA=="}])
def test_a_file_can_be_anything_that_may_hold_one(file: Any) -> None:
    """What a file is and whether it fits is for media to say."""
    checker = Checker({"properties": {"image": {"type": "string", "format": "binary", "minLength": 9}}})

    assert checker.problems({"image": file}) == []


def test_what_is_no_json_is_no_text_elsewhere() -> None:
    """Only the inputs that take a file take an object."""
    [problem] = Checker({"properties": {"name": {"type": "string"}}}).problems({"name": b"x"})

    assert (problem.path, problem.message) == ("name", "must be text, not a bytes")


@pytest.mark.parametrize(
    "entry", [{"type": "strnig"}, {"type": "string", "minLength": "5"}, {"pattern": "("}]
)
def test_a_schema_that_is_none_is_its_authors_to_mend(entry: Any) -> None:
    """Whatever jsonschema stumbles over, the author is told where."""
    with pytest.raises(SpecError, match=r"properties\.a\.") as caught:
        Checker({"properties": {"a": entry}}).problems({"a": "text"})

    assert caught.value.__cause__ is not None


def test_an_open_enum_lets_an_unknown_value_pass_with_a_warning() -> None:
    """The nearest known value is told, at whatever depth."""
    model = {"type": "string", "enum": ["large", "medium"], "open": True}
    checker = Checker({"properties": {"model": model, "models": {"type": "array", "items": model}}})

    found = checker.problems({"model": "larg", "models": ["medium", "tiny"]})

    assert [(problem.path, problem.severity) for problem in found] == [
        ("model", "warning"),
        ("models.1", "warning"),
    ]
    assert "did you mean 'large'?" in found[0].message


def test_paths_begin_with_the_prefix() -> None:
    """The same checker serves arguments and whatever holds them."""
    [problem] = Checker({"properties": {"a": {"type": "integer"}}}).problems({"a": "x"}, "inputs")

    assert problem.path == "inputs.a"


def test_a_long_value_is_shortened() -> None:
    """A megabyte that was pasted into the wrong field is not printed."""
    [problem] = Checker({"properties": {"a": {"type": "integer"}}}).problems({"a": "x" * 1_000_000})

    assert len(problem.message) < 200


# Each with what makes jsonschema, and not the quick test, judge it.
NUMBERS = [
    {"type": "number"},
    {"type": "number", "multipleOf": 0.5},
    {"type": "number", "minimum": 0},
    {"type": ["number", "null"]},
    {"type": "integer"},
    {"type": "integer", "multipleOf": 1},
]


@pytest.mark.parametrize("schema", NUMBERS, ids=str)
@pytest.mark.parametrize(
    "given", [math.nan, math.inf, -math.inf, True, False, Decimal(1), Fraction(1, 2), 1j]
)
def test_what_json_has_no_number_for_is_none(schema: Any, given: Any) -> None:
    """Neither NaN and the infinities, nor truth, nor what else Python reckons with."""
    for checker in (Checker({"type": "object", "properties": {"n": schema}}), Checker(_deep(schema))):
        [problem] = checker.problems({"n": given})
        assert problem.path == "n"
        assert problem.message.startswith("must be a")


@pytest.mark.parametrize("schema", NUMBERS, ids=str)
@pytest.mark.parametrize("given", [0, 1, 10**30, 2.0, -0.0, 1e300])
def test_what_json_has_is_one(schema: Any, given: Any) -> None:
    """Also where it is whole by its value alone, and however large."""
    for checker in (Checker({"type": "object", "properties": {"n": schema}}), Checker(_deep(schema))):
        assert checker.problems({"n": given}) == []


def _deep(schema: Any) -> Any:
    """The same, so that the quick test passes it on."""
    return {"allOf": [{"properties": {"n": schema}}]}


@pytest.mark.parametrize(
    ("form", "right", "wrong"),
    [
        ("date", "2025-07-24", "24.7.2025"),
        ("regex", "^a", "("),
        ("email", "a@b", "ab"),
        ("uuid", "2f1b9f6e-6d7c-4a3e-9f54-6f1d2f1b9f6e", "2f1b"),
        ("ipv4", "127.0.0.1", "127.0.0.256"),
        ("uri", "https://x.example/a", "x.example/a"),
        ("uri", "urn:a", "https://x.example/a b"),
        ("uri", "mailto:a@b", "http://[::1"),
    ],
)
def test_these_formats_are_more_than_a_note(form: str, right: str, wrong: str) -> None:
    """They are judged of a text, and of nothing else."""
    checker = Checker({"properties": {"a": {"format": form}}})

    assert checker.problems({"a": right}) == checker.problems({"a": 7}) == []
    assert [problem.path for problem in checker.problems({"a": wrong})] == ["a"]


@pytest.mark.parametrize("form", ["date-time", "hostname", "ipv6", "made-up"])
def test_every_other_format_is_a_note(form: str) -> None:
    """It must not depend on what else is installed."""
    assert Checker({"properties": {"a": {"format": form}}}).problems({"a": "no such thing"}) == []


def test_a_name_that_fits_a_pattern_is_known() -> None:
    """Where others are not."""
    checker = Checker({"patternProperties": {"^x-": {"type": "string"}}, "additionalProperties": False})

    assert checker.problems({"x-a": "1"}) == []
    assert Checker({"additionalProperties": {}}).problems({"x-a": "1"}) == []
    assert [problem.path for problem in checker.problems({"x-a": 1, "y": 1})] == ["x-a", "y"]


def test_what_is_wrong_twice_over_is_told_once() -> None:
    """Such as by two conditions that say the same."""
    checker = Checker({"allOf": [{"required": ["a"]}, {"required": ["a"]}]})

    assert [problem.path for problem in checker.problems({})] == ["a"]


def test_an_open_enum_within_a_condition_is_open_too() -> None:
    """Open is what says that it is true, and nothing like it."""
    model = {"enum": ["large"], "open": True}

    [problem] = Checker({"allOf": [{"properties": {"model": model}}]}).problems({"model": "x"})
    assert problem.severity == "warning"
    [problem] = Checker({"properties": {"model": {**model, "open": "yes"}}}).problems({"model": "x"})
    assert problem.severity == "error"


def test_a_path_through_the_first_of_a_list_names_it() -> None:
    """Nought is a place."""
    [problem] = Checker({"items": {"type": "string"}}).problems([7], "names")

    assert problem.path == "names.0"


def test_a_condition_of_the_whole_has_its_defaults() -> None:
    """As one among several has; what is no object has none."""
    schema = {
        "if": {"required": ["a"]},
        "then": {"properties": {"b": {"default": 1}, "c": True}},
        "else": False,
    }

    assert defaults(schema, {"a": 1}) == {"b": 1}
    assert defaults(schema, {}) == {}


def test_defaults_are_those_of_the_branch_that_holds() -> None:
    """A condition's default comes before the general one; what is given has none."""
    schema = {
        "properties": {
            "model": {"default": "two"},
            "steps": {"default": 20},
            "scale": {},
            "seed": {"default": 0},
        },
        "allOf": [
            {
                "if": {"required": ["model"], "properties": {"model": {"const": "one"}}},
                "then": {"properties": {"steps": {"default": 8}}},
                "else": {"properties": {"scale": {"default": 7}}},
            }
        ],
    }

    assert defaults(schema, {"seed": 3}) == {"model": "two", "steps": 20, "scale": 7}
    assert defaults(schema, {"model": "one"}) == {"steps": 8, "seed": 0}
    assert defaults(schema, {"model": "one", "steps": 0}) == {"seed": 0}


def _values(name: str, entry: Any, chance: random.Random) -> Any:
    """Something that fits the input, or nearly, or not at all."""
    given = [*entry.get("enum", ()), entry.get("minimum"), entry.get("maximum"), entry.get("default")]
    return chance.choice(
        [*given, "", "text", "x" * 20_000, 0, 1, 1.0, -1, 0.5, 10**12, math.nan, True, None, [], {}, b"x"]
    )


@pytest.mark.parametrize("path", sorted((ROOT / "actions").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_short_way_to_say_that_all_is_right_is_right(path: Path) -> None:
    """What is plain is judged without jsonschema, and as jsonschema judges."""
    schema, chance = yaml_lines.read(path).value["inputs"], random.Random(path.stem)
    needed = schema.get("required", ())
    short, long = Checker(schema), Checker({**schema, "allOf": [*schema.get("allOf", ()), True]})
    for _ in range(60):
        names = [name for name in schema["properties"] if chance.random() < (0.3, 0.9)[name in needed]]
        given = {name: _values(name, schema["properties"][name], chance) for name in names}
        assert short.problems(given) == long.problems(given)


def test_what_is_right_by_the_short_way_needs_no_jsonschema() -> None:
    """It takes as long to import as httpx, and mostly nothing is wrong."""
    program = (
        "import sys; from connector.spec.schema.validator import Checker; "
        "checker = Checker({'type': 'object', 'properties': {'n': {'type': 'integer', 'maximum': 3}}}); "
        "assert checker.problems({'n': 3}) == []; assert 'jsonschema' not in sys.modules; "
        "assert checker.problems({'n': 4}); assert 'jsonschema' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
