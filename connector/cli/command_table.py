"""The command table, and the help that lists it."""

from __future__ import annotations

from connector.spec import package_data

TYPE_CHECKING = False
if TYPE_CHECKING:
    from connector.errors import ConnectorError

Row = tuple[str, str]


def _block(text: str) -> tuple[str, tuple[Row, ...]]:
    """A heading, with the names below it and what each does."""
    heading, *rows = text.splitlines()
    named = (row.split(None, 1) for row in rows)
    return heading, tuple((name, about) for name, about in named)


TABLE = tuple(map(_block, package_data.text("cli/help/commands.txt").split("\n\n")))
NAMES = tuple(name for _, rows in TABLE for name, _ in rows)
MODULES = {name: f"commands.{name}" for name in NAMES} | {
    "__complete": "completion.complete",
    "completion": "completion.completion",
    "import": "commands.import_",
}

_EXAMPLES = """\
Examples
  connector actions upscale
  connector describe erase
  connector invoke stable-image-core -e sandbox --prompt "a paper boat"
  connector connections add work -e production --api-key -
"""


def run(name: str, words: list[str]) -> int:
    """Runs a command, whose module is imported now; its exit code."""
    module = __import__(f"connector.cli.{MODULES[name]}", fromlist=["run"])  # importlib would take longer
    from connector.cli.parsing.parser import HelpShown

    try:
        return int(module.run(words))
    except HelpShown:
        return 0


def show_help(words: list[str]) -> int:
    """The help of the command that is named, else of them all."""
    if words and words[0] in MODULES:
        return run(words[0], ["--help"])
    print(_help())
    return 0


def _help() -> str:
    from connector.cli.report import exit_codes
    from connector.cli.terminal import terminal

    lines = ["Usage: connector COMMAND [WORDS] [OPTIONS]", ""]
    for heading, rows in TABLE:
        lines += [terminal.paint(heading, "bold"), *terminal.columns(rows), ""]
    lines += ["`connector COMMAND --help` tells a command's options. Every command takes"]
    lines += ["--json, --quiet and --integration FOLDER. --version tells the version.", ""]
    codes = [(str(code), reason) for code, reason, _ in exit_codes.ROWS]
    return "\n".join([*lines, _EXAMPLES, "Exit codes", *terminal.columns(codes)])


def show_version() -> int:
    from connector import __version__

    print(f"connector {__version__}")
    return 0


def unknown(name: str) -> ConnectorError:
    """The error for a word that is no command."""
    from connector.cli.parsing.usage import BadUsage
    from connector.errors import Problem
    from connector.spec.schema.suggest import nearest

    if name.startswith("-"):
        sentence = f"unknown option {name}; options come behind the command"
    else:
        sentence = f"there is no command {name!r}{nearest(name, NAMES)}"
    return BadUsage(Problem("command", sentence))
