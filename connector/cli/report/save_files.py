"""Saving files of runs where a person wants them."""

from __future__ import annotations

import shutil
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from connector.cli.report import output_path
from connector.cli.report.durable_client import DurableClient
from connector.storage.runs.model import Run

_SCHEME = "file:"


def save(
    desk: DurableClient, run: Run, target: str | None, *, overwrite: bool = False, number: bool = False
) -> list[str]:
    """Writes each file of a run, or pours its one file to standard output; where they are.

    Of several that go to one name, all but the first get a number.
    """
    found = named(run)
    if target == output_path.STDOUT:
        for reference in list(found)[:1]:
            _pour(desk, reference)
        return []
    paths: list[str] = []
    for reference, stem in found.items():
        media = desk.files.resolve(reference)
        own = PurePath(media.name)
        name = stem + own.suffix if stem else own.name
        how = Namespace(output=target, overwrite=overwrite and not paths, number=number or bool(paths))
        paths.append(str(output_path.write(media, how, name)))
    if run.invocation_id is not None and paths:
        desk.connector.workspace.ledger.saved(run.invocation_id, tuple(paths))
    return paths


def named(run: Run) -> dict[str, str]:
    """The files that a run gives back, each with its name; "" for the one that it has by itself."""
    own = {} if run.file is None else {_SCHEME + run.file: ""}
    if run.kind == "action":
        return own
    outputs = (run.result or {}).get("outputs", {})
    found = {file: name for name, value in outputs.items() for file in _among(value)}
    return found or own


def _among(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.startswith(_SCHEME):
        yield value
    for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _among(inner)


def _pour(desk: DurableClient, reference: str) -> None:
    with desk.files.resolve(reference).open() as source:
        shutil.copyfileobj(source, sys.stdout.buffer, 1 << 20)
    sys.stdout.buffer.flush()
