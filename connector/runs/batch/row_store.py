"""The store of batch rows: from what was planned, through its run, to the files in their folder."""

from __future__ import annotations

import builtins
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from connector.errors import Billed, ConnectorError
from connector.runs.batch.row import AGAIN, OUTSIDE, BatchRow, Counts, Ended, RowState
from connector.spec import package_data
from connector.storage.database.database import Database


def _quoted(words: Iterable[str]) -> str:
    """Words of our own, for a statement."""
    return ", ".join(f"'{word}'" for word in sorted(words))


_SQL = package_data.statements("runs/batch/row_store.sql")
_OF_RUN = ("number", "state", "outcome", "credits", "billed", "seconds", "estimate")
_OWN = tuple(one.name for one in fields(BatchRow))
_ADD = f"""
INSERT INTO batch_rows (batch, updated, {", ".join(_OWN)})
VALUES (:batch, :updated, {", ".join(f":{name}" for name in _OWN)})
ON CONFLICT DO NOTHING"""


class BatchRows:
    """The rows of one batch in a database. All methods block, and may be called from any thread."""

    def __init__(self, database: Database, batch_id: str, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._batch_id = batch_id
        self._clock = clock

    # --- its rows, as they come from a source

    def add(self, rows: Iterable[BatchRow]) -> None:
        self._many(_ADD, map(_values, rows))

    def replace(self, rows: Iterable[BatchRow]) -> None:
        """Rows that are to be done get other inputs; those that are done, or under way, stay as they are."""
        self._many(_SQL["replace"], map(_values, rows))

    def price(self, rows: Iterable[BatchRow]) -> None:
        """What rows that are to be done will cost."""
        self._many(_SQL["price"], map(_values, rows))

    def drop(self, number: int) -> bool:
        """A row that cost nothing and is not done is gone; whether it was one. Its runs stay."""
        return bool(self._database.write(_SQL["drop"], {"batch": self._batch_id, "number": number}))

    def last(self) -> int:
        """The highest number of a row."""
        return int(self._database.read(_SQL["last"], {"batch": self._batch_id})[0]["last"] or 0)

    def digests(self, first: int, last: int) -> dict[int, tuple[str, RowState]]:
        """The digest and the state of each row in that span."""
        rows = self._database.read(_SQL["digests"], {"batch": self._batch_id, "first": first, "last": last})
        return {row["number"]: (row["digest"], row["state"]) for row in rows}

    # --- its rows, as they become runs

    def pending(self, limit: int, after: int = 0) -> builtins.list[BatchRow]:
        """The next rows that are to be done."""
        asked = {"batch": self._batch_id, "limit": limit, "after": after}
        return [_row(row) for row in self._database.read(_SQL["pending"], asked)]

    def begin(self, number: int, run_id: str) -> None:
        """The row has a run."""
        self._many(_SQL["begin"], [{"number": number, "run_id": run_id}])

    def refuse(self, number: int, error: ConnectorError) -> None:
        """The row could not even become a run."""
        told = {"number": number, "outcome": error.code, "message": error.message}
        self._many(_SQL["refuse"], [told])

    def catch_up(self) -> int:
        """Rows whose run is not their last one get the last one; how many there were.

        Somebody may have died between a run and its row, have a run tried once more, have taken up what was
        cancelled, or have found out what became of it.
        """
        found = self._database.read(_SQL["later_runs"], {"batch": self._batch_id})
        self._many(_SQL["follow"], [{"number": row["number"], "run_id": row["run_id"]} for row in found])
        return len(found)

    def settle(self) -> builtins.list[Ended]:
        """Rows end as their runs have; how they did."""
        ended = [_ended(row) for row in self._database.read(_SQL["ended_runs"], {"batch": self._batch_id})]
        self._many(_SQL["end"], map(asdict, ended))
        return ended

    def running(self) -> dict[int, float]:
        """The rows under way, and what each is expected to cost."""
        rows = self._database.read(_SQL["running"], {"batch": self._batch_id})
        return {row["number"]: row["estimate"] or 0.0 for row in rows}

    def run_ids(self) -> builtins.list[str]:
        """The runs under way."""
        return [row["run_id"] for row in self._database.read(_SQL["running"], {"batch": self._batch_id})]

    def broken_off(self) -> builtins.list[str]:
        """The runs that were cancelled on their way, and may have been paid for."""
        return [row["run_id"] for row in self._database.read(_SQL["broken_off"], {"batch": self._batch_id})]

    def spent(self) -> dict[Billed, float]:
        """What the runs of the batch that are settled have cost, and what they may have."""
        found = self._database.read(_SQL["spent"], {"batch": self._batch_id})
        return {row["billed"]: row["credits"] or 0.0 for row in found}

    def again(self, *, failed: bool = False, unknown: bool = False) -> int:
        """Makes rows pending once more; how many.

        Always those that failed for a reason that was not theirs, or were cancelled before they cost
        anything. ``failed``: all that cost nothing and can succeed. ``unknown``: those too that may have
        been paid for, and what was filtered.
        """
        statement = _SQL["again_if"].format(condition=_may_be_again(failed, unknown))
        return len(self._database.write(statement, {"batch": self._batch_id, "updated": self._clock()}))

    def retryable(self) -> int:
        """How many rows ``again`` would do again that failed and cost nothing."""
        return self._count(_may_be_again(True, False))

    def left_to_do(self) -> tuple[int, float]:
        """How many rows ``again(failed=True)`` would leave to be done, and their estimated price."""
        statement = _SQL["left_if"].format(condition=_may_be_again(True, False))
        found = self._database.read(statement, {"batch": self._batch_id})[0]
        return found["count"], found["estimate"]

    def doubtful(self) -> int:
        """How many rows only ``again(unknown=True)`` would do again: they may have been paid for."""
        return self._count(_DOUBTFUL)

    def _count(self, condition: str) -> int:
        statement = _SQL["count_if"].format(condition=condition)
        return int(self._database.read(statement, {"batch": self._batch_id})[0]["count"])

    def outside(self) -> str | None:
        """The outcome of a row that failed for a reason which is not its own, if one did."""
        found = self._database.read(
            _SQL["outside"].format(outside=_quoted(OUTSIDE)), {"batch": self._batch_id}
        )
        return str(found[0]["outcome"]) if found else None

    # --- what became of its rows

    def to_deliver(self, limit: int = 100) -> builtins.list[BatchRow]:
        """Rows that have ended, and whose files are in no folder yet."""
        rows = self._database.read(_SQL["to_deliver"], {"batch": self._batch_id, "limit": limit})
        return [_row(row) for row in rows]

    def delivered(self, files: Mapping[int, Sequence[str]]) -> None:
        """The files of rows are in the folder, under these names."""
        rows = [{"number": number, "files": json.dumps(list(names))} for number, names in files.items()]
        self._many(_SQL["deliver"], rows)

    def rows(self, after: int = 0, limit: int = 500) -> builtins.list[BatchRow]:
        """The rows behind a number, in their order."""
        asked = {"batch": self._batch_id, "after": after, "limit": limit}
        return [_row(row) for row in self._database.read(_SQL["rows"], asked)]

    def failed(self, limit: int) -> builtins.list[BatchRow]:
        """The first rows that failed, or whose outcome nobody knows."""
        asked = {"batch": self._batch_id, "limit": limit}
        return [_row(row) for row in self._database.read(_SQL["failed"], asked)]

    def ended_since(self, moment: float) -> int:
        """How many rows have ended since then."""
        asked = {"batch": self._batch_id, "moment": moment}
        return int(self._database.read(_SQL["ended_since"], asked)[0]["count"])

    def counts(self) -> Counts:
        found = self._database.read(_SQL["counts"], {"batch": self._batch_id})
        left = sum(row["estimate"] or 0.0 for row in found if row["state"] in ("pending", "running"))
        spent = self.spent()
        rows = {row["state"]: row["count"] for row in found}
        return Counts(rows, sum(spent.values()), spent.get("unknown", 0.0), left)

    def _many(self, statement: str, rows: Iterable[Mapping[str, Any]]) -> None:
        own = {"batch": self._batch_id, "updated": self._clock()}
        values = [{**row, **own} for row in rows]
        if values:
            with self._database.transaction() as database:
                database.executemany(statement, values)


_DOUBTFUL = "(state = 'unknown' OR outcome = 'filtered')"


def _may_be_again(failed: bool, unknown: bool) -> str:
    """What holds for rows that may be done again."""
    codes = OUTSIDE | (AGAIN if failed else frozenset())
    conditions = [
        f"(state = 'failed' AND billed = 'no' AND outcome IN ({_quoted(codes)}))",
        "(state = 'cancelled' AND billed = 'no')",
        *([_DOUBTFUL] if unknown else []),
    ]
    return f"({' OR '.join(conditions)})"


def _ended(row: Any) -> Ended:
    error = json.loads(row["error"]) if row["error"] else {}
    told = {name: row[name] for name in _OF_RUN}
    return Ended(**told, message=error.get("message"))


def _values(row: BatchRow) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in _OWN}
    files = None if row.files is None else json.dumps(list(row.files))
    return values | {"inputs": json.dumps(row.inputs), "files": files}


def _row(row: Any) -> BatchRow:
    values = {name: row[name] for name in _OWN}
    files = None if values["files"] is None else tuple(json.loads(values["files"]))
    return BatchRow(**values | {"inputs": json.loads(values["inputs"]), "files": files})
