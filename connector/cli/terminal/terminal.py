"""The terminal: its width, colour where it is wanted, text in columns."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from typing import Any, TextIO

_CODES = {"bold": "1", "dim": "2", "red": "31", "yellow": "33", "green": "32"}
_WIDEST = 100


def is_terminal(stream: TextIO) -> bool:
    """Whether somebody looks at the stream, rather than a program."""
    return stream.isatty()


def agreed(question: str) -> bool:
    """Whether somebody at the terminal says yes; False where nobody sits there."""
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        return False
    print(f"{clean(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def width() -> int:
    """The columns that there are to write in; 80 where nobody looks."""
    try:
        columns = os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):  # standard error is no terminal, or has no file behind it
        columns = 80
    return min(columns or 80, _WIDEST)


def has_colour(stream: TextIO) -> bool:
    """Colour is for terminals, and not where NO_COLOR is set (no-color.org)."""
    unwanted = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return is_terminal(stream) and not unwanted


def paint(text: str, style: str, stream: TextIO | None = None) -> str:
    """The text in a style, where the stream (standard output) shows styles."""
    if not text or not has_colour(stream or sys.stdout):
        return text
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m"


def columns(rows: Iterable[Sequence[str]], indent: str = "  ") -> list[str]:
    """The rows with their cells one below the other."""
    listed = [[clean(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*listed, strict=True)]
    return [
        (indent + "  ".join(cell.ljust(wide) for cell, wide in zip(row, widths, strict=True))).rstrip()
        for row in listed
    ]


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The rows with their cells one below the other, under a heading."""
    head, *lines = columns([heading, *rows])
    return "\n".join([paint(head, "dim"), *lines])


def wrapped(text: str, indent: str = "", first: str | None = None) -> list[str]:
    """The text in lines that fit; ``first`` begins the first of them."""
    import textwrap

    begin = indent if first is None else first
    return textwrap.wrap(
        clean(text),
        width() - 1,
        initial_indent=begin,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [begin.rstrip()]


def moment(time: datetime) -> str:
    """A time in its zone, with the day of the week."""
    return f"{time:%a %Y-%m-%d %H:%M} {time.tzname()}"


def clean(text: str) -> str:
    """The text without what could move the cursor or colour the screen: it may come from anywhere."""
    return "".join(one if one.isprintable() or one == "\n" else " " for one in text)


def say(line: str = "") -> None:
    """Tells a person something that is not the result."""
    print(line, file=sys.stderr, flush=True)


def report(args: Namespace, document: Any, *sentences: str) -> None:
    """What was done: as JSON, or in words for whoever wants to hear them."""
    if args.json:
        print_json(document)
    elif not args.quiet:
        for sentence in sentences:
            say(sentence)


def print_json(value: Any) -> None:
    """The one JSON document of a command."""
    import json

    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))
