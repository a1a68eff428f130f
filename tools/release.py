"""The release: whether everything is ready for one, and its tag.

python tools/release.py check    names everything that is missing, and changes nothing
python tools/release.py tag      makes the annotated tag vX.Y.Z with the changelog's section, locally

The version is that of pyproject.toml. Nothing is published.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[1]
UNRELEASED = "Unreleased"
_HEADING = re.compile(r"^## \[(?P<name>[^\]]+)\](?: - (?P<date>\S+))?[ \t]*$", re.MULTILINE)
_VERSION = re.compile(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?")


def version(root: Path) -> str:
    """The version that would be released."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    return str(project["version"])


def sections(changelog: str) -> dict[str, tuple[str | None, str]]:
    """The sections of a changelog in Keep a Changelog format: the date and the text of each, by its name."""
    found = list(_HEADING.finditer(changelog))
    ends = [following.start() for following in found[1:]] + [len(changelog)]
    return {
        one["name"]: (one["date"], changelog[one.end() : end].strip())
        for one, end in zip(found, ends, strict=True)
    }


def problems(version: str, changelog: str, tags: set[str], changed: str) -> list[str]:
    """Everything that keeps a version from being released.

    ``tags`` are the tags that there are, ``changed`` is what ``git status --porcelain`` says.
    """
    found, told = [], sections(changelog)
    day, text = told.get(version, (None, ""))
    if not _VERSION.fullmatch(version):
        found.append(f"pyproject.toml: the version is {version!r}; write X.Y.Z")
    if version not in told:
        found.append(f"CHANGELOG.md: there is no section '## [{version}] - YYYY-MM-DD'")
    elif not _is_date(day):
        found.append(
            f"CHANGELOG.md: the section of {version} has no date; write '## [{version}] - YYYY-MM-DD'"
        )
    elif not text:
        found.append(f"CHANGELOG.md: the section of {version} is empty")
    if told.get(UNRELEASED, (None, ""))[1]:
        found.append(
            f"CHANGELOG.md: {UNRELEASED} is not empty; move what is in it to the section of {version}"
        )
    if f"v{version}" in tags:
        found.append(f"git: the tag v{version} exists; set the next version in pyproject.toml")
    if changed:
        found.append(f"git: there are changes that are not committed:\n{changed.rstrip()}")
    return found


def _is_date(text: str | None) -> bool:
    try:
        return bool(text) and date.fromisoformat(str(text)).isoformat() == text
    except ValueError:
        return False


def _git(root: Path, *words: str, given: str | None = None) -> str:
    return subprocess.run(
        ["git", *words], cwd=root, input=given, check=True, text=True, stdout=subprocess.PIPE
    ).stdout


def check(root: Path) -> list[str]:
    """The problems of the project in a folder."""
    tags = set(_git(root, "tag", "--list").split())
    changelog = (root / "CHANGELOG.md").read_text("utf-8")
    return problems(version(root), changelog, tags, _git(root, "status", "--porcelain"))


def tag(root: Path) -> str:
    """Makes the tag, and returns its name."""
    number = version(root)
    _, text = sections((root / "CHANGELOG.md").read_text("utf-8"))[number]
    # By default git takes lines that begin with # for comments.
    words = ("tag", "--annotate", f"v{number}", "--cleanup=whitespace", "--file=-")
    _git(root, *words, given=f"{number}\n\n{text}\n")
    return f"v{number}"


def main(words: list[str], root: Path = ROOT) -> int:
    if words not in (["check"], ["tag"]):
        print(__doc__, file=sys.stderr)
        return 2
    found = check(root)
    for problem in found:
        print(problem, file=sys.stderr)
    if found:
        return 1
    if words == ["tag"]:
        print(
            f"The tag {tag(root)} is made. To publish: git push origin v{version(root)}, then upload dist/."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
