"""The argument parser: it names every wrong option at once, with what was probably meant."""

from __future__ import annotations

import argparse
import os

from connector.cli.terminal import terminal
from connector.spec import cache, package_data

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from typing import NoReturn

    from connector.errors import Problem


class Reached(BaseException):
    """A command came to its parser, which is all that somebody wanted."""

    def __init__(self, parser: Parser) -> None:
        super().__init__()
        self.parser = parser


class HelpShown(BaseException):
    """Help was asked for and is printed, so that nothing else is to be done."""

    def __init__(self, text: str) -> None:
        super().__init__()
        print(text.rstrip())


class Parser(argparse.ArgumentParser):
    """The parser of one command. Use ``read``; every command has the common options.

    Its help is that of the command's page; ``description`` and ``page`` stand in place of its own.
    """

    # Completion wants a command's parser, and nothing done: ``read`` and ``refuse`` raise Reached.
    is_wanted = False

    def __init__(
        self,
        command: str,
        description: str | None = None,
        usage: str | None = None,
        page: str | None = None,
    ) -> None:
        super().__init__(
            prog=f"connector {command}",
            description=description,
            usage=usage and f"connector {command} {usage}",
            formatter_class=_formatter,
            add_help=False,
            allow_abbrev=False,
        )
        self.command = command
        self._page = command if description is None else page
        # A word that nobody expected is quoted, unless it may be a secret that lost its option.
        self.quotes_words = True
        # What a shell is told of an option beside its name: a title, and the words that it takes.
        self.hints: dict[str, tuple[str, Sequence[str]]] = {}
        self._has_common = False

    def add_common(self) -> None:
        """Adds the common options; ``read`` does, so that they come last in the help."""
        self._has_common = True
        add = self.add_argument_group("common options").add_argument
        add("--json", action="store_true", help="print one JSON document")
        add("--integration", metavar="FOLDER", help="another integration's folder (or CONNECTOR_INTEGRATION)")
        add("-q", "--quiet", action="store_true", help="print nothing but the result and errors")
        add("-h", "--help", action="store_true", help="show this help")

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """What the words say. Raises HelpShown where they asked for help, which was printed.

        Raises BadUsage with a problem for each word that is wrong.
        """
        if not self._has_common:
            self.add_common()
        if Parser.is_wanted:
            raise Reached(self)
        scan = Scan(self, words)
        if scan.wants_help:
            raise HelpShown(self.format_help())
        if scan.problems:
            self.refuse(*scan.problems)
        return self.parse_args([*scan.options, "--", *scan.words] if scan.words else scan.options)

    def refuse(self, *problems: Problem) -> NoReturn:
        if Parser.is_wanted:
            raise Reached(self)
        from connector.cli.parsing.usage import BadUsage

        raise BadUsage(*problems, command=self.command)

    def format_help(self) -> str:
        if self._page is not None:
            first, self.epilog = page(self._page)
            self.description = self.description or first
        paragraphs = (self.description or "").split("\n\n")
        self.description = "\n\n".join("\n".join(terminal.wrapped(text)) for text in paragraphs)
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        from connector.errors import Problem

        subject, colon, rest = message.removeprefix("argument ").partition(": ")
        if message.startswith("unrecognized arguments"):
            self.refuse(*self._too_many(rest))
        if message.startswith("the following arguments are required"):
            self.refuse(Problem(rest, f"{rest} is missing{self._told_of(rest)}"))
        self.refuse(Problem(_field(subject) if colon else "", f"{subject}{colon and ' '}{rest}"))

    def _told_of(self, metavar: str) -> str:
        """What the help says of a word of the command line."""
        return next((f": {action.help}" for action in self._actions if action.metavar == metavar), "")

    def _too_many(self, text: str) -> Iterator[Problem]:
        from connector.errors import Problem

        words = text.removeprefix("-- ")
        subject = f"{words!r} is too much" if self.quotes_words else "there is a word too many"
        yield Problem("", f"{subject}; quote a value that has spaces")

    def takes(self, option: str) -> argparse.Action | None:
        """The action of an option, where there is one of that name."""
        return self._option_string_actions.get(option)

    @property
    def options(self) -> dict[str, argparse.Action]:
        """Every option by its name, also by its short one."""
        return self._option_string_actions


