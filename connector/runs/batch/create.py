"""The creation of a batch: what it would be is planned, and then written down, before anything is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from connector.engine.sources import Sources
from connector.errors import InvalidArguments, InvocationError, Problem
from connector.runs.batch.columns import Runnable
from connector.runs.batch.dry_run import DryRun
from connector.runs.batch.read_rows import Rows, slug
from connector.runs.batch.refresh import RowChanges, renew, windows
from connector.runs.batch.row import BatchRow
from connector.runs.batch.row_store import BatchRows
from connector.runs.batch.runnable import Check, Price, check_of, price_of
from connector.runs.batch.store import Batch, Batches, BatchNotFound
from connector.runs.batch.submit_row import FileShelf, with_files
from connector.spec.model import Integration


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """What somebody wants done with rows, and where the results go.

    ``definition`` is the text of a workflow. ``name`` is the batch's; without one it follows from what is
    done, with which source, into which folder.
    """

    rows: Rows
    subject: Runnable
    integration: str
    environment: str
    connection: str
    directory: Path
    definition: str | None = None
    defaults: Mapping[str, Any] | None = None
    name: str | None = None
    concurrency: int = 16
    limit_credits: float | None = None
    token_name: str = ""

    @property
    def kind(self) -> Literal["action", "workflow"]:
        return "action" if self.definition is None else "workflow"

    @property
    def source(self) -> str:
        return str(self.rows.place)

    @property
    def batch_name(self) -> str:
        place = [self.integration, self.kind, self.subject.id, self.source, str(self.directory.resolve())]
        digest = sha256(json.dumps(place).encode()).hexdigest()[:6]
        return self.name or f"{slug(self.rows.place.stem) or 'batch'}-{digest}"


class BadRows(InvocationError):
    """Rows have problems; nothing was sent."""

    code = "bad_rows"

    def __init__(self, found: DryRun, name: str) -> None:
        more = found.problem_count - len(found.problems)
        listed = [*map(str, found.problems), *([f"... and {more:,} more"] if more else [])]
        what = f"{found.problem_count:,} problem{'s' if found.problem_count > 1 else ''}"
        rows = f"{found.wrong_rows:,} of {found.rows:,} rows"
        lines = "\n".join(f"  {each}" for each in listed)
        super().__init__(f"{name} has {what} in {rows}; nothing was sent:\n{lines}", problems=found.problems)
        self.count = found.problem_count


@dataclass(frozen=True, slots=True)
class Plan:
    """What a batch would be: the one that it goes on with, and what is said of its rows."""

    order: BatchOrder
    batch: Batch | None
    found: DryRun
    price: Price


def plan(
    batches: Batches,
    order: BatchOrder,
    integration: Integration,
    sources: Sources,
    by_request: Price = lambda given: None,
) -> Plan:
    """What becomes of an order, whoever gave it. Nothing is written down or sent.

    ``sources`` say what stands for a file, ``by_request`` prices an action that can be any request. Raises
    BadRows with what is wrong with the rows, and InvalidArguments where there are none, where the batch of
    that name is another one, and where nobody can tell whether a limit will hold.
    """
    batch = _found(batches, order)
    check = check_of(order.subject, integration, sources)
    price = price_of(order.subject, integration, by_request)
    found = _inspected(order, None if batch is None else batches.rows(batch.id), check, price)
    name = order.rows.source.name
    if found.problem_count:
        raise BadRows(found, name)
    if not found.rows:
        raise InvalidArguments([Problem("", "holds no rows", name)], said="nothing to do")
    _check_limit(order, found)
    return Plan(order, batch, found, price)


def _found(batches: Batches, order: BatchOrder) -> Batch | None:
    """The batch that an order goes on with. Raises InvalidArguments where it is another one of that name."""
    try:
        batch = batches.get(order.batch_name)
    except BatchNotFound:
        return None
    wrong = [
        Problem(field, f"{batch.name} is a batch {was}; give the same again, or another name")
        for field, was in _differences(batch, order)
    ]
    if wrong:
        raise InvalidArguments(wrong, said="this is another batch than the one of that name")
    return batch


def _differences(batch: Batch, order: BatchOrder) -> Iterator[tuple[str, str]]:
    if (batch.integration, batch.kind, batch.subject) != (order.integration, order.kind, order.subject.id):
        yield "action", f"of {batch.subject}"
    if batch.environment != order.environment:
        yield "environment", f"in {batch.environment}"
    if batch.connection != order.connection:
        yield "connection", f"of connection {batch.connection or 'none'}"
    if batch.directory != str(order.directory.resolve()):
        yield "output", f"whose results go to {batch.directory}"


def _inspected(order: BatchOrder, known: BatchRows | None, check: Check, price: Price) -> DryRun:
    """What is to be said of all rows. What is done is not looked at again: its files may be elsewhere now."""
    found = DryRun(check, price, order.defaults or {})
    for window in windows(order.rows):
        stored = {} if known is None else known.digests(window[0].number, window[-1].number)
        for row in window:
            if stored.get(row.number) == (row.digest, "succeeded"):
                found.skip(row)
            else:
                found.look(row)
    return found


def _check_limit(order: BatchOrder, found: DryRun) -> None:
    """Raises InvalidArguments where nobody can tell whether a limit will hold."""
    if order.limit_credits is None or found.unpriced is None:
        return
    sentence = f"what row {found.unpriced} will cost is not known, so that no limit can be held; leave it out"
    raise InvalidArguments([Problem("limit_credits", sentence)], order.subject.title, "it is not begun")


def write_down(batches: Batches, planned: Plan, shelf: FileShelf | None = None) -> tuple[Batch, RowChanges]:
    """The batch with its rows written down, and what is new in them. Nothing of it is begun.

    With a ``shelf`` the files of rows are kept now, as whoever works on them may be on another machine; else
    each is kept when it is its row's turn.
    """
    order, batch = planned.order, planned.batch
    options = {
        "directory": str(order.directory.resolve()),
        "concurrency": order.concurrency,
        "limit_credits": order.limit_credits,
        "inputs": [name for name in order.subject.parameters if name in planned.found.inputs],
    }
    given = dict(order.defaults or {})
    defaults = given if shelf is None else with_files(order.subject, given, shelf)
    own = {"defaults": defaults, "options": options, "source": order.source, "definition": order.definition}
    has_other_prices = batch is not None and batch.defaults != defaults
    batch = _opened(batches, order, own) if batch is None else batches.change(batch.id, **own)
    rows = batches.rows(batch.id)
    rows.catch_up()
    rows.settle()

    def kept(row: BatchRow) -> BatchRow:
        return row if shelf is None else replace(row, inputs=with_files(order.subject, row.inputs, shelf))

    found = renew(lambda: _rows(order, planned.price), rows, prices=has_other_prices, kept=kept)
    return batches.count(batch.id), found


def _opened(batches: Batches, order: BatchOrder, own: Mapping[str, Any]) -> Batch:
    batch, _ = batches.open(
        name=order.batch_name,
        kind=order.kind,
        subject=order.subject.id,
        integration=order.integration,
        connection=order.connection,
        environment=order.environment,
        token_name=order.token_name,
        **own,
    )
    return batch


def _rows(order: BatchOrder, price: Price) -> Iterator[BatchRow]:
    for row in order.rows:
        estimate = price({**(order.defaults or {}), **row.inputs})
        yield BatchRow(row.number, row.label, row.inputs, row.digest, estimate=estimate)
