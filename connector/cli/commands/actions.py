"""``connector actions``: what the integration can do. It must start fast, so it imports next to nothing."""

from __future__ import annotations

from connector.cli.parsing.parser import Parser, folder_of
from connector.cli.terminal import terminal
from connector.spec import cache, listing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Entries = list[dict[str, Any]]


def run(words: list[str]) -> int:
    parser = Parser("actions")
    parser.add_argument("word", nargs="?", metavar="WORD", help="only those whose texts have this word")
    parser.add_argument("--group", metavar="GROUP", help="only those of this group")
    args = parser.read(words)
    entries = listing.entries(folder_of(args), cache.default_cache())
    found = _with_word(_of_group(entries, args.group), args.word)
    if args.json:
        shown = [{name: value for name, value in one.items() if name != "names"} for one in found]
        terminal.print_json({"actions": shown})
        return 0
    for line in _lines(found):
        print(line)
    if not args.quiet:
        terminal.say(_footer(found, args.word))
    return 0


def _of_group(entries: Entries, group: str | None) -> Entries:
    found = [one for one in entries if group is None or one["group"].casefold() == group.casefold()]
    if found or group is None:
        return found
    from connector.errors import UnknownName
    from connector.spec.schema.suggest import nearest

    groups = list(dict.fromkeys(one["group"] for one in entries))
    raise UnknownName(f"there is no group {group!r}; there are {', '.join(groups)}{nearest(group, groups)}")


def _with_word(entries: Entries, word: str | None) -> Entries:
    """Those that have the word in what they are called, first; else those that speak of it."""
    if word is None:
        return entries
    ranks = listing.ranks(entries, word)
    return [one for one, rank in zip(entries, ranks, strict=True) if rank and rank == max(ranks)]


def _lines(entries: Entries) -> list[str]:
    """The actions below their groups, in one set of columns."""
    rows = terminal.columns((one["id"], one["title"], one["price"], _marks(one)) for one in entries)
    lines: list[str] = []
    for number, one in enumerate(entries):
        if number == 0 or one["group"] != entries[number - 1]["group"]:
            lines += [""] * (number > 0) + [terminal.paint(one["group"], "bold")]
        lines.append(terminal.paint(rows[number], "dim") if one["deprecated"] else rows[number])
    return lines


def _marks(entry: dict[str, Any]) -> str:
    return ", ".join(mark for mark in ("deprecated", "job") if entry[mark])


def _footer(entries: Entries, word: str | None) -> str:
    if not entries:
        return f"No action speaks of {word!r}; `connector actions` lists them all."
    count = f"{len(entries)} action{'s' if len(entries) > 1 else ''}"
    return f"\n{count}, prices in credits. `connector describe ACTION` tells more."
