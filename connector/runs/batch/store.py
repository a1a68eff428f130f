"""The store of batches: one action or workflow for many rows, written down before anything is sent."""

from __future__ import annotations

import builtins
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from connector.errors import InvocationError
from connector.runs.batch.row_store import BatchRows
from connector.spec import package_data
from connector.spec.schema.suggest import nearest
from connector.storage.connections.api_tokens import NAMED, permit
from connector.storage.database.database import Database, as_row, new_id, timestamp

State = Literal[
    "written",  # its rows are being written down, or are; nothing has been sent
    "feeding",  # its rows become runs, so many at a time
    "paused",  # somebody stopped it; it can be gone on with
    "limited",  # the next row might pass the credits that it may spend
    "halted",  # a row failed for a reason that every row would fail for
    "done",  # every row has ended, one way or another
    "cancelled",  # somebody does not want the rest
]


@dataclass(frozen=True, slots=True)
class Batch:
    """One subject for many rows. ``source`` is where its rows came from, ``directory`` where results go.

    ``kind`` is that of its runs: of an action, or of a workflow whose text is the ``definition``.
    ``defaults`` are inputs that each row has unless it says otherwise.
    """

    id: str
    created: float
    updated: float
    name: str
    kind: Literal["action", "workflow"]
    subject: str
    integration: str
    connection: str
    environment: str
    source: str
    definition: str | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    total: int = 0
    state: State = "written"
    message: str | None = None
    token_name: str = ""

    @property
    def directory(self) -> str | None:
        return self.options.get("directory")

    @property
    def limit_credits(self) -> float | None:
        return self.options.get("limit_credits")

    @property
    def concurrency(self) -> int:
        return int(self.options.get("concurrency", 1))

    def to_dict(self) -> dict[str, Any]:
        """The batch as every face shows it."""
        times = {"created": timestamp(self.created), "updated": timestamp(self.updated)}
        shown = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "definition"}
        return shown | times


_SQL = package_data.statements("runs/batch/store.sql")
_OWN = tuple(one.name for one in fields(Batch))
_AS_JSON = frozenset({"defaults", "options"})

_INSERT = f"""
INSERT INTO batches ({", ".join(_OWN)}) VALUES ({", ".join(f":{name}" for name in _OWN)})
ON CONFLICT (name) DO NOTHING RETURNING id"""


class BatchNotFound(InvocationError, LookupError):
    """There is no batch of that id or name."""

    code = "not_found"


class Batches:
    """The batches in a database. All methods block, and may be called from any thread."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def open(self, **given: Any) -> tuple[Batch, bool]:
        """A new batch, or the one that has its name already, and False. Raises NotPermitted for its token."""
        now = self._clock()
        batch = Batch(id=new_id(now), created=now, updated=now, **given)
        named = self._database.read(NAMED, {"name": batch.token_name})
        permit(named, batch.subject, batch.environment)
        row = as_row({name: getattr(batch, name) for name in _OWN}, _AS_JSON)
        is_new = bool(self._database.write(_INSERT, row))
        return (batch if is_new else self.get(batch.name)), is_new

    def get(self, id_or_name: str) -> Batch:
        """The batch of that id or name. Raises BatchNotFound."""
        found = self._database.read(_SQL["get"], {"id": id_or_name})
        if found:
            return _batch(found[0])
        near = nearest(id_or_name, [each.name for each in self.list(1000)])
        raise BatchNotFound(f"there is no batch {id_or_name[:60]!r}{near or '; look it up in their list'}")

    def list(self, limit: int = 50, before: str | None = None) -> builtins.list[Batch]:
        """The batches, newest first; ``before`` is the id of the last one that is known already."""
        asked = {"limit": limit, "before": before or ""}
        return [_batch(row) for row in self._database.read(_SQL["list"], asked)]

    def change(self, batch_id: str, **changed: Any) -> Batch:
        """The batch with other values."""
        names = sorted({*changed, "updated"})
        settings = ", ".join(f"{name} = :{name}" for name in names)
        values = as_row(changed, _AS_JSON) | {"id": batch_id, "updated": self._clock()}
        self._database.write(f"UPDATE batches SET {settings} WHERE id = :id", values)
        return self.get(batch_id)

    def end(self, batch_id: str, state: State, message: str | None = None) -> Batch:
        """The batch is fed no more, unless somebody stopped it before."""
        told = {"id": batch_id, "state": state, "message": message, "updated": self._clock()}
        self._database.write(_SQL["end"], told)
        return self.get(batch_id)

    def count(self, batch_id: str) -> Batch:
        """The batch with the number of its rows."""
        self._database.write(_SQL["count"], {"id": batch_id})
        return self.get(batch_id)

    def rows(self, batch_id: str) -> BatchRows:
        """The rows of a batch."""
        return BatchRows(self._database, batch_id, self._clock)


def _batch(row: Any) -> Batch:
    values = {name: row[name] for name in _OWN}
    return Batch(**values | {name: json.loads(values[name]) for name in _AS_JSON})
