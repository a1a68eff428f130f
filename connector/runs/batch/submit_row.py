"""Submitting a row: it becomes a durable run, with its files kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connector.engine.arguments import each_file
from connector.engine.sources import Sources
from connector.errors import ConnectorError, InvalidArguments, Problem
from connector.media import MediaError, adopt
from connector.runs.batch.columns import Runnable
from connector.runs.batch.row import BatchRow
from connector.runs.batch.runnable import subject_of
from connector.runs.batch.store import Batch
from connector.runs.service.durable_runs import DurableRuns
from connector.runs.workflow.model import Workflow
from connector.spec.model import Integration
from connector.storage.files.store import FileStore
from connector.storage.runs.model import Run, RunSpec

# What many rows have in common is kept once: so many files of those that were seen last.
_MOST_FILES = 1000
_PATHS = Sources(paths=True, urls=None)
_NO_PATH = ("http://", "https://", "data:", "file:")


class RowSubmitter:
    """Makes runs of the rows of one batch. It blocks, and is for one thread at a time.

    A row for which that was done already gets the same run.
    """

    def __init__(self, runs: DurableRuns, files: FileStore, integrations: Mapping[str, Integration]) -> None:
        self._runs = runs
        self._shelf = FileShelf(files)
        self._integrations = integrations
        self._subject: Runnable | None = None

    def __call__(self, batch: Batch, row: BatchRow) -> Run:
        """The run of a row; all rows are of the same batch."""
        subject = self._subject = self._subject or self._found(batch)
        given = with_files(subject, {**batch.defaults, **row.inputs}, self._shelf)
        spec = RunSpec(subject.id, given, batch.environment or None, batch.connection or None)
        links: Any = {
            "integration": batch.integration,
            # The run before is a part of it, so that a row can be done again.
            "idempotency_key": f"batch {batch.id} row {row.number} after {row.run_id or 'none'}",
            "batch": batch.id,
            "row": row.number,
            "retry_of": row.run_id,
            "token_name": batch.token_name,
        }
        if isinstance(subject, Workflow):
            return self._runs.submit_workflow(subject, spec, **links)
        return self._runs.submit(spec, **links)

    def _found(self, batch: Batch) -> Runnable:
        """Raises a failure that passes where the worker that reads this has not the integration."""
        if batch.integration not in self._integrations:
            raise ConnectorError(
                f"this worker does not have the integration {batch.integration!r}; start it with its folder"
            )
        return subject_of(self._integrations[batch.integration], batch.subject, batch.definition)


class FileShelf:
    """Files of this machine, kept where every worker finds them."""

    def __init__(self, files: FileStore) -> None:
        self._files = files
        self._known: OrderedDict[tuple[str, int, int], str] = OrderedDict()

    def reference(self, path: str) -> str:
        """The reference of a file. Raises MediaError where there is none that can be read."""
        media = adopt(Path(path), _PATHS)
        facts = Path(path).stat()
        key = path, facts.st_mtime_ns, facts.st_size
        if key not in self._known:
            self._known[key] = self._files.put(media).reference
        self._known.move_to_end(key)
        if len(self._known) > _MOST_FILES:
            self._known.popitem(last=False)
        return self._known[key]


def with_files(subject: Runnable, given: Mapping[str, Any], shelf: FileShelf) -> dict[str, Any]:
    """The inputs, each path of a file made a reference. Raises InvalidArguments with all that are none."""
    problems: list[Problem] = []

    def kept(value: Any, path: str) -> Any:
        if not isinstance(value, str) or value.lower().startswith(_NO_PATH):
            return value
        try:
            return shelf.reference(value)
        except MediaError as error:
            problems.append(Problem(path, str(error)))

    found = each_file(subject, given, kept)
    if problems:
        raise InvalidArguments(problems, subject.title)
    return found
