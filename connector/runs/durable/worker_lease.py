"""Worker leases: a name that no other living worker has, and that is the same after it is started again.

The lease is a lock that goes with the process, however it ends, so that who finds the lock free knows that
nobody works there:

    database      lock                               leases            lost while the process lives
    a file        flock on worker.lock beside it     one               never
    a server      advisory lock of a connection      HOST-0, HOST-1..  with that connection

On a server every worker also shares one more lock, by which it can be told whether there is any. Where the
connection breaks, the server may take the process for dead, and another worker its runs: so the worker
begins nothing more, and takes a lease anew.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from connector.errors import InvocationError
from connector.storage.database.database import Database
from connector.storage.database.postgres import Postgres, lock_number
from connector.storage.home import make_private

_TRY = "SELECT pg_try_advisory_lock(%(lock)s) AS taken"
_LET_GO = "SELECT pg_advisory_unlock(%(lock)s)"
_SHARE = "SELECT pg_advisory_lock_shared(%(lock)s)"
# What every worker holds together with the others, so that it can be told whether there is one.
_ANY = "any worker"
_PATIENCE = 10.0


class WorkerLease(Protocol):
    """``name`` is what the durable engine knows the worker by."""

    name: str

    def check(self) -> None:
        """Raises LeaseLost where somebody else may have the place by now."""
        ...

    def instead_of(self, name: str) -> AbstractContextManager[bool]:
        """Whether nobody works at another place; if so, nobody begins to before the block ends."""
        ...

    def close(self) -> None:
        """Somebody else may have the place."""
        ...


class LeaseLost(Exception):
    """The lock is gone, though the process lives."""


def take_lease(database: Database) -> WorkerLease:
    """A place at a database. Raises InvocationError where there is none left."""
    if database.url:
        return PostgresLease(database.url.reveal())
    assert database.path is not None
    return FileLease(database.path)


class FileLease:
    """The one place at a database in a file, which is one machine's."""

    name = "worker"

    def __init__(self, database: Path) -> None:
        import fcntl

        path = database.with_name("worker.lock")
        make_private(path.parent)
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
        try:
            os.truncate(self._file, 0)
            os.write(self._file, f"{os.getpid()}\n".encode())
        except OSError:  # else this process would find the place taken, by itself
            os.close(self._file)
            raise

    def check(self) -> None:
        """A file's lock is as sure as the process."""

    def instead_of(self, name: str) -> AbstractContextManager[bool]:
        """There is no other place, but there may have been: the database was moved here."""
        return nullcontext(True)

    def close(self) -> None:
        os.close(self._file)


class PostgresLease:
    """A machine's first place that is free; ``name`` is the machine's, with a number."""

    def __init__(self, url: str) -> None:
        self.name = ""
        self._connection = Postgres(url, _PATIENCE).session()
        # The lock is looked at in one thread, and let go in another.
        self._turn = threading.Lock()
        try:
            self._find()
        except BaseException:
            self._connection.close()
            raise

    def _find(self) -> None:
        with self._surely():
            self._connection.execute(_SHARE, {"lock": lock_number(_ANY)})
        host = socket.gethostname()
        self.name = next(name for number in count() if self._take(name := f"{host}-{number}"))

    def check(self) -> None:
        with self._turn, self._surely():
            self._connection.execute("SELECT 1")

    @contextmanager
    def instead_of(self, name: str) -> Iterator[bool]:
        with self._turn:
            is_free = self._take(name)
        try:
            yield is_free
        finally:
            if is_free:
                self._let_go(name)

    def close(self) -> None:
        with self._turn:
            self._connection.close()

    def _let_go(self, name: str) -> None:
        import psycopg

        with self._turn, suppress(psycopg.Error):  # with the connection, the lock is gone as well
            self._connection.execute(_LET_GO, {"lock": _number(name)})

    def _take(self, name: str) -> bool:
        with self._surely():
            row: Any = self._connection.execute(_TRY, {"lock": _number(name)}).fetchone()
        return bool(row["taken"])

    @contextmanager
    def _surely(self) -> Iterator[None]:
        """Where the connection is gone, the place is."""
        import psycopg

        try:
            yield
        except psycopg.Error as error:
            raise LeaseLost(f"the connection that held the place {self.name!r} is gone") from error


def is_worker_alive(database: Database) -> bool:
    """Whether somebody does the durable runs of a database on a server."""
    assert database.url
    connection = Postgres(database.url.reveal(), _PATIENCE).session()
    with connection:
        row: Any = connection.execute(_TRY, {"lock": lock_number(_ANY)}).fetchone()
        return not row["taken"]


def _number(name: str) -> int:
    return lock_number(f"worker {name}")
