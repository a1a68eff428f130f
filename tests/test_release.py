"""A release has a version, a dated section of the changelog and a tag; whatever is missing is named."""

import importlib.util
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")
READY = """\
# Changelog

## [Unreleased]

## [1.2.0] - 2026-12-01

### Added

- A thing.

## [1.1.0] - 2026-11-01

- Old.
"""


def _load():
    spec = importlib.util.spec_from_file_location("release", ROOT / "tools" / "release.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


release = _load()


@pytest.fixture
def project(tmp_path):
    """A repository of a project that is ready to be released."""
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(READY)
    _git(tmp_path, "init", "--quiet")
    _commit(tmp_path)
    return tmp_path


def _git(folder, *words):
    own = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "tag.gpgSign=false")
    return subprocess.run(
        ["git", *own, *words], cwd=folder, check=True, text=True, capture_output=True
    ).stdout


def _commit(folder):
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", "All of it")


def test_a_release_that_is_ready_is_tagged(project, monkeypatch, capsys):
    """The tag is annotated with the section, headings and all; nothing else changes."""
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "A")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@example.org")
    assert release.main(["check"], project) == 0
    assert _git(project, "tag", "--list") == ""
    assert release.main(["tag"], project) == 0
    assert _git(project, "cat-file", "-t", "v1.2.0").strip() == "tag"
    said = _git(project, "tag", "--list", "--format=%(contents)", "v1.2.0").strip()
    assert said == "1.2.0\n\n### Added\n\n- A thing."
    assert _git(project, "status", "--porcelain") == ""
    assert release.main(["check"], project) == 1
    assert "the tag v1.2.0 exists" in capsys.readouterr().err


def test_what_is_not_committed_is_named(project, capsys):
    """And no tag is made."""
    (project / "new.txt").write_text("x")
    assert release.main(["tag"], project) == 1
    assert "not committed:\n?? new.txt" in capsys.readouterr().err
    assert _git(project, "tag", "--list") == ""


@pytest.mark.parametrize(
    ("version", "changelog", "said"),
    [
        ("1.2.0", READY, []),
        ("1.2.0", READY.replace("## [Unreleased]\n\n", ""), []),
        ("1.3.0", READY, ["no section '## [1.3.0]"]),
        ("1.2.0", READY.replace(" - 2026-12-01", ""), ["no date"]),
        ("1.2.0", READY.replace("2026-12-01", "2026-13-01"), ["no date"]),
        ("1.2.0", READY.replace("2026-12-01", "20261201"), ["no date"]),
        ("1.2.0", READY.replace("### Added\n\n- A thing.\n", ""), ["is empty"]),
        (
            "1.2.0",
            READY.replace("## [Unreleased]\n", "## [Unreleased]\n\n- New.\n"),
            ["Unreleased is not empty"],
        ),
        ("1.2", READY, ["write X.Y.Z", "no section '## [1.2]"]),
        (
            "1.3.0",
            READY.replace("## [Unreleased]\n", "## [Unreleased]\n- New.\n"),
            ["no section", "not empty"],
        ),
    ],
)
def test_every_problem_is_named(version, changelog, said):
    """All at once."""
    found = release.problems(version, changelog, set(), "")
    assert len(found) == len(said)
    assert all(part in problem for part, problem in zip(said, found, strict=True))


def test_the_changelog_tells_of_the_version():
    """Newest first, each with its date, and today's version among them or still to come."""
    told = release.sections(CHANGELOG)
    names = [name for name in told if name != release.UNRELEASED]
    numbers = [tuple(map(int, name.split("."))) for name in names]
    assert numbers == sorted(numbers, reverse=True)
    assert all(day and text for day, text in (told[name] for name in names))
    assert release.version(ROOT) in told or told[release.UNRELEASED][1]
