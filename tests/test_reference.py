"""docs/reference.md lists every environment variable, file of the home and exit code, and nothing else."""

import ast
import re
from pathlib import Path

import pytest
import yaml
from port import TinyStudio

import connector
from connector.cli import main
from connector.cli.report import exit_codes
from connector.sandbox import Sandbox

ROOT = Path(__file__).parents[1]
PACKAGE = Path(connector.__file__).parent
PAGE = (ROOT / "docs" / "reference.md").read_text("utf-8")
SOURCES = {path: path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}
# All that the package says: its code, and the help of its commands.
SAID = "\n".join([*SOURCES.values(), *(path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.txt")))])
TREES = {path: ast.parse(text) for path, text in SOURCES.items()}
# What is not a constant of ours: the name of the transport that the integration declares.
DYNAMIC = {"home / name": "stability-sandbox"}
# Read by Python itself, and named nowhere in the code.
PYTHONS = {"HOME", "TMPDIR"}


def _rows(heading):
    """The rows of the first table below a heading, as lists of cells."""
    section = PAGE.split(f"\n{heading}\n", 1)[1]
    table = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)[0]
    return [[cell.strip() for cell in line.strip("|\n ").split("|")] for line in table.splitlines()[2:]]


def _names(heading):
    return {name for row in _rows(heading) for name in re.findall(r"`([^`]+)`", row[0])}


def _is_environ(node):
    return ast.unparse(node).split(".")[-1].lstrip("_") == "environ"


def _read_from_environ(tree):
    """Names that stand in ``environ.get("X")``, ``environ["X"]`` and ``"X" in environ``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            where, names = node.func.value, node.args[:1]
        elif isinstance(node, ast.Subscript):
            where, names = node.value, [node.slice]
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            where, names = node.comparators[0], [node.left]
        else:
            continue
        if _is_environ(where):
            yield from (name.value for name in names if isinstance(name, ast.Constant))


def _variables():
    """What the code and the shipped integration read, and every name of ours that a user may meet."""
    found = {name for tree in TREES.values() for name in _read_from_environ(tree)}
    found |= set(re.findall(r"CONNECTOR_[A-Z_]*[A-Z]", SAID))
    fields = yaml.safe_load((ROOT / "integration.yaml").read_text())["connection"]["credential"]["properties"]
    return found | {field["variable"] for field in fields.values() if "variable" in field}


def _first_part(node, constants):
    """The first part of a path below the home; the expression itself where it is no constant."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name) and node.id in constants:
        value = constants[node.id]
        return value.args[0].value if isinstance(value, ast.Call) else value.value
    return None


def _constants():
    """Names in capitals of all modules whose value is a text, or a path that begins with one."""
    found = {}
    for tree in TREES.values():
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name, value = node.targets[0].id, node.value
                is_path = isinstance(value, ast.Call) and ast.unparse(value.func) == "Path" and value.args
                if name.isupper() and (isinstance(value, ast.Constant) or is_path):
                    found.setdefault(name, value)
    return found


def _below_home():
    """Every file and folder that the code makes of ``home / X``, ``Path(home, X)`` or ``with_name(X)``."""
    shared = _constants()
    for tree in TREES.values():
        own = {
            node.targets[0].id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
                base, part = node.left, node.right
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "Path" and len(node.args) == 2:
                base, part = node.args
            elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("database.with_name"):
                base, part = ast.Name("home"), node.args[0]
            else:
                continue
            if ast.unparse(base).split(".")[-1].lstrip("_") == "home":
                yield _first_part(part, shared | own) or DYNAMIC[ast.unparse(node)]


def test_every_environment_variable_is_listed():
    """One that is read is documented, and one that is documented is read."""
    assert _names("## Environment variables") == _variables()


def test_variables_are_read_where_the_page_says():
    """The module beside a variable names it, or else reads whatever the integration names."""
    for row in _rows("## Environment variables"):
        (name,), modules = re.findall(r"`([^`]+)`", row[0]), re.findall(r"`(connector/[^`]+)`", row[3])
        assert modules, name
        for module in modules:
            assert name in (ROOT / module).read_text("utf-8") or name == "STABILITY_API_KEY", (name, module)


def test_variables_of_libraries_are_those_that_the_code_speaks_of():
    """Proxies, certificates and the database's password."""
    spoken = re.findall(r"\b(?:[A-Z]+_PROXY|SSL_CERT_[A-Z]+|PG[A-Z]{4,})\b", SAID)
    assert _names("### Variables that libraries read") - PYTHONS == set(spoken)


def test_every_exit_code_is_listed():
    """With the words of the command's own help."""
    listed = [(int(code), meaning) for code, meaning in _rows("## Exit codes")]
    assert listed == sorted((code, meaning) for code, meaning, _ in exit_codes.ROWS)


def test_every_path_below_the_home_is_listed():
    """What the code makes there is documented, and what is documented is made."""
    made = {"connector.db-wal", "connector.db-shm", *_below_home()}
    assert _names("### Files in the home") == made


def test_a_used_home_holds_nothing_else(tmp_path, monkeypatch):
    """A connection, a durable run and a batch leave behind what the page lists."""
    home = tmp_path / "home"
    monkeypatch.setenv("CONNECTOR_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Sandbox, "studio", TinyStudio())
    Path("rows.csv").write_text("prompt\na paper boat\n")
    for line in (
        "actions",
        "connections add work --environment production --api-key sk-reference-0123456789",
        "batch stable-image-core rows.csv -e sandbox -o out",
    ):
        assert main([*line.split(), "--quiet"]) == 0
    left = {path.name for path in home.iterdir()}
    assert left - _names("### Files in the home") == set()
    assert {"connector.db", "master.key", "files", "worker.lock", "stability-sandbox", "cache"} <= left
    results = {path.name for path in Path("out").iterdir()}
    assert {"results.csv", "results.jsonl", "contact-sheet.png"} <= results


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('self._environ.get("NEW_ONE")', {"NEW_ONE"}),
        ('os.environ["NEW_ONE"]', {"NEW_ONE"}),
        ('"NEW_ONE" in sources.environ', {"NEW_ONE"}),
        ('environments.get("NEW_ONE")', set()),
    ],
)
def test_a_new_variable_is_noticed(code, found):
    """However it is read."""
    assert set(_read_from_environ(ast.parse(code))) == found
