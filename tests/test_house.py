"""The house itself: what imports what, what is public, and that nothing knows an API by name."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import connector
from connector import errors

PACKAGE = Path(connector.__file__).parent

# Floors from the ground up; a module may import from its own floor and those below.
FLOORS = [
    {"errors", "events", "secret"},
    {"spec", "media"},
    {"storage"},
    {
        "engine",
        "importing",
        "checks",
        "drift",
        "workflow",
        "keeping",
        "record",
        "underway",
        "slot",
        "runner",
        "runs",
    },
    {"mcp", "authoring", "airflow"},
    {"server"},
    {"cli"},
]


def _modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        yield path, parts[0]


def _imported(path):
    """The first name below ``connector`` of each import in a file, absolute or relative."""
    inside = path.relative_to(PACKAGE).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = list(inside[: len(inside) - node.level + 1])
            names = [*base, *(node.module or "").split(".")]
            first = [name for name in names if name][:1]
            yield from first or [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "connector":
            below = (node.module or "").split(".")[1:2]
            yield from below or [alias.name for alias in node.names]


def _floor(name):
    return next((number for number, floor in enumerate(FLOORS) if name in floor), None)


def test_imports_point_downward():
    """No module imports from a floor above its own."""
    upward = [
        f"{path.name} imports {name}"
        for path, own in _modules()
        if _floor(own) is not None
        for name in _imported(path)
        if _floor(name) is not None and _floor(name) > _floor(own)
    ]
    assert upward == []


def test_every_module_has_its_floor():
    """A new module is given a place."""
    homeless = {own for _, own in _modules() if _floor(own) is None} - {"sandbox", "__init__", "__main__"}
    assert homeless == set()


def test_the_sandbox_stands_beside():
    """It imports none of the engine, so that it can catch its mistakes."""
    inside = {
        name for path, own in _modules() if own == "sandbox" for name in _imported(path) if name != "sandbox"
    }
    assert inside <= {"__version__"}


@pytest.mark.parametrize("word", ["stability", "stable-image", "v2beta", "sd3", "finish-reason"])
def test_the_runtime_knows_no_api_by_name(word):
    """What differs between APIs is declared."""
    knowing = []
    for path, own in _modules():
        if own in ("sandbox", "cli", "__init__"):  # help and demo show shipped actions
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and word in node.value.lower():
                knowing.append(f"{path.name}:{node.lineno}: {node.value!r}")
    allowed = ("stability-connector", "Stability AI")  # our own package's name, and docstrings
    assert [found for found in knowing if not any(name in found for name in allowed)] == []


def test_public_names_can_be_imported():
    """And they are sorted, so that a new one finds its place."""
    assert all(getattr(connector, name) is not None for name in connector.__all__)
    assert connector.__all__[:-1] == sorted(connector.__all__[:-1])


def test_every_error_is_public_and_has_a_code_of_its_own():
    """A caller can tell each outcome, in every face."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert {kind.__name__ for kind in kinds} <= set(connector.__all__)
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_importing_the_package_imports_nothing_else():
    """A script that only asks for the version pays for nothing."""
    script = "import sys, connector; print(sorted(m for m in sys.modules if m.startswith('connector')))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['connector']"
