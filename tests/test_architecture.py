"""The architecture: packages on a ladder, no circle of imports, and a runtime that knows no API by name.

The ladder is the one that docs/architecture.md draws; what the packages are, and what imports what, is read
from the files themselves, with imports inside functions and those for types alone.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import connector
from connector import errors

PACKAGE = Path(connector.__file__).parent
DRAWING = Path(__file__).parents[1] / "docs" / "architecture.md"


def _name(path: Path) -> str:
    parts = ("connector", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def _modules() -> dict[str, Path]:
    return {_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def _imports() -> dict[str, frozenset[str]]:
    """Every module, with the modules that it imports in any way."""
    return {name: frozenset(_imported(name, path)) - {name} for name, path in _modules().items()}


def _imported(own: str, path: Path) -> Iterator[str]:
    package = own if path.name == "__init__.py" else own.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in _modules())
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                yield from [name for name in (f"{base}.{alias.name}", base) if name in _modules()][:1]


def _children(folder: str) -> dict[str, set[str]]:
    """What each file and folder of a package, its ``__init__`` too, imports of the others in it."""

    def child(name: str) -> str | None:
        if name == folder:
            return "__init__"
        return name.removeprefix(f"{folder}.").split(".")[0] if name.startswith(f"{folder}.") else None

    found: dict[str, set[str]] = {}
    for name, imported in _imports().items():
        if (own := child(name)) is not None:
            found.setdefault(own, set()).update(
                other for each in imported if (other := child(each)) not in (None, own)
            )
    return found


def _circle(graph: dict[str, set[str]] | dict[str, frozenset[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def _ladder() -> list[list[str]]:
    """The floors of the drawing, from the top: the words of each line before its explanation."""
    block = re.search(r"```ladder\n(.*?)```", DRAWING.read_text("utf-8"), re.DOTALL)
    assert block is not None
    return [re.split(r"\s{3,}", line)[0].split() for line in block[1].splitlines() if line.strip()]


FOLDERS = [name for name, path in _modules().items() if path.name == "__init__.py"]


def test_no_files_import_each_other_in_a_circle() -> None:
    """Neither at once nor by way of others, nor inside a function, nor for a type."""
    assert _circle(_imports()) == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_folders_import_each_other_in_a_circle(folder: str) -> None:
    """What stands side by side in a package, file or folder, has an order."""
    assert _circle(_children(folder)) == []


def test_a_circle_is_found() -> None:
    """The search itself can fail."""
    assert _circle({"a": {"b"}, "b": {"c"}, "c": {"a"}})


def test_every_import_climbs_down_the_ladder() -> None:
    """A package imports from floors below its own, and does not know its neighbours."""
    floors = {name: number for number, names in enumerate(_ladder()) for name in names}
    upward = [
        f"{own} imports {other}"
        for own, imported in _children("connector").items()
        for other in imported
        if own not in ("__init__", "__main__") and other != "__init__" and floors[other] <= floors[own]
    ]
    assert upward == []


def test_the_ladder_has_every_package_once() -> None:
    """What the drawing shows is what there is, and five files are all that lies beside the packages."""
    drawn = [name for floor in _ladder() for name in floor]
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    there = packages | {path.stem for path in PACKAGE.glob("*.py")}
    assert sorted(drawn) == sorted(there - {"__init__", "__main__"})
    files = {path.name for path in PACKAGE.glob("*.py")}
    assert files == {"__init__.py", "__main__.py", "errors.py", "events.py", "secret.py"}


def test_the_sandbox_stands_beside() -> None:
    """It imports none of the engine, so that it can catch its mistakes."""
    assert _children("connector")["sandbox"] == set()


@pytest.mark.parametrize("word", ["stability", "stable-image", "v2beta", "sd3", "finish-reason"])
def test_the_runtime_knows_no_api_by_name(word: str) -> None:
    """What differs between APIs is declared."""
    knowing = []
    for name, path in _modules().items():
        if name.split(".")[1:2] in ([], ["sandbox"], ["cli"]):  # help and demo show shipped actions
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and word in node.value.lower():
                knowing.append(f"{path.name}:{node.lineno}: {node.value!r}")
    allowed = ("stability-connector", "Stability AI")  # our own package's name, and docstrings
    assert [found for found in knowing if not any(name in found for name in allowed)] == []


def test_public_names_can_be_imported() -> None:
    """And they are sorted, so that a new one finds its place."""
    assert all(getattr(connector, name) is not None for name in connector.__all__)
    assert connector.__all__[:-1] == sorted(connector.__all__[:-1])


def test_every_error_is_public_and_has_a_code_of_its_own() -> None:
    """A caller can tell each outcome, in every face."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert {kind.__name__ for kind in kinds} <= set(connector.__all__)
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_importing_the_package_imports_nothing_else() -> None:
    """A script that only asks for the version pays for nothing."""
    script = "import sys, connector; print(sorted(m for m in sys.modules if m.startswith('connector')))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['connector']"
