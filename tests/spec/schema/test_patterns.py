"""A pattern is tried in time that grows with the text alone, or by nobody."""

from __future__ import annotations

import subprocess
import sys

import pytest

from connector.spec.schema import lint, patterns
from connector.spec.schema.validator import Checker, flaws

# Each has Python's own engine try more ways than anybody has time for.
ENDLESS = [r"^(a+)+$", r"^(a|aa)+$", r"^(a|a)*$", r"^([a-z]+)*$", r"^(.*a){25}$", r"(x+x+)+y", r"^((a+)+)+$"]
BEYOND = [
    r"^(?!Bearer\b)\S+$", r"^(?=.*[0-9]).{8,}$", r"(?<=a)b", r"(?<!a)b", r"(a)\1", r"(?P<n>a)(?P=n)",
    r"(?>a+)b", "a++b", "a*+b", "[a]{2}+b",
]  # fmt: skip
LINEAR = [
    r"^\S+$",
    r"[(?!]",
    r"\(\?!",
    r"^[\]+]+$",
    r"\\u0041",
    r"[\1]",
    r"(?:a|b)+",
    r"(?P<n>a)",
    r"[^]+]+",
    r"a\++",
]
_TRIAL = """
from connector.spec.schema import patterns
from connector.spec.schema.validator import Checker
import sys
for pattern in sys.argv[1:]:
    for end in ("", "!", "\\n"):
        patterns.matches(pattern, "a" * 20_000 + end)
        patterns.matches(pattern, "x" * 20_000 + end)
    found = {"patternProperties": {pattern: False}, "additionalProperties": {"pattern": pattern}}
    Checker(found).problems({"a" * 20_000 + "!": "a" * 20_000 + "!"})
print("done")
"""


def test_no_pattern_stops_whoever_tries_it() -> None:
    """Whatever a stranger's document says, and whatever a stranger's value is; ``re`` would take for ever."""
    run = [sys.executable, "-c", _TRIAL, *ENDLESS]
    assert subprocess.run(run, capture_output=True, text=True, timeout=120, check=True).stdout == "done\n"


@pytest.mark.parametrize("pattern", BEYOND)
def test_what_takes_longer_is_tried_by_nobody_and_told(pattern: str) -> None:
    """A value is not refused by it, and whoever wrote it hears so."""
    assert not patterns.is_linear(pattern)
    assert Checker({"type": "string", "pattern": pattern}).problems("anything") == []
    (told,) = lint.flaws({"type": "string", "pattern": pattern}, "inputs")
    assert told[0] == "inputs.pattern"
    assert "linear time" in told[1]


@pytest.mark.parametrize("pattern", LINEAR)
def test_what_only_looks_like_it_is_tried(pattern: str) -> None:
    """In classes and behind backslashes signs mean themselves."""
    assert patterns.is_linear(pattern)


@pytest.mark.parametrize("engine", ["re2", "re"])
@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"^\S+$", "sk-1", True),
        (r"^\S+$", "sk 1", False),
        (r"b", "abc", True),
        (r"^\u00e9\u20AC$", "é€", True),
        (r"^\\u0041$", r"\u0041", True),
        (r"^[^/\s]+/[^/\s;]+$", "image/png", True),
        ("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", "X-Token", True),
        ("^.$", "\ud800", True),
        ("^a{3}$", "aaa", True),
        (r"^[\w.@-]+$", "日本", True),
        (r"^\w+$", "ü1_", True),
        (r"^[^\w]+$", "ü", False),
        (r"^[\u00e9-\u00ef\]]+$", "é]", True),
        (r"^\\w$", r"\w", True),
        (r"^\[\w\]$", "[ü]", True),
    ],
)
def test_both_engines_say_the_same(
    engine: str, pattern: str, text: str, found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where RE2 is not installed, Python's own engine tries it."""
    if engine == "re":
        monkeypatch.setitem(sys.modules, "re2", None)
    patterns._compiled.cache_clear()
    assert patterns.matches(pattern, text) is found
    patterns._compiled.cache_clear()


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
@pytest.mark.parametrize(
    "word", ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength"]
)
def test_a_bound_that_json_does_not_have_is_told(word: str, number: float) -> None:
    """YAML can say it, at any depth, and no value can be held to it."""
    told = flaws(
        {"type": "object", "properties": {"a": {"anyOf": [{"type": "number", word: number}]}}}, "inputs"
    )
    assert f"inputs.properties.a.anyOf.0.{word}" in {problem.path for problem in told}
