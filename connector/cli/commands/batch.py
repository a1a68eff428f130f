"""``connector batch``: an action or a workflow for every row of a file, or for every file."""

from __future__ import annotations

import argparse

from connector.cli.parsing import invoke_options, numbers
from connector.cli.parsing.parser import Parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from connector.errors import Problem

_USAGE = "ACTION_OR_WORKFLOW ITEMS... -o DIR [OPTIONS]"
_MOST = 1000


def run(words: list[str]) -> int:
    from connector.cli.commands import batch_list

    if words and words[0] in batch_list.COMMANDS:
        return batch_list.run(words)
    parser = _parser()
    args = parser.read(words)
    problems = [*_missing(args)]
    if problems:
        parser.refuse(*problems)
    from connector.cli.commands import batch_run

    return batch_run.run(args, words)


def _parser() -> Parser:
    parser = Parser("batch", usage=_USAGE)
    add = parser.add_argument
    add("subject", metavar="ACTION_OR_WORKFLOW", help="what is done with each row; a workflow's file too")
    add("items", metavar="ITEMS", nargs="+", help="the rows: a .csv or .jsonl file, or files")
    _add_rows(parser)
    _add_limits(parser)
    invoke_options.add_file_options(parser)
    add = parser.add_argument_group("what for").add_argument
    add("--dry-run", action="store_true", help="check all rows and tell what they will cost; send nothing")
    add("--retry-failed", action="store_true", help="do again what failed and cost nothing")
    unknown = "do again what may have been paid for, too: unknown outcomes, and what was filtered"
    add("--retry-unknown", action="store_true", help=unknown)
    return parser


def _add_rows(parser: Parser) -> None:
    add = parser.add_argument_group("rows and results").add_argument
    add("-o", "--output", metavar="DIR", help="the folder for the results")
    default = "an input of every row that does not give it; repeatable"
    add("--set", metavar="INPUT=VALUE", action="append", default=[], help=default)
    mapped = "which input a column is for; COLUMN= leaves it out; repeatable (file=INPUT for files)"
    add("--map", metavar="COLUMN=INPUT", action="append", default=[], help=mapped)
    add("--name-by", metavar="COLUMN", help="the column that results are named by")
    add("--name", metavar="NAME", help="what the batch is called (default: by rows and folder)")
    add("--no-sheet", action="store_true", help="draw no contact sheet")


def _add_limits(parser: Parser) -> None:
    add = parser.add_argument_group("where it goes, and how much").add_argument
    invoke_options.add_place_options(add)
    limit = "stop before the batch has cost more"
    add("--limit-credits", metavar="N", type=numbers.credits, help=limit)
    at_once = "rows under way at once (default: 16)"
    add("--concurrency", metavar="N", type=numbers.count(_MOST), default=16, help=at_once)


def _missing(args: argparse.Namespace) -> list[Problem]:
    from connector.errors import Problem

    if args.output is None and not args.dry_run:
        return [Problem("output", "-o DIR is missing: the folder for the results")]
    return []
