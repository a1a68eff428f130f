"""One SQLite file that many processes write at once, and that loses nothing when they are killed."""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from connector.errors import ConnectorError
from connector.home import create_whole, home
from connector.secret import fingerprint

__all__ = ["FILE_NAME", "Database", "home", "new_id", "timestamp"]

FILE_NAME = "connector.db"

# Each entry takes the schema one version further; what was released is never edited.
_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE settings (
            name TEXT PRIMARY KEY,
            value TEXT NOT NULL
        )""",
        # Fingerprints of secrets are made with it, so that nobody can try guesses against them elsewhere.
        "INSERT INTO settings (name, value) VALUES ('pepper', lower(hex(randomblob(32))))",
        """
        CREATE TABLE connections (
            name TEXT PRIMARY KEY,
            integration TEXT NOT NULL,
            configurations TEXT NOT NULL,
            created REAL NOT NULL,
            updated REAL NOT NULL
        )""",
        """
        CREATE TABLE budgets (
            key TEXT PRIMARY KEY,
            tat REAL NOT NULL,
            pace REAL NOT NULL,
            locked_until REAL NOT NULL
        )""",
        """
        CREATE TABLE invocations (
            id TEXT PRIMARY KEY,
            created REAL NOT NULL,
            day TEXT NOT NULL,
            integration TEXT NOT NULL,
            action TEXT NOT NULL,
            connection TEXT NOT NULL,
            environment TEXT NOT NULL,
            key TEXT NOT NULL,
            state TEXT NOT NULL,
            estimate REAL,
            credits REAL,
            billed TEXT NOT NULL,
            outcome TEXT,
            request_id TEXT,
            upstream_id TEXT,
            fetch TEXT,
            next_poll REAL,
            deadline REAL,
            message TEXT,
            files TEXT NOT NULL,
            writer TEXT NOT NULL,
            -- What is not known to be free counts: at its price, or at its estimate until that is known.
            counted REAL GENERATED ALWAYS AS (
                CASE WHEN billed = 'no' THEN 0 ELSE coalesce(credits, estimate, 0) END
            )
        )""",
        "CREATE INDEX invocations_by_state ON invocations (state, id)",
        "CREATE INDEX invocations_by_upstream_id ON invocations (upstream_id) WHERE upstream_id IS NOT NULL",
        # The sums that caps are checked against, which would take long to add up on a busy day.
        """
        CREATE TABLE spending (
            day TEXT NOT NULL,
            connection TEXT NOT NULL,
            environment TEXT NOT NULL,
            credits REAL NOT NULL,
            PRIMARY KEY (day, connection, environment)
        )""",
        """
        CREATE TRIGGER spending_begins AFTER INSERT ON invocations BEGIN
            INSERT INTO spending (day, connection, environment, credits)
            VALUES (NEW.day, NEW.connection, NEW.environment, NEW.counted)
            ON CONFLICT (day, connection, environment) DO UPDATE SET credits = credits + NEW.counted;
        END""",
        """
        CREATE TRIGGER spending_changes AFTER UPDATE OF billed, credits ON invocations
        WHEN NEW.counted <> OLD.counted BEGIN
            UPDATE spending SET credits = credits + NEW.counted - OLD.counted
            WHERE day = NEW.day AND connection = NEW.connection AND environment = NEW.environment;
        END""",
    ),
    # What the host keeps: its runs, the files they took and gave, and who may use it.
    (
        """
        CREATE TABLE runs (
            id TEXT PRIMARY KEY,
            created REAL NOT NULL,
            updated REAL NOT NULL,
            action TEXT NOT NULL,
            title TEXT NOT NULL,
            integration TEXT NOT NULL,
            connection TEXT NOT NULL,
            environment TEXT NOT NULL,
            inputs TEXT NOT NULL,
            options TEXT NOT NULL,
            state TEXT NOT NULL,
            outcome TEXT,
            credits REAL,
            billed TEXT NOT NULL,
            seconds REAL,
            result TEXT,
            file TEXT,
            thumbnail TEXT,
            error TEXT,
            job_id TEXT,
            invocation_id TEXT,
            token_name TEXT NOT NULL,
            idempotency_key TEXT,
            digest TEXT NOT NULL,
            writer TEXT NOT NULL
        )""",
        """
        CREATE UNIQUE INDEX runs_by_key ON runs (token_name, idempotency_key)
        WHERE idempotency_key IS NOT NULL""",
        # Which run an invocation is; written with it in one act.
        "ALTER TABLE invocations ADD COLUMN origin TEXT",
        "CREATE INDEX invocations_by_origin ON invocations (origin) WHERE origin IS NOT NULL",
        "CREATE INDEX runs_by_action ON runs (action, id)",
        "CREATE INDEX runs_by_state ON runs (state, id)",
        """
        CREATE TABLE run_events (
            run_id TEXT NOT NULL,
            seq INTEGER NOT NULL,
            at REAL NOT NULL,
            kind TEXT NOT NULL,
            data TEXT NOT NULL,
            PRIMARY KEY (run_id, seq)
        ) WITHOUT ROWID""",
        """
        CREATE TABLE files (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            type TEXT NOT NULL,
            bytes INTEGER NOT NULL,
            width INTEGER,
            height INTEGER,
            seconds REAL,
            sha256 TEXT NOT NULL,
            created REAL NOT NULL,
            expires REAL,
            source TEXT NOT NULL,
            run_id TEXT,
            -- The file that this one is the small picture of.
            thumbnail_of TEXT UNIQUE
        )""",
        "CREATE INDEX files_by_expiry ON files (expires) WHERE expires IS NOT NULL",
        """
        CREATE TABLE tokens (
            name TEXT PRIMARY KEY,
            role TEXT NOT NULL,
            digest TEXT NOT NULL UNIQUE,
            created REAL NOT NULL
        )""",
    ),
    # What outlasts a call: durable runs, batches with their rows, schedules and webhooks.
    (
        "ALTER TABLE runs ADD COLUMN kind TEXT NOT NULL DEFAULT 'action'",
        "ALTER TABLE runs ADD COLUMN durable INTEGER NOT NULL DEFAULT 0",
        # The workflow's run that a run is a step of, and which step; or the batch, and its row.
        "ALTER TABLE runs ADD COLUMN parent TEXT",
        "ALTER TABLE runs ADD COLUMN place TEXT",
        "ALTER TABLE runs ADD COLUMN batch TEXT",
        "ALTER TABLE runs ADD COLUMN row INTEGER",
        # The workflow's text as it was when the run began.
        "ALTER TABLE runs ADD COLUMN definition TEXT",
        "ALTER TABLE runs ADD COLUMN retry_of TEXT",
        "CREATE INDEX runs_by_parent ON runs (parent, id) WHERE parent IS NOT NULL",
        "CREATE INDEX runs_by_batch ON runs (batch, row) WHERE batch IS NOT NULL",
        """
        CREATE TABLE batches (
            id TEXT PRIMARY KEY,
            created REAL NOT NULL,
            updated REAL NOT NULL,
            name TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            definition TEXT,
            integration TEXT NOT NULL,
            connection TEXT NOT NULL,
            environment TEXT NOT NULL,
            defaults TEXT NOT NULL,
            options TEXT NOT NULL,
            source TEXT NOT NULL,
            total INTEGER NOT NULL,
            state TEXT NOT NULL,
            message TEXT
        )""",
        """
        CREATE TABLE batch_rows (
            batch TEXT NOT NULL,
            number INTEGER NOT NULL,
            updated REAL NOT NULL,
            label TEXT NOT NULL,
            inputs TEXT NOT NULL,
            digest TEXT NOT NULL,
            state TEXT NOT NULL,
            run_id TEXT,
            outcome TEXT,
            estimate REAL,
            credits REAL,
            billed TEXT NOT NULL,
            seconds REAL,
            files TEXT,
            message TEXT,
            PRIMARY KEY (batch, number)
        ) WITHOUT ROWID""",
        "CREATE INDEX batch_rows_by_state ON batch_rows (batch, state, number)",
        # What has ended, and is not in its folder yet.
        """
        CREATE INDEX batch_rows_to_deliver ON batch_rows (batch, number)
        WHERE files IS NULL AND state <> 'pending' AND state <> 'running'""",
        """
        CREATE TABLE schedules (
            name TEXT PRIMARY KEY,
            created REAL NOT NULL,
            updated REAL NOT NULL,
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            definition TEXT,
            inputs TEXT NOT NULL,
            integration TEXT NOT NULL,
            connection TEXT NOT NULL,
            environment TEXT NOT NULL,
            cron TEXT NOT NULL,
            timezone TEXT NOT NULL,
            overlap TEXT NOT NULL,
            catch_up TEXT NOT NULL,
            limit_credits REAL,
            paused INTEGER NOT NULL
        )""",
        """
        CREATE TABLE webhooks (
            id TEXT PRIMARY KEY,
            created REAL NOT NULL,
            workflow TEXT NOT NULL,
            definition TEXT NOT NULL,
            integration TEXT NOT NULL,
            connection TEXT NOT NULL,
            environment TEXT NOT NULL,
            digest TEXT NOT NULL UNIQUE,
            limit_credits REAL
        )""",
    ),
)

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


class Database:
    """The connector's tables, in a file or (without a path) in this process's memory.

    All methods block, and may be called from any thread. Nothing is created before the first write.
    Inside ``transaction`` only the connection that it gives is to be used.
    """

    def __init__(self, path: Path | str | None = None, *, patience: float = 10.0) -> None:
        self.path = Path(path) if path is not None else None
        self._patience = patience
        self._memory = _opened(":memory:", patience) if path is None else None
        # A file is locked by SQLite; memory is one connection, which threads take in turn.
        self._turn = threading.RLock()
        if self._memory is not None:
            weakref.finalize(self, self._memory.close)
        self._pepper: bytes | None = None
        self._start_pool()

    def read(self, query: str, values: Mapping[str, Any] | None = None) -> list[sqlite3.Row]:
        """The rows of a query that changes nothing; of a file that is not there yet, none."""
        if self.path is not None and not self._idle and not _is_there(self.path):
            return self._nothing.read(query, values)
        with _Loan(self) as connection:
            return connection.execute(query, values or {}).fetchall()

    @cached_property
    def _nothing(self) -> Database:
        """What a file that is not there would hold."""
        return Database()

    def write(self, statement: str, values: Mapping[str, Any]) -> list[sqlite3.Row]:
        """Runs one statement, which holds entirely or not at all; the rows that it returns."""
        with _Loan(self) as connection:
            return connection.execute(statement, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Several statements that hold together; nobody else writes between them."""
        with _Loan(self) as connection, _together(connection):
            yield connection

    def fingerprint(self, secret: str) -> str:
        """The name under which this database knows a secret; it cannot be turned back."""
        if self._pepper is None:
            # A transaction, because the pepper is made together with the file.
            with self.transaction() as connection:
                found = connection.execute("SELECT value FROM settings WHERE name = 'pepper'").fetchone()
            self._pepper = bytes.fromhex(found["value"])
        return fingerprint(secret, self._pepper)

    def close(self) -> None:
        """Lets go of the file; whoever uses the database again opens it again."""
        self._closer()
        self._start_pool()

    def _start_pool(self) -> None:
        self._owner = os.getpid()
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
            return _opened(self.path, self._patience)
        except sqlite3.Error as error:
            _raise_translated(error, self.path)
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


