"""What runs delivered: their files, which are kept, are written where a person wants them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from connector.cli import saving
from connector.cli.durable import Desk
from connector.run import Run

_SCHEME = "file:"


def save(desk: Desk, run: Run, target: str | None) -> list[str]:
    """Writes each file of a run, or pours its one file to standard output; where they are."""
    found = list(references(run))
    if target == saving.STDOUT:
        for reference in found[:1]:
            _pour(desk, reference)
        return []
    place = target or "."
    paths = [_written(desk, reference, place) for reference in found]
    if run.invocation_id is not None and paths:
        desk.connector.workspace.ledger.saved(run.invocation_id, tuple(paths))
    return paths


def references(run: Run) -> Iterator[str]:
    """The files that a run gives back, each once."""
    outputs = (run.result or {}).get("outputs", {}) if run.kind == "workflow" else {}
    own = [] if run.file is None else [_SCHEME + run.file]
    yield from dict.fromkeys([*_among(outputs), *own])


def _among(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.startswith(_SCHEME):
        yield value
    for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _among(inner)


def _written(desk: Desk, reference: str, target: str) -> str:
    """The place of one file. It keeps its own ending, unless a name was told for it."""
    media = desk.files.resolve(reference)
    path = saving.claim(target, PurePath(media.name).name)
    with media.open() as source, path.open("wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)
    return str(path)


def _pour(desk: Desk, reference: str) -> None:
    with desk.files.resolve(reference).open() as source:
        shutil.copyfileobj(source, sys.stdout.buffer, 1 << 20)
    sys.stdout.buffer.flush()
