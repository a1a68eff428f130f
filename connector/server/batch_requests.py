"""Batches over HTTP: rows are checked, written down, and fed to workers.

Rows are objects, or lines of a file that was uploaded. A path of this machine is no file here: files are
references or addresses.
"""

from __future__ import annotations

import json
import math
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from connector.engine.arguments import with_options
from connector.engine.connector import AsyncConnector
from connector.engine.sources import Sources
from connector.errors import ConnectorError, InvalidArguments, Problem
from connector.runs.batch import create
from connector.runs.batch.columns import Naming
from connector.runs.batch.create import BadRows, BatchOrder, Plan
from connector.runs.batch.read_rows import Rows
from connector.runs.batch.store import Batch, BatchNotFound
from connector.server.durable_requests import Durable
from connector.server.problem_documents import Refused
from connector.spec import file_options
from connector.storage.files.store import FileStore
from connector.storage.home import make_private

_FOLDER = "batches"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_KINDS = {".csv": "items.csv", ".jsonl": "items.jsonl"}


def begin(durable: Durable, files: FileStore, home: Path, asked: Mapping[str, Any], token_name: str) -> Batch:
    """The batch, under way. Raises InvalidArguments with all that is wrong, before anything is sent."""
    with _planned(durable, files, home, asked, token_name) as planned:
        batch = create.write_down(durable.batches, planned)[0]
    batch = durable.batches.change(batch.id, state="feeding", message=None)
    durable.runs.queues.feed(batch.id)
    return batch


def check(durable: Durable, files: FileStore, home: Path, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What the batch would be: its rows, their price, and warnings. Nothing is kept or sent.

    Raises InvalidArguments as ``begin`` does.
    """
    with _planned(durable, files, home, asked) as planned:
        shutil.rmtree(planned.order.directory, ignore_errors=True)
        found = planned.found
        credits = None if found.unpriced is not None else found.credits
        lasts = _expected(durable, planned)
        return {"rows": found.rows, "credits": credits, "warnings": [*found.warnings], **lasts}


def _expected(durable: Durable, planned: Plan) -> dict[str, Any]:
    """The seconds that the batch may take, by earlier runs here or the rate limit, and which of these."""
    order, rows = planned.order, planned.found.rows
    lasted = durable.history.durations(order.subject.id, order.environment)
    limit = durable.connectors[order.integration].integration.rate_limit
    if lasted:
        one, at_once = median(lasted), min(order.concurrency, rows)
        said = f"{at_once} at a time, each {one:.1f} s, as runs before took here"
        return {"seconds": round(math.ceil(rows / order.concurrency) * one, 1), "seconds_from": said}
    if limit is None:
        return {"seconds": None, "seconds_from": "nothing of this was run here yet"}
    said = "at least, by the rate limit; nothing of this was run here yet"
    return {"seconds": round(rows * limit.window / limit.requests, 1), "seconds_from": said}


@contextmanager
def _planned(
    durable: Durable, files: FileStore, home: Path, asked: Mapping[str, Any], token_name: str = ""
) -> Iterator[Plan]:
    """The batch as it would be, with its rows in a folder, which is gone again where something fails."""
    connector, subject, definition = durable.subject(asked["subject"])
    name = _name(durable, asked.get("name") or f"{subject.id}-{secrets.token_hex(3)}")
    folder = home / _FOLDER / f"{name}-{secrets.token_hex(4)}"
    try:
        items = _items(folder, files, asked)
        place = connector.place(environment=asked.get("environment"), connection=asked.get("connection"))
        order = BatchOrder(
            _rows(items, subject, asked),
            subject,
            connector.integration.id,
            *place,
            folder,
            definition,
            with_options(subject, asked.get("defaults", {}), file_options.chosen(asked)),
            name,
            asked.get("concurrency", 16),
            asked.get("limit_credits"),
            token_name,
        )
        yield _plan(durable, connector, files, order)
    except (ConnectorError, OSError):
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _name(durable: Durable, name: str) -> str:
    if not _NAME.fullmatch(name):
        said = "take up to 80 letters, digits, dots, hyphens and underscores"
        raise InvalidArguments([Problem("name", said)])
    try:
        durable.batches.get(name)
    except BatchNotFound:
        return name
    raise Refused("conflict", f"there is a batch {name!r} already; choose another name")


def _items(folder: Path, files: FileStore, asked: Mapping[str, Any]) -> Path:
    """The rows as a file of the batch's own, which stays as it is."""
    if ("items" in asked) == ("file" in asked):
        raise InvalidArguments([Problem("items", "give either the items, or the file that holds them")])
    if "items" in asked:
        make_private(folder)
        path = folder / "items.jsonl"
        path.write_text("".join(json.dumps(each) + "\n" for each in asked["items"]), encoding="utf-8")
        return path
    stored = files.get(str(asked["file"]).removeprefix("file:"))
    # What is no media gets another ending when it is kept.
    endings = [each.lower() for each in Path(stored.name).suffixes]
    kind = next((_KINDS[each] for each in reversed(endings) if each in _KINDS), None)
    if kind is None:
        raise InvalidArguments([Problem("file", f"is {stored.name[:60]!r}; upload a .csv or .jsonl file")])
    make_private(folder)
    with files.open(stored.id).open() as source, (folder / kind).open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    return folder / kind


def _rows(items: Path, subject: Any, asked: Mapping[str, Any]) -> Rows:
    try:
        naming = Naming(dict(asked.get("columns", {})), asked.get("name_by"))
        return Rows([str(items)], subject, naming, file_options.chosen(asked))
    except InvalidArguments as error:
        raise InvalidArguments([_placed(each) for each in error.problems], subject.title) from error


def _plan(durable: Durable, connector: AsyncConnector, files: FileStore, order: BatchOrder) -> Plan:
    sources = Sources(paths=False, urls=None, references=files.resolve)
    try:
        return create.plan(durable.batches, order, connector.integration, sources)
    except BadRows as error:
        said = error.message.partition(":\n")[0].replace(order.rows.source.name, "the source", 1)
        problems = [_placed(each) for each in error.problems]
        raise InvalidArguments(problems, order.subject.title, said) from None
    except InvalidArguments as error:
        raise InvalidArguments([_placed(each) for each in error.problems]) from error


def _placed(problem: Problem) -> Problem:
    """The problem at its line; where the line's file is on this machine is nobody's business."""
    line = "items" if problem.line is None else f"items.{problem.line}"
    return replace(problem, path=f"{line}.{problem.path}".rstrip("."), file=None, line=None)
