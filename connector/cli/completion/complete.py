"""``connector __complete``: what could stand where a shell's cursor is.

__complete bash LINE WORD     the line up to the cursor, and what bash takes for its last word
__complete zsh -- WORDS...    the words behind ``connector``, the last one unfinished
__complete fish -- WORDS...
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence

from connector.cli import command_table
from connector.cli.completion import complete_durable, completion
from connector.cli.completion.candidates import (
    Candidate,
    Candidates,
    actions,
    common,
    connections,
    environments_of,
    files,
    folders,
    invoke,
    own_values,
    plain,
    with_value,
    workspace,
)
from connector.cli.parsing import find_action
from connector.cli.parsing.input_options import option_names
from connector.cli.parsing.parser import named_folder
from connector.errors import ConnectorError
from connector.spec import cache, listing


def run(words: list[str]) -> int:
    shell, *rest = words or ["fish"]
    typed = _words_of_line(rest[0]) if shell == "bash" else rest[1:]
    last = typed[-1] if typed else ""
    try:
        found = [one for one in candidates(typed) if one.word.startswith(last)]
    except (ConnectorError, OSError):
        found = []  # a shell has no place for messages
    held = rest[1] if shell == "bash" and len(rest) > 1 else ""
    for one in found:
        print(_WRITTEN[shell](one, last, held) if shell in _WRITTEN else one.word)
    return 0


def _words_of_line(line: str) -> list[str]:
    """The words behind the command's name; the last one is not finished."""
    for quote in ("", '"', "'"):
        try:
            words = shlex.split(line + quote)
        except ValueError:
            continue
        return [*words[1:], ""] if not quote and line[-1:].isspace() else words[1:]
    return [""]


def _for_bash(one: Candidate, last: str, held: str) -> str:
    """Without what bash does not take for a part of the word, such as all up to the last ``=``."""
    bare = held.strip("\"'")
    kept = bare if last.endswith(bare) and bare not in ("=", ":", "@") else ""
    begin = len(last) - len(kept)
    return shlex.quote(one.word[begin:]) if " " in one.word else one.word[begin:]


def _for_zsh(one: Candidate, last: str, held: str) -> str:
    escaped = one.word.replace(":", "\\:")
    return f"{escaped}:{one.about}" if one.about else escaped if not one.word.endswith("/") else one.word


def _for_fish(one: Candidate, last: str, held: str) -> str:
    return f"{one.word}\t{one.about}" if one.about else one.word


_WRITTEN: Mapping[str, Callable[[Candidate, str, str], str]] = {
    "bash": _for_bash,
    "zsh": _for_zsh,
    "fish": _for_fish,
}


def candidates(words: Sequence[str]) -> Candidates:
    """What could stand in place of the last of the words."""
    if len(words) < 2:
        yield from (Candidate(name, about) for _, rows in command_table.TABLE for name, about in rows)
        yield from (Candidate("--help"), Candidate("--version"))
        return
    command, *before, last = words
    yield from _COMMANDS.get(command, common)(before, last)


def _actions_command(before: Sequence[str], last: str) -> Candidates:
    entries = listing.entries(named_folder(before), cache.default_cache())
    if before and before[-1] == "--group":
        yield from map(Candidate, dict.fromkeys(entry["group"] for entry in entries))
        return
    yield Candidate("--group")
    yield from common(before, last)


def _describe(before: Sequence[str], last: str) -> Candidates:
    yield from actions(before)
    yield from common(before, last)


def _connections_command(before: Sequence[str], last: str) -> Candidates:
    if not before:
        yield from plain(("add", "list", "show", "test", "remove", "rotate"))
        return
    if before[-1] in ("-e", "--environment"):
        yield from environments_of(named_folder(before))
        return
    if before[0] in ("show", "test", "remove"):
        yield from connections(last)
    if before[0] == "add":
        yield from plain(("--environment", "--base-url", "--cap", "--header", "--default", "--replace"))
        fields = find_action.integration(named_folder(before)).credential.get("properties", {})
        yield from plain(option_names(fields).values())
    yield from common(before, last)


def _money(before: Sequence[str], last: str) -> Candidates:
    values = own_values(named_folder(before))
    others = (*plain(("--environment", "--connection")), *common(before, last))
    yield from with_value(before, last, values, others)


def _result(before: Sequence[str], last: str) -> Candidates:
    own = ("--no-wait", "--wait", "--timeout", "--accept", "--output", "--on-filtered", "--show")
    others = (*_jobs(), *plain(own), *common(before, last))
    yield from with_value(before, last, own_values(named_folder(before)), others)


def _jobs() -> Candidates:
    with workspace() as opened:
        yield from (Candidate(one.id, one.action) for one in opened.ledger.entries("running"))


def _shells(before: Sequence[str], last: str) -> Candidates:
    yield from plain(completion.SCRIPTS)


def _check(before: Sequence[str], last: str) -> Candidates:
    yield from files(last) if before and before[-1] == "--against" else folders(last)
    yield from (*plain(("--against",)), *common(before, last))


def _mcp(before: Sequence[str], last: str) -> Candidates:
    if before and before[-1] == "--root":
        yield from folders(last)
        return
    own = ("--environment", "--connection", "--root", "--limit-credits", "--actions", "--http", "--port")
    others = (*plain(own), *common(before, last))
    yield from with_value(before, last, own_values(named_folder(before)), others)


def _export(before: Sequence[str], last: str) -> Candidates:
    if not before:
        from connector.cli.commands.export import PLATFORMS

        yield from plain((*PLATFORMS, "superblocks"))
        return
    if before[0] == "superblocks":
        yield from (*plain(("--output", "--plugin", "--id", "--force")), *invoke(before[1:], last))
        return
    if before[-1] in ("-o", "--output"):
        yield from files(last)
        return
    yield from (*plain(("--output", "--host", "--force")), *common(before, last))


_IMPORTED = {"openapi": ("--output", "--force"), "superblocks": ("--generic",)}


def _import(before: Sequence[str], last: str) -> Candidates:
    if not before:
        yield from plain(_IMPORTED)
        return
    values = dict.fromkeys(("-o", "--output", "--integration"), folders)
    values["--generic"] = lambda last: actions(before)
    own = _IMPORTED.get(before[0], ())
    yield from with_value(before, last, values, (*files(last), *plain(own), *common(before, last)))


_COMMANDS: Mapping[str, Callable[[Sequence[str], str], Candidates]] = {
    "actions": _actions_command,
    "describe": _describe,
    "invoke": invoke,
    "preview": invoke,
    "result": _result,
    "connections": _connections_command,
    "balance": _money,
    "completion": _shells,
    "check": _check,
    "mcp": _mcp,
    "export": _export,
    "import": _import,
    **complete_durable.COMMANDS,
}