class Scan:
    """The words of a command line told apart, before argparse sees them.

    argparse stops at the first mistake, takes a value that begins with a hyphen for an option, and
    an option's value for a word where it does not know the option. Here each option has its value
    joined to it, under its long name, and every mistake is a problem.
    """

    def __init__(self, parser: Parser, words: Sequence[str]) -> None:
        self.options: list[str] = []
        self.words: list[str] = []
        self.problems: list[Problem] = []
        self.wants_help = False
        self._parser = parser
        self._rest = list(words)
        while self._rest:
            self._read(self._rest.pop(0))

    def _read(self, word: str) -> None:
        if word == "--":
            self.words += self._rest
            self._rest = []
        elif word == "-" or not word.startswith("-"):
            self.words.append(word)
        else:
            self._read_option(word)

    def _read_option(self, word: str) -> None:
        name, equals, value = _parted(word)
        name = name if self._parser.takes(name) else name.replace("_", "-")
        action = self._parser.takes(name)
        if action is None:
            self._unknown(name)
        elif action.nargs == 0 and equals and name[:2] != "--":
            self._flag(name, action)
            self._rest.insert(0, f"-{value}")  # several short flags in one word
        elif action.nargs == 0:
            self._flag(name, action) if not equals else self._problem(name, f"{name} takes no value")
        elif equals:
            self._join(action, value)
        else:
            self._read_value(name, action)

    def _flag(self, name: str, action: argparse.Action) -> None:
        self.wants_help = self.wants_help or action.dest == "help"
        self.options.append(name)  # by its own name, as `--no-wait` is one of `--wait`

    def _read_value(self, name: str, action: argparse.Action) -> None:
        following = self._rest[0] if self._rest else None
        if action.nargs == "?":
            joined = following is not None and following.lower() in ("true", "false", "yes", "no")
            self.options.append(f"{_long(action)}={self._rest.pop(0)}" if joined else _long(action))
        elif following is None or self._parser.takes(_parted(following)[0]):
            self._problem(name, f"{name} needs a value")
        else:
            self._join(action, self._rest.pop(0))

    def _join(self, action: argparse.Action, value: str) -> None:
        """The option with its value, which is looked at now: argparse would stop at the first bad one."""
        self.options.append(f"{_long(action)}={value}")
        if not callable(action.type):
            return
        try:
            action.type(value)
        except argparse.ArgumentTypeError as error:
            self._problem(_long(action), f"{_long(action)} {error}")
        except ValueError:
            self._problem(_long(action), f"{_long(action)} is {value!r}; give a number")

    def _unknown(self, name: str) -> None:
        from connector.spec.schema.suggest import nearest

        known = [option for option in self._parser.options if option.startswith("--")]
        meant = nearest(name, known).replace("'", "")
        self._problem(name, f"unknown option {name}{meant + '?' if meant and meant[-1] != '?' else meant}")
        if self._rest and not self._rest[0].startswith("-"):
            self._rest.pop(0)  # most likely its value

    def _problem(self, name: str, sentence: str) -> None:
        from connector.errors import Problem

        self.problems.append(Problem(_field(name), sentence))


def _parted(word: str) -> tuple[str, str, str]:
    """An option's name, whether a value is joined to it, and that value."""
    if word.startswith("--"):
        return word.partition("=")
    return word[:2], "=" if word[2:] else "", word[2:].removeprefix("=")


def _long(action: argparse.Action) -> str:
    return action.option_strings[-1]


def _field(name: str) -> str:
    return name.split("/")[-1].lstrip("-")


def one_of(*choices: str) -> Callable[[str], str]:
    """The type of an option that takes one of few words."""

    def read(text: str) -> str:
        from connector.spec.schema.suggest import nearest

        if text in choices:
            return text
        raise argparse.ArgumentTypeError(f"is {text!r}; give {' or '.join(choices)}{nearest(text, choices)}")

    return read


def folder_of(args: argparse.Namespace) -> str:
    """The integration's folder: the one given, else the one in the environment, else the shipped one."""
    return args.integration or os.environ.get("CONNECTOR_INTEGRATION") or cache.default_folder()


def named_folder(words: Sequence[str]) -> str:
    """The integration's folder, read off words that no parser has seen."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--integration", nargs="?")
    return folder_of(parser.parse_known_args([*words])[0])


def subcommand(command: str, words: Sequence[str], known: Collection[str]) -> str:
    """The command that stands behind a command. Raises HelpShown where help was asked for."""
    name = words[0] if words else "--help"
    if name in ("-h", "--help", "help"):
        raise HelpShown(overview(command))
    if name not in known:
        from connector.cli.parsing.usage import BadUsage
        from connector.errors import Problem
        from connector.spec.schema.suggest import nearest

        sentence = f"{command} has no command {name!r}{nearest(name, known)}"
        raise BadUsage(Problem("command", sentence), command=command)
    return name


def overview(command: str) -> str:
    """The text of ``help/COMMAND.txt``."""
    return package_data.text(f"cli/help/{'-'.join(filter(str.islower, command.split()))}.txt")


def page(command: str) -> tuple[str, str]:
    """What stands above and below the options in the help of a command."""
    first, _, rest = overview(command).partition("\n\n")
    return " ".join(first.split()), rest


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Help whose options say their value once: ``-e, --environment ENV``."""

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        value = self._format_args(action, action.dest.upper())
        return f"{', '.join(action.option_strings)} {value}"


def _formatter(prog: str) -> argparse.HelpFormatter:
    return _Formatter(prog, max_help_position=28, width=terminal.width())
