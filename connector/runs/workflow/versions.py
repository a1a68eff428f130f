"""The store of workflow versions: texts that were saved on a host, each of which stands in a file's place."""

from __future__ import annotations

import builtins
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from connector.spec import package_data
from connector.storage.database.database import Database, timestamp

_SQL = package_data.statements("runs/workflow/versions.sql")


@dataclass(frozen=True, slots=True)
class WorkflowVersion:
    """A workflow as it was saved. Version 0 is the integration's own file, which nobody saved here.

    Without a ``text`` it was taken back: the file counts again, or there is no such workflow any more.
    """

    integration: str
    workflow: str
    version: int
    created: float | None = None
    token_name: str = ""
    text: str | None = field(default=None, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The version as every face shows it, without its text."""
        names = ("integration", "workflow", "version", "token_name")
        created = None if self.created is None else timestamp(self.created)
        return {name: getattr(self, name) for name in names} | {
            "created": created,
            "removed": self.text is None,
        }


class WorkflowVersions:
    """The versions in a database. All methods block, and may be called from any thread."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def current(self, integration: str) -> dict[str, WorkflowVersion]:
        """Of each workflow that was saved and not taken back, the version that counts."""
        rows = self._database.read(_SQL["current"], {"integration": integration})
        return {row["workflow"]: WorkflowVersion(**dict(row)) for row in rows}

    def list(self, integration: str, workflow: str) -> builtins.list[WorkflowVersion]:
        """The newest 200 versions of one, the latest first."""
        rows = self._database.read(_SQL["list"], {"integration": integration, "workflow": workflow})
        return [WorkflowVersion(**dict(row)) for row in rows]

    def add(
        self, integration: str, workflow: str, text: str | None, *, after: int, token_name: str
    ) -> WorkflowVersion | None:
        """A new version, unless another counts than ``after``, which it was made from; 0 is the file."""
        place = {"integration": integration, "workflow": workflow}
        with self._database.transaction(f"workflow {integration} {workflow}") as database:
            row = database.execute(_SQL["list"], place).fetchone()
            if after != (row["version"] if row and row["text"] is not None else 0):
                return None
            number = row["version"] + 1 if row else 1
            made = WorkflowVersion(integration, workflow, number, self._clock(), token_name, text)
            database.execute(_SQL["add"], asdict(made))
        return made
