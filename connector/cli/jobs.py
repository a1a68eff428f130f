"""``connector jobs``: the jobs that are running, whichever process started them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from connector.cli import choice, terminal
from connector.cli.parser import Parser, folder_of
from connector.runtime import Connector

if TYPE_CHECKING:
    from connector.ledger import Entry

_EPILOG = """\
examples:
  connector jobs
  connector result ID      wait for one of them
  connector jobs --json | jq -r '.jobs[].upstream_id'
"""


def run(words: list[str]) -> int:
    args = Parser("jobs", "Lists the jobs that are running.", _EPILOG).read(words)
    if args is None:
        return 0
    with Connector(choice.integration(folder_of(args))) as connector:
        found = connector.workspace.ledger.entries("running", limit=1000)
    if args.json:
        terminal.print_json({"jobs": [entry.to_dict() for entry in found]})
    elif found:
        heading, *lines = terminal.columns(
            [("id", "job", "action", "environment", "started", ""), *map(_cells, found)]
        )
        print("\n".join([terminal.paint(heading, "dim"), *lines]))
    elif not args.quiet:
        terminal.say("No job is running.")
    if found and not args.json and not args.quiet:
        terminal.say("\nFetch one with: connector result ID")
    return 0


def _cells(entry: Entry) -> tuple[str, ...]:
    now = time.time()
    left = "" if entry.deadline is None else _left(entry.deadline - now)
    job = f"{(entry.upstream_id or '')[:8]}..."
    return entry.id, job, entry.action, entry.environment, f"{_length(now - entry.created)} ago", left


def _left(seconds: float) -> str:
    return f"kept for {_length(seconds)}" if seconds > 0 else "no longer kept"


def _length(seconds: float) -> str:
    """A length of time in its largest unit."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
