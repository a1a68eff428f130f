"""The store of workflow versions: texts that were saved on a host, each of which stands in a file's place."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
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
    created: float = 0.0
    token_name: str = ""
    text: str | None = field(default=None, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The version as every face shows it, without its text."""
        shown = asdict(self) | {"created": timestamp(self.created), "removed": self.text is None}
        return {name: value for name, value in shown.items() if name != "text"}


class WorkflowVersions:
    """The versions in a database. All methods block, and may be called from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def current(self, integration: str) -> dict[str, WorkflowVersion]:
        """Of each workflow that was saved and not taken back, the version that counts."""
        rows = self._database.read(_SQL["current"], {"integration": integration})
        return {row["workflow"]: WorkflowVersion(**row) for row in rows}

    def history(self, integration: str, workflow: str) -> list[WorkflowVersion]:
        """The newest 200 versions of one, the latest first."""
        rows = self._database.read(_SQL["history"], {"integration": integration, "workflow": workflow})
        return [WorkflowVersion(**row) for row in rows]

    def add(self, made: WorkflowVersion, after: int) -> WorkflowVersion | None:
        """It with a number, unless another counts than ``after``, which it was made from; 0 is the file."""
        with self._database.transaction(f"workflow {made.integration} {made.workflow}") as database:
            row = database.execute(_SQL["history"], asdict(made)).fetchone()
            if after != (row["version"] if row and row["text"] is not None else 0):
                return None
            made = replace(made, version=row["version"] + 1 if row else 1)
            database.execute(_SQL["add"], asdict(made))
        return made
