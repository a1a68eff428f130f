"""``connector __complete``: what could stand where a shell's cursor is.

__complete bash LINE WORD     the line up to the cursor, and what bash takes for its last word
__complete zsh -- WORDS...    the words behind ``connector``, the last one unfinished
__complete fish -- WORDS...
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from connector import index
from connector.cli import choice, commands, completion
from connector.cli.card import Card, card
from connector.cli.options import OWN, option_names
from connector.cli.parser import named_folder
from connector.errors import ConnectorError


class Candidate(NamedTuple):
    """A word that could stand there, and what it is."""

    word: str
    about: str = ""


Candidates = Iterator[Candidate]


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
        yield from (Candidate(name, about) for _, rows in commands.TABLE for name, about in rows)
        yield from (Candidate("--help"), Candidate("--version"))
        return
    command, *before, last = words
    yield from _COMMANDS.get(command, _common)(before, last)


def _common(before: Sequence[str], last: str) -> Candidates:
    yield from _value_of(before, {"--integration": _folders}, last)
    yield from _options(("--json", "--quiet", "--integration", "--help"))


def _options(names: Iterable[str]) -> Candidates:
    yield from (Candidate(name) for name in names)


def _value_of(
    before: Sequence[str], values: Mapping[str, Callable[[str], Candidates]], last: str
) -> Candidates:
    """The values of the option that stands before the last word."""
    if before and before[-1] in values:
        yield from values[before[-1]](last)


def _actions(before: Sequence[str]) -> Candidates:
    for entry in index.entries(named_folder(before), index.default_cache()):
        yield Candidate(entry["id"], entry["title"])


def _actions_command(before: Sequence[str], last: str) -> Candidates:
    entries = index.entries(named_folder(before), index.default_cache())
    if before and before[-1] == "--group":
        yield from map(Candidate, dict.fromkeys(entry["group"] for entry in entries))
        return
    yield Candidate("--group")
    yield from _common(before, last)


def _describe(before: Sequence[str], last: str) -> Candidates:
    yield from _actions(before)
    yield from _common(before, last)


def _invoke(before: Sequence[str], last: str) -> Candidates:
    folder = named_folder(before)
    entries = index.entries(folder, index.default_cache())
    named = next(filter(None, (choice.find(word, entries) for word in before)), None)
    values: dict[str, Callable[[str], Candidates]] = {**_own_values(folder)}
    if named is None:
        yield from _with_value(before, last, values, (*_actions(before), *_options(sorted(OWN))))
        return
    found = card(named["id"], folder)
    values["--accept"] = lambda last: map(Candidate, found.accept)
    names = option_names(found.parameters)
    values |= {names[name]: _values(schema) for name, schema in found.parameters.items()}
    left = [name for name in found.ordered if names[name] not in before]
    inputs = (Candidate(names[name], _about(found, name)) for name in left)
    yield from _with_value(before, last, values, (*inputs, *_options(sorted(OWN))))


def _about(card: Card, name: str) -> str:
    return str(card.parameters[name].get("title", name))


def _with_value(
    before: Sequence[str],
    last: str,
    values: Mapping[str, Callable[[str], Candidates]],
    others: Iterable[Candidate],
) -> Candidates:
    """The values of an option that waits for one (as a word of its own or behind ``=``), else the others."""
    name, equals, value = last.partition("=")
    if last.startswith("--") and equals and name in values:
        yield from (Candidate(f"{name}={one.word}", one.about) for one in values[name](value))
    elif before and before[-1] in values:
        yield from values[before[-1]](last)
    elif before and before[-1] in _FREE:
        return
    else:
        yield from others


# Options of ours whose value nobody can guess.
_FREE = frozenset({"--timeout", "-i", "--input", "--concurrency", "--in-flight", "--drain"})


def _own_values(folder: str) -> dict[str, Callable[[str], Candidates]]:
    """What the options of ``invoke`` itself take."""

    def environments(last: str) -> Candidates:
        yield from _environments(folder)

    found = dict.fromkeys(("-e", "--environment"), environments)
    found |= dict.fromkeys(("-c", "--connection"), _connections)
    found |= dict.fromkeys(("-f", "--file", "-o", "--output"), _files)
    return found | {
        "--integration": _folders,
        "--on-filtered": lambda last: _options(("raise", "return")),
        "--accept": lambda last: iter(()),
    }


def _environments(folder: str) -> Candidates:
    for name, environment in choice.integration(folder).environments.items():
        yield Candidate(name, environment.description)


def _connections(last: str) -> Candidates:
    from connector.home import home
    from connector.workspace import Workspace

    workspace = Workspace(home(), os.environ, lambda: 0.0)
    try:
        yield from (Candidate(one.name, one.integration) for one in workspace.connections.list())
    finally:
        workspace.close()


def _values(schema: Mapping[str, Any]) -> Callable[[str], Candidates]:
    """What an input takes, as far as its schema lists it."""
    if schema.get("format") == "binary":
        return _files
    if schema.get("type") == "boolean":
        return lambda last: _options(("true", "false"))
    known = [str(one) for one in (*schema.get("enum", ()), *schema.get("examples", ())) if one is not None]
    listed = known if "enum" in schema else []
    return lambda last: (Candidate(one) for one in listed)


def _files(last: str) -> Candidates:
    """The files and folders that begin so, with the ``@`` that was typed before them."""
    mark = "@" if last.startswith("@") else ""
    typed = last.removeprefix("@")
    folder, begun = os.path.split(typed)
    shown = f"{folder}/" if folder not in ("", "/") else folder
    for path in sorted(Path(folder or ".").expanduser().iterdir()):
        if path.name.startswith(begun) and (begun.startswith(".") or not path.name.startswith(".")):
            yield Candidate(f"{mark}{shown}{path.name}{'/' if path.is_dir() else ''}")


def _folders(last: str) -> Candidates:
    return (one for one in _files(last) if one.word.endswith("/"))


def _connections_command(before: Sequence[str], last: str) -> Candidates:
    if not before:
        yield from _options(("add", "list", "show", "test", "remove", "rotate"))
        return
    if before[-1] in ("-e", "--environment"):
        yield from _environments(named_folder(before))
        return
    if before[0] in ("show", "test", "remove"):
        yield from _connections(last)
    if before[0] == "add":
        yield from _options(("--environment", "--base-url", "--cap", "--header", "--default", "--replace"))
        fields = choice.integration(named_folder(before)).credential.get("properties", {})
        yield from _options(option_names(fields).values())
    yield from _common(before, last)


def _money(before: Sequence[str], last: str) -> Candidates:
    values = _own_values(named_folder(before))
    others = (*_options(("--environment", "--connection")), *_common(before, last))
    yield from _with_value(before, last, values, others)


def _result(before: Sequence[str], last: str) -> Candidates:
    own = ("--no-wait", "--wait", "--timeout", "--accept", "--output", "--on-filtered", "--show")
    others = (*_jobs(), *_options(own), *_common(before, last))
    yield from _with_value(before, last, _own_values(named_folder(before)), others)


def _jobs() -> Candidates:
    from connector.home import home
    from connector.workspace import Workspace

    workspace = Workspace(home(), os.environ, lambda: 0.0)
    try:
        yield from (Candidate(one.id, one.action) for one in workspace.ledger.entries("running"))
    finally:
        workspace.close()


def _shells(before: Sequence[str], last: str) -> Candidates:
    yield from _options(completion.SCRIPTS)


def _check(before: Sequence[str], last: str) -> Candidates:
    yield from _files(last) if before and before[-1] == "--against" else _folders(last)
    yield from (*_options(("--against",)), *_common(before, last))


def _jobs_command(before: Sequence[str], last: str) -> Candidates:
    if not before:
        yield from _options((*_JOBS_WORDS, "--json", "--help"))
    elif before[0] == "submit":
        yield from _invoke(before[1:], last)
    elif before[-1] in ("-o", "--output"):
        yield from _files(last)
    elif before[-1] not in ("--timeout", "--limit"):
        yield from _runs() if before[0] in _JOBS_WORDS[2:-1] else ()
        yield from (*_options(_JOBS_OPTIONS.get(before[0], ())), *_common(before, last))


_JOBS_WORDS = ("submit", "list", "show", "watch", "wait", "cancel", "resume", "mark", "retry", "unknown")
_JOBS_OPTIONS = {
    "list": ("--state", "--of", "--limit"),
    "wait": ("--timeout", "--output"),
    "mark": ("--paid", "--unpaid"),
}


def _runs() -> Candidates:
    """The durable runs of late."""
    from connector.history import History
    from connector.home import home
    from connector.workspace import Workspace

    workspace = Workspace(home(), os.environ, lambda: 0.0)
    try:
        for one in History(workspace.database).list(durable=True, limit=20):
            yield Candidate(one.id, f"{one.action}, {one.state}")
    finally:
        workspace.close()


def _batch(before: Sequence[str], last: str) -> Candidates:
    folder = named_folder(before)
    if not before:
        yield from (*_options(("list", "show", "cancel")), *_actions(before))
        yield from map(Candidate, _workflows(folder))
        return
    if before[0] in ("show", "cancel"):
        yield from _batches()
    values = _own_values(folder)
    flags = ("--dry-run", "--retry-failed", "--retry-unknown", "--no-sheet")
    own = ("--environment", "--connection", "--output", "--set", "--map", "--limit-credits", "--concurrency")
    others = (*_files(last), *_options((*own, "--name", "--name-by", *flags)), *_common(before, last))
    yield from _with_value(before, last, values, others)


def _workflows(folder: str) -> Iterable[str]:
    from connector.workflow import load

    return load.names(choice.integration(folder))


def _batches() -> Candidates:
    from connector.home import home
    from connector.runs.batches import Batches
    from connector.workspace import Workspace

    workspace = Workspace(home(), os.environ, lambda: 0.0)
    try:
        found = Batches(workspace.database).list()
        yield from (Candidate(one.name, f"{one.subject}, {one.state}") for one in found)
    finally:
        workspace.close()


def _worker(before: Sequence[str], last: str) -> Candidates:
    if before and before[-1] in _FREE:
        return
    yield from _folders(last)
    yield from (*_options(("--concurrency", "--in-flight", "--drain")), *_common(before, last))


_COMMANDS: Mapping[str, Callable[[Sequence[str], str], Candidates]] = {
    "actions": _actions_command,
    "describe": _describe,
    "invoke": _invoke,
    "preview": _invoke,
    "result": _result,
    "connections": _connections_command,
    "balance": _money,
    "completion": _shells,
    "check": _check,
    "batch": _batch,
    "worker": _worker,
    "jobs": _jobs_command,
}
