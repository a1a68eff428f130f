"""The output folder of a batch: files that are named by row, and two tables of what became of the rows."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from connector.errors import InvocationError
from connector.media.kinds import suffix_of
from connector.runs.batch.read_rows import slug
from connector.runs.batch.row import BatchRow
from connector.runs.batch.row_store import BatchRows
from connector.runs.batch.tables import Tables
from connector.runs.service.run_files import made
from connector.storage.files.store import FileNotFound, FileStore, StoredFile
from connector.storage.runs.history import History
from connector.storage.runs.model import Run

_PIECE = 1024 * 1024


class CannotDeliver(InvocationError):
    """The folder does not take results; none of them is lost."""

    code = "cannot_deliver"
    retryable = True


class OutputFolder:
    """Delivers the rows of one batch, in any order, as they end. It blocks.

    Nothing is overwritten. What was delivered by a process that was killed before it could say so is found.
    """

    def __init__(
        self, folder: Path, rows: BatchRows, history: History, files: FileStore, inputs: Sequence[str]
    ) -> None:
        self._folder = folder
        self._rows = rows
        self._history = history
        self._files = files
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = _alone(folder)
        self.tables = Tables(folder, inputs)

    def close(self) -> None:
        """Somebody else may deliver into the folder."""
        os.close(self._lock)

    def deliver(self) -> list[BatchRow]:
        """Puts what has ended into the folder, if it is not there yet; the rows that have.

        Raises CannotDeliver where there is no room; whoever tries again goes on.
        """
        try:
            return self._deliver(self._rows.to_deliver())
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise CannotDeliver(
                f"results cannot be put into {self._folder} ({why}); make room, or give this user write "
                "access, and go on with the same command"
            ) from error

    def _deliver(self, rows: list[BatchRow]) -> list[BatchRow]:
        delivered: dict[int, Sequence[str]] = {}
        entries = []
        for row in rows:
            run = self._history.find(row.run_id)
            delivered[row.number] = self._put_all(row, run)
            entries.append(entry_of(row, run, delivered[row.number]))
        if rows:
            self.tables.add(entries)
            self._rows.delivered(delivered)
        return rows

    def _put_all(self, row: BatchRow, run: Run | None) -> list[str]:
        found = [] if run is None else list(made(run))
        names = (self._put(row, title if len(found) > 1 else "", file_id) for title, file_id in found)
        return list(filter(None, names))

    def _put(self, row: BatchRow, title: str, file_id: str) -> str:
        """The name under which a file is in the folder."""
        try:
            stored, media = self._files.get(file_id), self._files.open(file_id)
        except FileNotFound:
            return ""  # it was removed, or has expired, before anybody looked at the batch
        stem = stem_of(row, title)
        draft = self._folder / f".{stem}.part"
        for name in _names(stem, suffix_of(stored.type)):
            path = self._folder / name
            if _holds(path, stored):
                draft.unlink(missing_ok=True)
                return name
            if not path.exists():
                with media.open() as source, draft.open("wb") as target:
                    shutil.copyfileobj(source, target, _PIECE)
                if _take_place(draft, path):
                    return name
        raise AssertionError("unreachable")


def stem_of(row: BatchRow, title: str) -> str:
    """How the name of a row's file begins."""
    return "-".join(filter(None, (f"{row.number:04d}", row.label, slug(title))))


def _alone(folder: Path) -> int:
    """A lock on the folder that goes with the process. Raises InvocationError where somebody has it."""
    import fcntl

    lock = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise InvocationError(
            f"another process puts results into {folder}; wait for it, or see `connector batch list`"
        ) from error
    return lock


def _names(stem: str, suffix: str) -> Iterator[str]:
    yield stem + suffix
    yield from (f"{stem}-{number}{suffix}" for number in itertools.count(2))


def _take_place(draft: Path, path: Path) -> bool:
    """Gives a file its name, unless somebody has just taken it."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    except OSError:  # there are file systems without links
        draft.replace(path)
        return True
    draft.unlink()
    return True


def _holds(path: Path, stored: StoredFile) -> bool:
    """Whether it is there already."""
    with suppress(OSError):
        if path.stat().st_size == stored.bytes:
            return _digest(path) == stored.sha256
    return False


def _digest(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def entry_of(row: BatchRow, run: Run | None, names: Sequence[str]) -> dict[str, Any]:
    """A row as the tables show it."""
    result = {} if run is None or run.result is None else run.result
    facts = {
        "row": row.number,
        "inputs": row.inputs,
        "state": row.state,
        "outcome": row.outcome,
        "file": next(iter(names), None),
        "seed": result.get("seed"),
        "credits": row.credits,
        "billed": row.billed,
        "seconds": None if row.seconds is None else round(row.seconds, 3),
        "run": row.run_id,
        "message": row.message,
    }
    if len(names) > 1:
        facts["files"] = list(names)
    if result.get("value") is not None:
        facts["value"] = result["value"]
    return facts
