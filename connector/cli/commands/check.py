"""``connector check``: every problem in an integration's files, at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from connector.cli.parsing.parser import Parser, folder_of
from connector.cli.report import exit_codes
from connector.cli.terminal import terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any

    from connector.authoring.drift import Change, DriftReport
    from connector.errors import Problem


def run(words: list[str]) -> int:
    parser = Parser("check")
    parser.add_argument("folder", metavar="FOLDER", nargs="?", help="where integration.yaml is")
    parser.add_argument("--against", metavar="DOC", help="an OpenAPI document that the specs must agree with")
    args = parser.read(words)
    from connector.authoring.checks import problems

    folder = args.folder or folder_of(args)
    own, report = problems(folder), _compared(folder, args.against)
    found = [*own, *(report.problems if report else ())]
    if report is None:
        return show(found, args, folder)
    changes = list(map(_change, report.changes))
    return show(found, args, folder, [*map(str, own), *_told(report)], changes=changes)


def show(
    found: Sequence[Problem], args: Namespace, where: str, lines: Sequence[str] | None = None, **more: Any
) -> int:
    """Shows problems, each in a line of its own unless other lines are given; the exit code."""
    if args.json:
        told = [problem.to_dict() | {"severity": problem.severity} for problem in found]
        terminal.print_json({"problems": told, "count": len(found), **more})
    else:
        for line in map(str, found) if lines is None else lines:
            print(terminal.clean(line))
        if not args.quiet:
            terminal.say(f"{len(found) or 'no'} problem{'' if len(found) == 1 else 's'} in {where}")
    return exit_codes.FOUND if any(problem.severity == "error" for problem in found) else exit_codes.DONE


def _compared(folder: str, document: str | None) -> DriftReport | None:
    if document is None:
        return None
    from pathlib import Path

    from connector.authoring import drift
    from connector.spec import loader

    return drift.report(loader.read(folder), Path(document))


def _told(report: DriftReport) -> Iterator[str]:
    """What was found by action: what changed there and is gone, and what is new with its YAML."""
    yield from map(str, report.wrong)
    for subject in dict.fromkeys(change.subject for change in report.changes):
        yield f"\n{subject}"
        for change in report.changes:
            if change.subject == subject:
                yield f"  {change.kind}: {change.problem}"
                yield from _indented(change.addition)
    if not report.wrong:
        kinds = Counter(change.kind for change in report.changes)
        counts = ", ".join(f"{kinds[kind]} {kind}" for kind in ("new", "gone", "changed"))
        yield f"\n{counts}; {report}."


def _indented(addition: str | None) -> Iterator[str]:
    if addition is not None:
        yield "    add:"
        yield from (f"      {line}" for line in addition.splitlines())


def _change(change: Change) -> dict[str, Any]:
    told = {"kind": change.kind, "subject": change.subject, **change.problem.to_dict()}
    return told if change.addition is None else {**told, "addition": change.addition}
