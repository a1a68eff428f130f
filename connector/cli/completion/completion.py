"""``connector completion``: what a shell runs so that it completes our words.

The scripts know nothing of actions and options: they ask ``connector __complete``.
"""

from __future__ import annotations

from connector.cli.parsing.parser import Parser, one_of
from connector.cli.terminal import terminal
from connector.spec import package_data

SHELLS = ("bash", "zsh", "fish")


def script(shell: str) -> str:
    """The script of a shell. bash ends a word at = : and @, so that its script tells what it has already."""
    return package_data.text(f"cli/completion/connector.{shell}")


def run(words: list[str]) -> int:
    parser = Parser("completion")
    parser.add_argument("shell", metavar="SHELL", type=one_of(*SHELLS), help="bash, zsh or fish")
    args = parser.read(words)
    if args.json:
        terminal.print_json({"shell": args.shell, "script": script(args.shell)})
    else:
        print(script(args.shell), end="")
    return 0
