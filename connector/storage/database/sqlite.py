"""SQLite: the tables in one file that many processes write at once, or in this process's memory."""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from connector.errors import ConnectorError, DatabaseUnavailable
from connector.storage.database import migrations
from connector.storage.database.protocols import Conflict
from connector.storage.home import create_whole

# SQLite's word for what went wrong: what to tell the operator. Anything else is a mistake of ours.
_FAULTS: Mapping[str, str] = {
    "READONLY": "cannot be written; give this user write access to the file and its folder",
    "PERM": "cannot be opened; give this user access to the file and its folder",
    "CANTOPEN": "cannot be opened; give this user access to the file and its folder",
    "FULL": "cannot grow, because the disk is full; free some space",
    "IOERR": "cannot be read or written, because the disk reports a failure",
    "CORRUPT": "is damaged; restore it from a backup, or move it away to start with an empty one",
    "NOTADB": "is not a database; restore it from a backup, or move it away to start with an empty one",
    "BUSY": "is held by another process; wait until that is done, and try again",
    "LOCKED": "is held by another thread; wait until that is done, and try again",
}
# What may pass by itself.
_PASSING = frozenset({"FULL", "BUSY", "LOCKED"})


class Sqlite:
    """A database in a file or (without a path) in this process's memory.

    All methods block, and may be called from any thread. Nothing is created before the first write. One
    writes at a time, so that what a transaction is ``about`` is of no concern.
    """

    url = None
    dialect = "sqlite"

    def __init__(self, path: Path | None, patience: float) -> None:
        self.path = path
        self.name = str(path or "in memory")
        self._patience = patience
        self._memory = _opened(":memory:", patience) if path is None else None
        # A file is locked by SQLite; memory is one connection, which threads take in turn.
        self._turn = threading.RLock()
        if self._memory is not None:
            weakref.finalize(self, self._memory.close)
        self._start_pool()

    def read(self, query: str, values: Mapping[str, Any] | None) -> Sequence[Any]:
        if self.path is not None and not self._idle and not _is_there(self.path):
            return self._nothing.read(query, values)
        with _Loan(self) as connection:
            return connection.execute(query, values or {}).fetchall()

    @cached_property
    def _nothing(self) -> Sqlite:
        """What a file that is not there would hold."""
        return Sqlite(None, self._patience)

    def write(self, statement: str, values: Mapping[str, Any], about: str | None) -> Sequence[Any]:
        with _Turn(self), _Loan(self) as connection:
            return connection.execute(statement, values).fetchall()

    @contextmanager
    def together(self, about: str | None) -> Iterator[sqlite3.Connection]:
        with _Turn(self), _Loan(self) as connection, _together(connection):
            yield connection

    def close(self) -> None:
        self._closer()
        self._start_pool()

    def _start_pool(self) -> None:
        self._owner = os.getpid()
        self._writing = threading.RLock()
        self._idle: list[sqlite3.Connection] = []
        self._closer = weakref.finalize(self, _close, self._idle, self._owner)

    def _take(self) -> sqlite3.Connection:
        if self._memory is not None:
            self._turn.acquire()
            return self._memory
        if self._owner != os.getpid():
            # SQLite's connections must not be carried across a fork. The finalizer keeps them, unused.
            self._start_pool()
        try:
            return self._idle.pop()
        except IndexError:
            return self._open()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if connection is self._memory:
            self._turn.release()
        else:
            self._idle.append(connection)

    def _open(self) -> sqlite3.Connection:
        assert self.path is not None
        try:
            if not _is_there(self.path):
                self._create(self.path)
            _refuse_emptied(self.path)
            return _opened(self.path, self._patience)
        except sqlite3.Error as error:
            self._raise_translated(error)
            raise

    def _create(self, path: Path) -> None:
        try:
            create_whole(path, lambda draft: _opened(draft, self._patience).close())
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ConnectorError(
                f"the database {path} cannot be created ({reason}); "
                "give this user write access there, or set CONNECTOR_HOME to another folder"
            ) from error

    def _raise_translated(self, error: sqlite3.Error) -> None:
        """A failure of the file leaves as ours and says what to do; a mistake of ours stays as it is."""
        if isinstance(error, sqlite3.IntegrityError):
            raise Conflict(str(error)) from error
        name = getattr(error, "sqlite_errorname", None) or ""
        word = name.removeprefix("SQLITE_").split("_")[0]
        if word in _FAULTS:
            kind = DatabaseUnavailable if word in _PASSING else ConnectorError
            raise kind(f"the database {self.name} {_FAULTS[word]}") from error


class _Turn:
    """Nobody else in this process writes meanwhile.

    SQLite lets writers sleep who meet one another, longer each time, and never minds who came first.
    """

    __slots__ = ("_store", "_writing")

    def __init__(self, store: Sqlite) -> None:
        self._store = store

    def __enter__(self) -> None:
        store = self._store
        if store._owner != os.getpid():
            store._start_pool()
        self._writing = store._writing
        if not self._writing.acquire(timeout=store._patience):
            raise DatabaseUnavailable(f"the database {store.name} {_FAULTS['LOCKED']}")

    def __exit__(self, *failure: object) -> None:
        self._writing.release()


class _Loan:
    """A connection that nobody else uses meanwhile.

    A class, because a generator would cost as much as the statement itself.
    """

    __slots__ = ("_connection", "_store")

    def __init__(self, store: Sqlite) -> None:
        self._store = store

    def __enter__(self) -> sqlite3.Connection:
        self._connection = self._store._take()
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._store._give_back(self._connection)
        if isinstance(error, sqlite3.Error):
            self._store._raise_translated(error)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        # A folder that may not be looked into must not pass for an empty one.
        raise ConnectorError(f"the database {path} {_FAULTS['CANTOPEN']} ({error.strerror})") from error


def _refuse_emptied(path: Path) -> None:
    """A file of ours is made whole, so one without content lost it, and with it what was spent."""
    if path.stat().st_size == 0:
        raise ConnectorError(
            f"the database {path} has no content: what it held is lost, the credits spent and connections "
            "included; restore it from a backup, or remove the file to begin with an empty database"
        )


def _opened(path: Path | str, patience: float) -> sqlite3.Connection:
    """A connection to a database that has today's schema."""
    connection = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        # What a killed process has committed is in the operating system's hands; only a power cut loses it.
        connection.execute("PRAGMA synchronous = NORMAL")
        # Tidying the log up waits for the disk; this is four times as seldom as usual, at 16 MB of log.
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        _migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, path: Path | str) -> None:
    version, newest = _version(connection), migrations.NEWEST
    if version == newest:
        return
    if version > newest:
        raise ConnectorError(
            f"the database {path} was written by a newer version of the connector; upgrade this one"
        )
    if version == 0:
        connection.execute("PRAGMA journal_mode = WAL")
    with _together(connection):
        # Another process may have been faster, so the version counts that is seen from in here.
        for statement in migrations.statements("sqlite", _version(connection)):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {newest}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def _together(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def _close(idle: list[sqlite3.Connection], owner: int) -> None:
    while idle and owner == os.getpid():
        idle.pop().close()
