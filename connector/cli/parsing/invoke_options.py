"""The options that ``invoke`` and ``preview`` share: which action, with what, and where."""

from __future__ import annotations

import argparse
from functools import partial

from connector.cli.parsing import find_action, input_options, numbers
from connector.cli.parsing.action_card import Card, card
from connector.cli.parsing.parser import Parser, Scan, named_folder, one_of
from connector.spec import cache, file_options, listing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any, NoReturn


class ParsedCommand:
    """A command line that was understood."""

    def __init__(self, args: argparse.Namespace, card: Card, folder: str) -> None:
        from connector.cli.parsing import input_arguments

        self.args = args
        self.card = card
        self.folder = folder
        self.given: dict[str, Any] = input_arguments.given(args, card)

    @property
    def where(self) -> dict[str, Any]:
        """The options that say where the request goes."""
        args = self.args
        return {"environment": args.environment, "connection": args.connection, "accept": args.accept}


def read(
    command: str,
    words: Sequence[str],
    answer: Callable[[Parser], None] | None = None,
) -> ParsedCommand:
    """What is asked for. Raises HelpShown where help was, and the error of what is wrong.

    ``answer`` adds the options about the answer, in place of those of ``invoke``.
    """
    add_answer = answer or partial(_add_answer_options, shown=command == "invoke")
    parser = _parser(command, add_answer)
    folder = named_folder(words)
    entries = listing.entries(folder, cache.default_cache())
    place = place_of(words, parser, lambda word: find_action.find(word, entries) is not None)
    if place is None:
        said = "which action? Name it behind the command; `connector actions` lists them"
        refuse_or_help(parser, words, "action", said)
    found = card(words[place], folder)
    paragraphs = (f"{found.title}: {found.description}", f"Price: {found.price_line}.", found.deprecation)
    own = _parser(command, add_answer, found, "\n\n".join(filter(None, paragraphs)))
    args = own.read([*words[:place], *words[place + 1 :]])
    return ParsedCommand(args, found, folder)


def refuse_or_help(parser: Parser, words: Sequence[str], what: str, missing: str) -> NoReturn:
    """Shows help where it is asked for. Nothing else can be said, as most options are the action's."""
    if Scan(parser, words).wants_help:
        parser.read(["--help"])
    from connector.errors import Problem

    parser.refuse(Problem(what, missing))


def _parser(
    command: str,
    add_answer: Callable[[Parser], None],
    card: Card | None = None,
    description: str | None = None,
) -> Parser:
    """The parser of a command; with an action's card, of its inputs too."""
    usage = "[INPUTS] [OPTIONS]" if card else "ACTION [INPUTS] [OPTIONS]"
    parser = Parser(f"{command} {card.id}" if card else command, description, usage, page=command)
    if card is not None:
        input_options.add_options(parser, card, taken(add_request_options, add_answer))
        parser.hints["--accept"] = ("", card.accept)
    add_request_options(parser)
    add_answer(parser)
    parser.add_common()
    return parser


def option_names(inputs: Iterable[str]) -> dict[str, str]:
    """The option that ``invoke`` has for each input."""
    return input_options.option_names(inputs, taken())


def taken(*adds: Callable[[Parser], None]) -> frozenset[str]:
    """The options that no input can have in a command to which these functions add its own.

    Those of ``invoke`` are among them, so that an input has one name in all commands.
    """
    invoke = input_options.own_options(add_request_options, _add_answer_options)
    return invoke | input_options.own_options(*adds)


def add_request_options(parser: Parser, *, accepts: bool = True) -> None:
    """Where it goes, and what is given beside the inputs' own options."""
    add = parser.add_argument_group("where it goes, and what is given").add_argument
    add_place_options(add)
    if accepts:
        add("--accept", metavar="MEDIA", help="the form of answer, such as image/*, where there is a choice")
    add(
        "-f", "--file", metavar="INPUTS", help="a YAML or JSON file of inputs; paths in it are relative to it"
    )
    add("-i", "--input", metavar="NAME=VALUE", action="append", help="any input by its own name; repeatable")
    add_file_options(parser)


def add_place_options(add: Callable[..., Any]) -> None:
    """Where requests go, and whose credential they have."""
    said = "such as production, or sandbox (or CONNECTOR_ENVIRONMENT)"
    add("-e", "--environment", metavar="ENV", help=said)
    said = "whose credential (or CONNECTOR_CONNECTION); see `connector connections list`"
    add("-c", "--connection", metavar="NAME", help=said)


# By what other names an option goes.
_SHORT = {"accept_warnings": ("-y", "--yes")}


def add_file_options(parser: Parser) -> None:
    """What is said of all files that are given."""
    add = parser.add_argument_group("the files that are given").add_argument
    for name, said in file_options.HELP.items():
        add(*_SHORT.get(name, ()), f"--{name.replace('_', '-')}", action="store_true", dest=name, help=said)


def _add_answer_options(parser: Parser, *, shown: bool = True) -> None:
    """``preview`` takes them too and has no use for them, so that one word makes a preview of a command."""
    add = parser.add_argument_group("the answer").add_argument

    def told(text: str) -> str:
        return text if shown else argparse.SUPPRESS

    add_result_options(add, told)
    add(
        "--stream", action="store_true", help=told("write the bytes as they arrive, to -o or standard output")
    )
    add("--estimate", action="store_true", help=told("tell what it would cost, and send nothing"))


def add_result_options(add: Callable[..., Any], told: Callable[[str], str] = str) -> None:
    """How long a result is waited for, and what becomes of it."""
    wait = told("wait for a job's result (default), or do not")
    add("--wait", action=argparse.BooleanOptionalAction, default=True, help=wait)
    how_long = told("how long to wait for the answer, or the job")
    add("--timeout", metavar="SECONDS", type=numbers.seconds, help=how_long)
    add_filtered_option(add, told)
    add_output_options(add, told)
    add("--show", action="store_true", help=told("draw the picture in the terminal"))


def add_filtered_option(add: Callable[..., Any], told: Callable[[str], str] = str) -> None:
    """What becomes of a filtered result."""
    filtered = told("whether a filtered picture is a failure; it is saved all the same")
    choices = one_of("raise", "return")
    add("--on-filtered", metavar="raise|return", type=choices, default="raise", help=filtered)


def add_output_options(add: Callable[..., Any], told: Callable[[str], str] = str) -> None:
    """Where the file of a result goes."""
    add("-o", "--output", metavar="PATH", help=told("a file, a folder/, or - for standard output"))
    add("--overwrite", action="store_true", help=told("replace the file that is there"))
    add("--number", action="store_true", help=told("write beside the file that is there, as NAME-2"))


def place_of(words: Sequence[str], parser: Parser, is_known: Callable[[str], bool]) -> int | None:
    """Where the name of what is used stands: the first free word that is one, else the first free word."""
    free = list(_free(words, parser))
    if not free:
        return None
    named = (place for place in free if is_known(words[place]))
    certain = (place for place in free if place == 0 or not words[place - 1].startswith("-"))
    return next(named, None) or next(certain, None) if 0 not in free else 0


def _free(words: Sequence[str], parser: Parser) -> Iterator[int]:
    """The places of words that are no option and not the value of one of ours.

    The inputs' options are not known yet, so values of theirs are among them.
    """
    taken = False
    for place, word in enumerate(words):
        if word == "--":
            return
        if not taken and not word.startswith("-"):
            yield place
        option = parser.takes(word)
        taken = not taken and option is not None and option.nargs != 0
