"""Every mistake in a folder's files is found at once, at its file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.authoring import checks, drift
from connector.spec import loader, yaml_lines

BROKEN = Path(__file__).parents[1] / "broken"
EXPECTED: dict[str, list[dict[str, Any]]] = yaml_lines.read(BROKEN / "expected.yaml").value
SHIPPED = loader.default_folder()


@pytest.mark.parametrize("name", EXPECTED)
def test_every_seeded_mistake_is_named_by_file_line_path_and_sentence(name: str) -> None:
    """All of them in one run, and nothing else."""
    found = [(f"{problem.file}:{problem.line}", problem.path, str(problem)) for problem in _problems(name)]
    wanted = [(entry["at"], entry["path"], entry["says"]) for entry in EXPECTED[name]]

    missing = [entry for entry in wanted if not any(_is(entry, problem) for problem in found)]
    unforeseen = [problem for problem in found if not any(_is(entry, problem) for entry in wanted)]

    assert (missing, unforeseen) == ([], [])
    assert len(found) == len(wanted)


def _problems(name: str) -> list[Any]:
    return checks.problems(BROKEN / name)


def _is(entry: tuple[str, str, str], problem: tuple[str, str, str]) -> bool:
    return entry[:2] == problem[:2] and entry[2] in problem[2]


def test_each_broken_folder_has_its_list() -> None:
    """A folder that is added to the seeded ones is not forgotten."""
    assert sorted(EXPECTED) == sorted(path.name for path in BROKEN.iterdir() if path.is_dir())
    assert sum(map(len, EXPECTED.values())) >= 25


@pytest.mark.parametrize("folder", [SHIPPED, Path(__file__).parents[1] / "other"], ids=["shipped", "other"])
def test_a_good_folder_has_no_problems(folder: Path) -> None:
    """Neither the integration that ships, nor another API's."""
    assert checks.problems(folder) == []


def test_the_shipped_specs_agree_with_the_vendors_document() -> None:
    """Fields, ranges, prices and all, in both directions."""
    loaded = loader.read(SHIPPED)
    assert drift.report(loaded, SHIPPED / "schemas" / "stability.openapi.json").problems == ()


def test_problems_come_from_the_top_of_each_file_to_its_end() -> None:
    """The manifest first."""
    places = [
        (problem.file != "integration.yaml", problem.file, problem.line) for problem in _problems("names")
    ]

    assert places == sorted(places)
    assert len({file for _, file, _ in places}) > 2


def test_a_secret_is_not_repeated_in_its_problem() -> None:
    """The report is pasted into tickets."""
    shown = "\n".join(map(str, _problems("connection")))

    assert "4f9a8b7c" not in shown
    assert "dGhpcyBp" not in shown
    assert "sk-short" not in shown


def test_a_folder_that_is_none_has_one_problem(tmp_path: Path) -> None:
    """Rather than a traceback."""
    [problem] = checks.problems(tmp_path / "nowhere")

    assert problem.file == "integration.yaml"
    assert "cannot be read" in problem.message


@pytest.mark.parametrize(
    "content", ["", "[]", "a", "7", "id: 7", "actions: 7", "actions: [7, {}]", "connection: []"]
)
def test_a_manifest_that_is_something_else_never_raises(tmp_path: Path, content: str) -> None:
    """Whatever it is, it has problems."""
    (tmp_path / "integration.yaml").write_text(content)

    assert checks.problems(tmp_path)


def test_hostile_values_in_a_spec_never_raise(tmp_path: Path) -> None:
    """Each key of a good spec is replaced by each kind of value in turn."""
    good = {
        "id": "one",
        "title": "One",
        "group": "Tests",
        "description": "An action that is as small as can be.",
        "request": {
            "method": "POST",
            "path": "/one",
            "body": {"kind": "json", "json": {"a": "{{ inputs.a }}"}},
        },
        "inputs": {
            "type": "object",
            "properties": {
                "a": {
                    "type": "string",
                    "description": "A name.",
                    "minLength": 1,
                    "pattern": "a",
                    "enum": ["a", "b"],
                    "default": "a",
                }
            },
            "required": ["a"],
            "not": {"required": ["b"]},
        },
        "output": {"kind": "json"},
        "examples": [{"title": "One", "arguments": {"a": "b"}}],
    }
    (tmp_path / "actions").mkdir()
    manifest = (BROKEN / "yaml" / "integration.yaml").read_text()
    (tmp_path / "integration.yaml").write_text(
        manifest.split("actions:")[0] + "actions: [actions/one.yaml]\n"
    )

    for path in _paths(good):
        for value in (None, 7, "x{{", "{{ inputs }}", [], {}, [{}], {"a": []}):
            _write(tmp_path / "actions" / "one.yaml", _replaced(good, path, value))
            checks.problems(tmp_path)


def _paths(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    below = [_paths(entry, (*path, name)) for name, entry in value.items()] if isinstance(value, dict) else []
    return [*([path] if path else []), *(found for paths in below for found in paths)]


def _replaced(value: Any, path: tuple[str, ...], new: Any) -> Any:
    return {**value, path[0]: _replaced(value[path[0]], path[1:], new)} if path else new


def _write(path: Path, value: Any) -> None:
    import json

    path.write_text(json.dumps(value))
