"""``connector __complete``: what could stand where a shell's cursor is.

__complete bash LINE WORD     the line up to the cursor, and what bash takes for its last word
__complete zsh -- WORDS...    the words behind ``connector``, the last one unfinished
__complete fish -- WORDS...

The options are those of the command's own parser, which is asked for by running the command until it has one.
"""

from __future__ import annotations

import argparse
import io
import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout

from connector.cli import command_table
from connector.cli.completion import candidates as known
from connector.cli.completion import completion
from connector.cli.completion.candidates import Candidate, Candidates, Source
from connector.cli.parsing.input_options import PREFIX
from connector.cli.parsing.parser import Parser, Reached, named_folder
from connector.errors import ConnectorError


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


# The word behind a command that is a command itself.
_BELOW: Mapping[str, Sequence[str]] = {
    "batch": ("list", "show", "cancel"),
    "completion": completion.SHELLS,
    "connections": ("add", "list", "show", "test", "remove", "rotate"),
    "export": ("openapi", "swagger", "n8n", "superblocks"),
    "import": ("openapi", "superblocks"),
    "jobs": ("submit", "list", "show", "watch", "wait", "cancel", "resume", "mark", "retry", "unknown"),
    "schedule": ("add", "list", "show", "next", "run", "pause", "resume", "remove"),
    "workflow": ("list", "show", "check", "run", "status"),
}
# They do something without one, too.
_ALONE = ("batch", "jobs")
# The words that a command takes beside its options, by its name in its own help.
_WORDS: Mapping[str, Sequence[Source]] = {
    **dict.fromkeys(("invoke", "preview", "describe", "jobs submit", "export superblocks"), (known.actions,)),
    **dict.fromkeys(("batch", "schedule add NAME"), (known.actions, known.workflows, known.files)),
    **dict.fromkeys(("workflow run", "workflow show"), (known.workflows, known.files)),
    **dict.fromkeys(("import", "import superblocks", "workflow check"), (known.files,)),
    **dict.fromkeys(("check", "serve", "worker"), (known.folders,)),
    **dict.fromkeys((f"connections {name}" for name in ("show", "test", "remove")), (known.connections,)),
    **dict.fromkeys((f"batch {name}" for name in ("show", "cancel")), (known.batches,)),
    **dict.fromkeys((f"schedule {name}" for name in _BELOW["schedule"][2:]), (known.schedules,)),
    **dict.fromkeys((f"jobs {name}" for name in _BELOW["jobs"][2:-1]), (known.runs,)),
    "workflow status": (known.runs,),
    "result": (known.jobs,),
}


def candidates(words: Sequence[str]) -> Candidates:
    """What could stand in place of the last of the words."""
    if len(words) < 2:
        yield from (Candidate(name, about) for _, rows in command_table.TABLE for name, about in rows)
        yield from (Candidate("--help"), Candidate("--version"))
        return
    command, *before, last = words
    if not before:
        yield from map(Candidate, _BELOW.get(command, ()))
    if before or command not in _BELOW or command in _ALONE:
        parser = _parser(command, before)
        yield from _of(parser, before, last) if parser else ()


def _parser(command: str, before: Sequence[str]) -> Parser | None:
    """The parser that the command would read its words with, had it them all."""
    Parser.is_wanted = True
    try:
        with redirect_stdout(io.StringIO()):  # help is not what was asked for
            command_table.run(command, [*before])
    except Reached as reached:
        return reached.parser
    finally:
        Parser.is_wanted = False
    return None


def _of(parser: Parser, before: Sequence[str], last: str) -> Candidates:
    """The values of an option that waits for one (as a word of its own or behind ``=``), else the others."""
    folder = named_folder(before)
    name, equals, value = last.partition("=")
    joined = parser.takes(name) if equals else None
    waiting = parser.takes(before[-1]) if before else None
    if joined is not None:
        found = _values(parser, joined, folder, value)
        yield from (Candidate(f"{name}={one.word}", one.about) for one in found)
        return
    if waiting is not None and waiting.nargs != 0:
        yield from _values(parser, waiting, folder, last)
        return
    for source in _WORDS.get(parser.command, ()):
        yield from source(folder, last)
    for option, action in parser.options.items():
        is_given = action.dest.startswith(PREFIX) and option in before
        if option.startswith("--") and not is_given:
            yield Candidate(option, parser.hints.get(option, ("", ()))[0])


def _values(parser: Parser, action: argparse.Action, folder: str, last: str) -> Candidates:
    option, metavar = action.option_strings[-1], str(action.metavar)
    if option in parser.hints:
        yield from map(Candidate, parser.hints[option][1])
    if option == "--connection":
        yield from known.connections(folder, last)
    elif "|" in metavar:
        yield from map(Candidate, metavar.split("|"))
    elif metavar in known.OF_VALUES:
        yield from known.OF_VALUES[metavar](folder, last)
