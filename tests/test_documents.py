"""The documents name what is there: files, make targets, functions, and each other."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
DOCUMENTS = [page for page in (*map(ROOT.joinpath, PAGES), *sorted(ROOT.glob("docs/*.md"))) if page.exists()]
TOP = r"(?:connector|tests|tools|docs|schemas|actions|workflows|\.github|\.ci)"
TARGETS = set(re.findall(r"^([\w-]+):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE))


def _name(page):
    return str(page.relative_to(ROOT))


def _paths(text):
    """Paths from the top of the repository; what has capitals in it stands for a name of one's own.

    Those in YAML are relative to that file, which may be somebody's own.
    """
    prose = re.sub(r"^```yaml\n.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    found = re.findall(rf"(?<![\w/.@~%-]){TOP}/[\w./*-]*", prose)
    return {path.rstrip(".") for path in found if not re.search("[A-Z]{2}", path)}


def _make_targets(text):
    """Words after `make` in code, up to what is no target: a variable, an option, a comment."""
    code = re.findall(r"`([^`\n]+)`", text) + re.findall(
        r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE
    )
    lines = [line for part in code for line in part.splitlines()]
    calls = [
        found[1] for line in lines if (found := re.search(r"(?:^|\s)make ((?:[a-z][\w-]*(?: |$))+)", line))
    ]
    return {word for call in calls for word in call.split()}


def _missing(path):
    return not any(ROOT.glob(path.rstrip("/"))) if "*" in path else not (ROOT / path).exists()


@pytest.mark.parametrize("page", DOCUMENTS, ids=_name)
def test_paths_exist(page):
    """A file or folder that is named is there."""
    assert sorted(filter(_missing, _paths(page.read_text("utf-8")))) == []


@pytest.mark.parametrize("page", DOCUMENTS, ids=_name)
def test_make_targets_exist(page):
    """What `make` is told to do, the Makefile can."""
    assert _make_targets(page.read_text("utf-8")) <= TARGETS


@pytest.mark.parametrize("page", DOCUMENTS, ids=_name)
def test_nothing_is_installed_from_an_index_where_it_is_not(page):
    """Whoever took the name there would be installed."""
    assert not re.findall(r"install\b[^\n]*['\" ]stability-connector\b", page.read_text("utf-8"))


@pytest.mark.parametrize("page", DOCUMENTS, ids=_name)
def test_relative_links_lead_somewhere(page):
    """To a file, and where they name a heading, to one that is there."""
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        path, _, heading = target.partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        there = page.parent / path if path else page
        if not there.exists() or (heading and heading not in _headings(there)):
            broken.append(target)
    assert broken == []


def _headings(page):
    """The anchors of a page, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_functions_in_the_table_of_rules_exist():
    """Where each rule lives: the function that is named beside a module is defined in it."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    named = re.findall(r"`(connector/[\w/]+\.py)` \(`(\w+)`\)", text)
    lost = [
        each for each in named if not re.search(rf"\bdef {each[1]}\(", (ROOT / each[0]).read_text("utf-8"))
    ]
    assert len(named) > 10
    assert lost == []


def test_every_package_is_explained():
    """The table of packages has each package and each single file of the ladder."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    there = {f"connector/{path.parent.name}/" for path in (ROOT / "connector").glob("*/__init__.py")}
    there |= {f"connector/{path.name}" for path in (ROOT / "connector").glob("*.py")}
    assert {path for path in there if f"`{path}`" not in text} == set()


def test_what_is_not_there_is_noticed():
    """The search itself can fail."""
    text = "`connector/no/such.py`, `make nothing`, then `make test lint`; ~/connector/x and CONNECTOR_HOME/y"
    assert list(filter(_missing, _paths(text))) == ["connector/no/such.py"]
    assert _make_targets(text) - TARGETS == {"nothing"}


def test_the_index_has_every_document():
    """A page that is added is listed in docs/README.md."""
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    pages = {page.name for page in (ROOT / "docs").iterdir()} - {"README.md"}
    assert {name for name in pages if f"]({name})" not in index} == set()
