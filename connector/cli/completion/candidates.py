"""What could stand at a shell's cursor: names, options and their values, whichever command they are of."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.cli.parsing import find_action
from connector.cli.parsing.action_card import Card, card
from connector.cli.parsing.input_options import OWN, option_names
from connector.cli.parsing.parser import named_folder
from connector.spec import cache, listing

if TYPE_CHECKING:
    from connector.storage.workspace import Workspace


class Candidate(NamedTuple):
    """A word that could stand there, and what it is."""

    word: str
    about: str = ""


Candidates = Iterator[Candidate]


@contextmanager
def workspace() -> Iterator[Workspace]:
    """The stores of this machine."""
    from connector.storage.home import home
    from connector.storage.workspace import Workspace

    opened = Workspace(home(), os.environ, lambda: 0.0)
    try:
        yield opened
    finally:
        opened.close()


def common(before: Sequence[str], last: str) -> Candidates:
    yield from value_of(before, {"--integration": folders}, last)
    yield from plain(("--json", "--quiet", "--integration", "--help"))


def plain(names: Iterable[str]) -> Candidates:
    yield from (Candidate(name) for name in names)


def value_of(
    before: Sequence[str], values: Mapping[str, Callable[[str], Candidates]], last: str
) -> Candidates:
    """The values of the option that stands before the last word."""
    if before and before[-1] in values:
        yield from values[before[-1]](last)


def actions(before: Sequence[str]) -> Candidates:
    for entry in listing.entries(named_folder(before), cache.default_cache()):
        yield Candidate(entry["id"], entry["title"])


def with_value(
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
    elif before and before[-1] in FREE:
        return
    else:
        yield from others


# Options of ours whose value nobody can guess.
FREE = frozenset(
    {"--timeout", "-i", "--input", "--concurrency", "--in-flight", "--drain", "--cron"}
    | {"--limit-credits", "--limit-daily"}
)


def own_values(folder: str) -> dict[str, Callable[[str], Candidates]]:
    """What the options of ``invoke`` itself take."""

    def environments(last: str) -> Candidates:
        yield from environments_of(folder)

    found = dict.fromkeys(("-e", "--environment"), environments)
    found |= dict.fromkeys(("-c", "--connection"), connections)
    found |= dict.fromkeys(("-f", "--file", "-o", "--output"), files)
    return found | {
        "--integration": folders,
        "--on-filtered": lambda last: plain(("raise", "return")),
        "--accept": lambda last: iter(()),
    }


def environments_of(folder: str) -> Candidates:
    for name, environment in find_action.integration(folder).environments.items():
        yield Candidate(name, environment.description)


def connections(last: str) -> Candidates:
    with workspace() as opened:
        yield from (Candidate(one.name, one.integration) for one in opened.connections.list())


def values_of(schema: Mapping[str, Any]) -> Callable[[str], Candidates]:
    """What an input takes, as far as its schema lists it."""
    if schema.get("format") == "binary":
        return files
    if schema.get("type") == "boolean":
        return lambda last: plain(("true", "false"))
    known = [str(one) for one in (*schema.get("enum", ()), *schema.get("examples", ())) if one is not None]
    listed = known if "enum" in schema else []
    return lambda last: (Candidate(one) for one in listed)


def files(last: str) -> Candidates:
    """The files and folders that begin so, with the ``@`` that was typed before them."""
    mark = "@" if last.startswith("@") else ""
    typed = last.removeprefix("@")
    folder, begun = os.path.split(typed)
    shown = f"{folder}/" if folder not in ("", "/") else folder
    for path in sorted(Path(folder or ".").expanduser().iterdir()):
        if path.name.startswith(begun) and (begun.startswith(".") or not path.name.startswith(".")):
            yield Candidate(f"{mark}{shown}{path.name}{'/' if path.is_dir() else ''}")


def folders(last: str) -> Candidates:
    return (one for one in files(last) if one.word.endswith("/"))


def invoke(before: Sequence[str], last: str) -> Candidates:
    folder = named_folder(before)
    entries = listing.entries(folder, cache.default_cache())
    named = next(filter(None, (find_action.find(word, entries) for word in before)), None)
    values: dict[str, Callable[[str], Candidates]] = {**own_values(folder)}
    if named is None:
        yield from with_value(before, last, values, (*actions(before), *plain(sorted(OWN))))
        return
    found = card(named["id"], folder)
    values["--accept"] = lambda last: map(Candidate, found.accept)
    names = option_names(found.parameters)
    values |= {names[name]: values_of(schema) for name, schema in found.parameters.items()}
    left = [name for name in found.ordered if names[name] not in before]
    inputs = (Candidate(names[name], _about(found, name)) for name in left)
    yield from with_value(before, last, values, (*inputs, *plain(sorted(OWN))))


def _about(card: Card, name: str) -> str:
    return str(card.parameters[name].get("title", name))