class _Loan:
    """A connection that nobody else uses meanwhile.

    A class, because a generator would cost as much as the statement itself.
    """

    __slots__ = ("_connection", "_database")

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> sqlite3.Connection:
        self._connection = self._database._take()
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._database._give_back(self._connection)
        if isinstance(error, sqlite3.Error):
            _raise_translated(error, self._database.path)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        # A folder that may not be looked into must not pass for an empty one.
        raise ConnectorError(f"the database {path} {_FAULTS['CANTOPEN']} ({error.strerror})") from error


def timestamp(seconds: float) -> str:
    """A moment as all faces show it: UTC, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_id(now: float) -> str:
    """An id that is unique, and sorts by time as text: microseconds, then chance."""
    return f"{int(now * 1e6):014x}{os.urandom(5).hex()}"


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
    version = _version(connection)
    if version == len(_MIGRATIONS):
        return
    if version > len(_MIGRATIONS):
        raise ConnectorError(
            f"the database {path} was written by a newer version of the connector; upgrade this one"
        )
    if version == 0:
        connection.execute("PRAGMA journal_mode = WAL")
    with _together(connection):
        # Another process may have been faster, so the version counts that is seen from in here.
        for migration in _MIGRATIONS[_version(connection) :]:
            for statement in migration:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")


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


def _raise_translated(error: sqlite3.Error, path: Path | None) -> None:
    """A failure of the file leaves as ours and says what to do; a mistake of ours stays as it is."""
    name = getattr(error, "sqlite_errorname", None) or ""
    fault = _FAULTS.get(name.removeprefix("SQLITE_").split("_")[0])
    if fault:
        raise ConnectorError(f"the database {path or 'in memory'} {fault}") from error


def _close(idle: list[sqlite3.Connection], owner: int) -> None:
    while idle and owner == os.getpid():
        idle.pop().close()
