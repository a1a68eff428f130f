"""Completion candidates: names that are known, files and folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from connector.cli.parsing import find_action
from connector.spec import cache, listing

if TYPE_CHECKING:
    from connector.storage.workspace import Workspace


class Candidate(NamedTuple):
    """A word that could stand there, and what it is."""

    word: str
    about: str = ""


Candidates = Iterable[Candidate]
# Of the integration's folder, and of what is typed already.
Source = Callable[[str, str], Candidates]


def actions(folder: str, last: str) -> Candidates:
    for entry in listing.entries(folder, cache.default_cache()):
        yield Candidate(entry["id"], entry["title"])


def _groups(folder: str, last: str) -> Candidates:
    return map(
        Candidate, dict.fromkeys(one["group"] for one in listing.entries(folder, cache.default_cache()))
    )


def workflows(folder: str, last: str) -> Candidates:
    from connector.runs.workflow import load

    return map(Candidate, load.names(find_action.integration(folder)))


def _environments(folder: str, last: str) -> Candidates:
    for name, environment in find_action.integration(folder).environments.items():
        yield Candidate(name, environment.description)


def _zones(folder: str, last: str) -> Candidates:
    from zoneinfo import available_timezones

    return map(Candidate, sorted(available_timezones()))


def connections(folder: str, last: str) -> Candidates:
    with _workspace() as opened:
        yield from (Candidate(one.name, one.integration) for one in opened.connections.list())


def jobs(folder: str, last: str) -> Candidates:
    with _workspace() as opened:
        yield from (Candidate(one.id, one.action) for one in opened.ledger.entries("running"))


def runs(folder: str, last: str) -> Candidates:
    """The durable runs of late."""
    from connector.storage.runs.history import History

    with _workspace() as opened:
        for one in History(opened.database).list(durable=True, limit=20):
            yield Candidate(one.id, f"{one.action}, {one.state}")


def batches(folder: str, last: str) -> Candidates:
    from connector.runs.batch.store import Batches

    with _workspace() as opened:
        found = Batches(opened.database).list()
        yield from (Candidate(one.name, f"{one.subject}, {one.state}") for one in found)


def schedules(folder: str, last: str) -> Candidates:
    from connector.runs.schedule.store import ScheduleStore

    with _workspace() as opened:
        found = ScheduleStore(opened.database).list()
        yield from (Candidate(one.name, f"{one.subject}, {one.cron}") for one in found)


def _workspace() -> closing[Workspace]:
    """The stores of this machine."""
    from connector.storage.home import home
    from connector.storage.workspace import Workspace

    return closing(Workspace(home(), os.environ, lambda: 0.0))


def files(folder: str, last: str) -> Candidates:
    """The files and folders that begin so, with the ``@`` that was typed before them."""
    mark = "@" if last.startswith("@") else ""
    typed = last.removeprefix("@")
    parent, begun = os.path.split(typed)
    shown = f"{parent}/" if parent not in ("", "/") else parent
    for path in sorted(Path(parent or ".").expanduser().iterdir()):
        if path.name.startswith(begun) and (begun.startswith(".") or not path.name.startswith(".")):
            yield Candidate(f"{mark}{shown}{path.name}{'/' if path.is_dir() else ''}")


def folders(folder: str, last: str) -> Candidates:
    return (one for one in files(folder, last) if one.word.endswith("/"))


# What an option takes, by the word that its help has for it.
OF_VALUES: Mapping[str, Source] = {
    "ACTION": actions,
    "DIR": folders,
    "DOC": files,
    "ENV": _environments,
    "FILE": files,
    "FOLDER": folders,
    "GROUP": _groups,
    "INPUTS": files,
    "PATH": files,
    "ZONE": _zones,
}
