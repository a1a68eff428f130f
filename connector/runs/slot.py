"""A place at a database on a server, of which each machine has as many as it has workers.

It is held by a lock of the server's that goes with a connection. Where that breaks, the server may take the
process for dead, and another worker its runs: so the worker begins nothing more, and takes a place anew.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any

from connector.database import Database
from connector.postgres import Postgres, lock_number
from connector.runs.place import PlaceLost

_TRY = "SELECT pg_try_advisory_lock(%(lock)s) AS taken"
_LET_GO = "SELECT pg_advisory_unlock(%(lock)s)"
_SHARE = "SELECT pg_advisory_lock_shared(%(lock)s)"
# What every worker holds together with the others, so that it can be told whether there is one.
_ANY = "any worker"
_PATIENCE = 10.0


class Slot:
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
            raise PlaceLost(f"the connection that held the place {self.name!r} is gone") from error


def is_worker_alive(database: Database) -> bool:
    """Whether somebody does the durable runs of a database on a server."""
    assert database.url
    connection = Postgres(database.url.reveal(), _PATIENCE).session()
    with connection:
        row: Any = connection.execute(_TRY, {"lock": lock_number(_ANY)}).fetchone()
        return not row["taken"]


def _number(name: str) -> int:
    return lock_number(f"worker {name}")
