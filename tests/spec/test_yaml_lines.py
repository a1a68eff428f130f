"""YAML is read without surprises, with the line of each part, and whatever is wrong is a problem."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from connector.spec import yaml_lines


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("16:9", "16:9"),
        ("12:30:45", "12:30:45"),
        ("2025-07-24", "2025-07-24"),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        (".inf", ".inf"),
        ("1e999", "1e999"),
        ("'7'", "7"),
        ("7", 7),
        ("-7", -7),
        ("010", 10),
        ("0.5", 0.5),
        ("1e3", 1000.0),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("'null'", "null"),
    ],
)
def test_only_true_false_null_and_numbers_are_not_text(text: str, value: Any) -> None:
    """What YAML 1.1 takes for a truth, a time or a date is the text that the author wrote."""
    document = yaml_lines.parse(f"key: {text}")

    assert document.value == {"key": value}
    assert type(document.value["key"]) is type(value)
    assert document.problems == ()


def test_each_path_has_its_line() -> None:
    """A mapping's entry is on its key's line, a list's on its own; what is missing is where it would be."""
    document = yaml_lines.parse("a: 1\nb:\n  - x\n  - c: 2\n    d.e: {f: 3}\n")

    lines = {
        path: document.line(path) for path in ("a", "b", "b.0", "b.1.c", "b.1.d.e.f", "b.1.missing", "z")
    }

    assert lines == {"a": 1, "b": 2, "b.0": 3, "b.1.c": 4, "b.1.d.e.f": 5, "b.1.missing": 4, "z": 1}


def test_anchors_are_followed() -> None:
    """An alias is the value of its anchor."""
    document = yaml_lines.parse("sizes: &sizes [1, 2]\nother: *sizes\n")

    assert document.value == {"sizes": [1, 2], "other": [1, 2]}


@pytest.mark.parametrize(
    ("content", "line", "says"),
    [
        ("a: 1\na: 2", 2, "is given twice; the first is on line 1"),
        ("a:\n\tb: 1", 2, "use spaces"),
        ("a: 'x\nb: 2", 1, "is not closed"),
        ("a: b: c", 1, "needs quotes"),
        ("a: *b", 1, "*b refers to nothing before it"),
        ("a: &a [*a]", 1, "*a refers to nothing before it"),
        ("a: !!python/object/apply:os.system [x]", 1, "write the plain value"),
        ("a: 1\n7: x", 2, "the key 7 is not text"),
        ("a: 1\n---\nb: 2", 2, "a second document starts here"),
        ("a: 1\nb: \x00", 2, "control character"),
        (b"a: 1\nb: \xff\xfe", 2, "is not UTF-8 text"),
        ("a: 1\nb: \ud800", 2, "is not UTF-8 text"),
        ("[" * 100_000, 1, "is nested deeper than"),
        ("- " * 100_000, 1, "is nested deeper than"),
        ("{a: " * 100_000, 1, "is nested deeper than"),
        ("x" * (yaml_lines.MAX_BYTES + 1), 1, "is longer than"),
    ],
)
def test_what_is_wrong_is_a_problem_with_its_line(content: str | bytes, line: int, says: str) -> None:
    """However hostile a text is, it gives a problem and never a traceback."""
    document = yaml_lines.parse(content, "spec.yaml")

    assert (document.problems[-1].file, document.problems[-1].line) == ("spec.yaml", line)
    assert says in document.problems[-1].message


def test_an_anchor_bomb_is_refused_before_it_grows() -> None:
    """Nine lines that stand for a billion values are told apart from a spec."""
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))

    [problem] = yaml_lines.parse(bomb).problems

    assert "aliases counted in full" in problem.message


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    """Missing, a folder, or far too large."""
    huge = tmp_path / "huge.yaml"
    with huge.open("wb") as file:
        file.truncate(yaml_lines.MAX_BYTES + 1)

    found = [yaml_lines.read(path).problems[0].message for path in (tmp_path / "none.yaml", tmp_path, huge)]

    assert [message[:14] for message in found] == ["cannot be read", "cannot be read", "is larger than"]


@pytest.mark.parametrize("size", range(0, 200, 7))
def test_a_spec_that_was_cut_off_never_raises(size: int) -> None:
    """Half of a file is some document, or a problem."""
    text = (Path(__file__).parents[2] / "actions" / "stable-image-core.yaml").read_text("utf-8")

    yaml_lines.parse(text[: size * 13])


@pytest.mark.parametrize("device", ["/dev/zero", None])
def test_what_never_ends_is_not_read(tmp_path, device):
    """A device or a pipe under the name of a spec."""
    path = tmp_path / "integration.yaml"
    path.symlink_to(device) if device else os.mkfifo(path)
    (problem,) = yaml_lines.read(path).problems
    assert "not a plain file" in problem.message
