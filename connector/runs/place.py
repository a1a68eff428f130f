"""A worker's place: a name that no other living worker has, and that is the same after it is started again.

The place is held by a lock that goes with the process, however it ends. Who finds the lock free knows that
nobody works there.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Protocol

from connector.errors import InvocationError
from connector.storage.database.database import Database


class Place(Protocol):
    """``name`` is what the durable engine knows the worker by."""

    name: str

    def check(self) -> None:
        """Raises PlaceLost where somebody else may have the place by now."""
        ...

    def instead_of(self, name: str) -> AbstractContextManager[bool]:
        """Whether nobody works at another place; if so, nobody begins to before the block ends."""
        ...

    def close(self) -> None:
        """Somebody else may have the place."""
        ...


class PlaceLost(Exception):
    """The lock is gone, though the process lives."""


def take(database: Database) -> Place:
    """A place at a database. Raises InvocationError where there is none left."""
    if database.url:
        from connector.runs.slot import Slot

        return Slot(database.url.reveal())
    assert database.path is not None
    return OnlyOne(database.path)


class OnlyOne:
    """The one place at a database in a file, which is one machine's."""

    name = "worker"

    def __init__(self, database: Path) -> None:
        import fcntl

        path = database.with_name("worker.lock")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            who = os.read(self._file, 20).decode("ascii", "replace").strip() or "another one"
            os.close(self._file)
            raise InvocationError(
                f"process {who} is the worker of {database}, and a database in a file has one; it does "
                "what you submit. For several workers, use a database server: CONNECTOR_DATABASE=postgresql://..."
            ) from error
        os.truncate(self._file, 0)
        os.write(self._file, f"{os.getpid()}\n".encode())

    def check(self) -> None:
        """A file's lock is as sure as the process."""

    def instead_of(self, name: str) -> AbstractContextManager[bool]:
        """There is no other place, but there may have been: the database was moved here."""
        return nullcontext(True)

    def close(self) -> None:
        os.close(self._file)
