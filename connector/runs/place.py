"""A worker's place: a name that no other living worker has, and that is the same after it is started again.

The place is held by a lock that goes with the process, however it ends. Who finds the lock free knows that
nobody works there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from connector.errors import InvocationError


class Place(Protocol):
    """``name`` is what the durable engine knows the worker by."""

    name: str

    def close(self) -> None:
        """Somebody else may have the place."""
        ...


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
                "what you submit. For several workers, use a database server: --database postgresql://..."
            ) from error
        os.truncate(self._file, 0)
        os.write(self._file, f"{os.getpid()}\n".encode())

    def close(self) -> None:
        os.close(self._file)
