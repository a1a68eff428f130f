"""The command line face: ``connector COMMAND ...`` parses, calls the Connector and shows.

Each command is a module, imported when it is that command: a list of actions must cost little more
than starting Python. What fails is told in one place, with its family's exit code.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command line; returns its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(words)
        sys.stdout.flush()
        return code
    except BaseException as error:
        from connector.cli.report.failure import ended

        return ended(error, words)


def _run(words: list[str]) -> int:
    from connector.cli import command_table

    name = words[0] if words else "--help"
    if name in command_table.MODULES:
        return command_table.run(name, words[1:])
    if name in ("-h", "--help", "help"):
        return command_table.show_help(words[1:])
    if name in ("-V", "--version"):
        return command_table.show_version()
    raise command_table.unknown(name)
