"""PostgreSQL: the tables on a server, which many machines share.

The stores write one SQL for both kinds of database. What differs is translated here, and nowhere else:

    SQLite                          PostgreSQL
    :name                           %(name)s, outside of texts and comments
    one writer at a time            advisory locks of a transaction, by the name of what it is ``about``:
                                      about X        shared(everything) + exclusive(X)
                                      about nothing  exclusive(everything)
    row["name"] and row[0]          rows that know their columns' names
    true is 1, sum() is a number    values are adapted so
    SQLITE_BUSY, _FULL, ...         SQLSTATE, by the beginning of its code (``_FAULTS``)
    BEGIN IMMEDIATE                 read committed, with a time limit for locks and for standing still
    user_version                    the row ``version`` of the table settings

Of two transactions that are about the same thing one waits, and one about nothing in particular waits for
all: so a store that is right with one writer is right here. Schemas are written for each by hand, in
``versions/``.
"""

from __future__ import annotations

import os
import re
import select
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from connector.errors import ConnectorError, DatabaseUnavailable, InvocationError, needing
from connector.secret import Secret, redact
from connector.storage.database import migrations
from connector.storage.database.protocols import Conflict

if TYPE_CHECKING:
    import psycopg
    from psycopg import Connection, Cursor

_SCHEMA = "connector"
_OLDEST = 13
# An act of the database takes a millisecond, so that a few serve many threads.
_CONNECTIONS = 4

# Whatever an operator says otherwise in the URL counts. A vanished server is noticed after half a minute.
_DEFAULTS: Mapping[str, Any] = {
    "connect_timeout": 10,
    "application_name": "connector",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
# A machine that stands still must not hold up the others for ever.
_SETTINGS = """
SET search_path = {schema}; SET lock_timeout = {patience}; SET idle_in_transaction_session_timeout = 60000;
SET default_transaction_isolation = 'read committed'"""

_IS_KNOWN = "SELECT to_regclass('settings') IS NOT NULL"
_VERSION = "SELECT value FROM settings WHERE name = 'version'"
_SET_VERSION = """
INSERT INTO settings (name, value) VALUES ('version', '{version}')
ON CONFLICT (name) DO UPDATE SET value = excluded.value"""

# By the beginning of PostgreSQL's code (https://www.postgresql.org/docs/current/errcodes-appendix.html): what
# to tell the operator, and whether it may pass by itself. Anything else is a mistake of ours.
_FAULTS: tuple[tuple[str, str, bool], ...] = (
    ("08", "went away; see that it runs and is reachable", True),
    ("57P", "is shutting down or starting; wait until it runs", True),
    ("25P03", "gave this process up, because it stood still for a minute; try again", True),
    ("53100", "cannot grow, because its disk is full; free some space", True),
    ("533", "has too many connections; raise its max_connections, or run fewer processes", True),
    ("53", "has run out of memory or room; see its log", True),
    ("55P03", "is held by another process; wait until that is done, and try again", True),
    ("57014", "took too long and was interrupted; try again", True),
    ("40", "is held by another process; wait until that is done, and try again", True),
    ("0A000", "was changed by another version of the connector meanwhile; try again", True),
    ("25006", "cannot be written; give the address of the primary, and not of a copy", False),
    ("42501", "may not be used so; let its owner say: GRANT CREATE ON DATABASE {name} TO {user}", False),
    ("58", "cannot be read or written, because its disk reports a failure; see its log", False),
    ("XX", "is damaged or met a mistake of its own; see its log", False),
)

# Texts and comments stay as they are; in the rest, `:name` stands for a value.
_TOKEN = re.compile(r"""'(?:[^']|'')*'|"[^"]*"|--[^\n]*|::|:([A-Za-z_]\w*)""")


class Row(tuple[Any, ...]):
    """A row whose columns have names, as SQLite's rows have."""

    __slots__ = ()
    _places: ClassVar[Mapping[str, int]] = {}

    def __getitem__(self, key: Any) -> Any:
        return tuple.__getitem__(self, self._places[key] if isinstance(key, str) else key)

    def keys(self) -> list[str]:
        return list(self._places)


class Statements:
    """A connection that takes the statements of our stores."""

    __slots__ = ("raw",)

    def __init__(self, raw: Connection[Any]) -> None:
        self.raw = raw

    def execute(self, statement: str, values: Mapping[str, Any] | None = None, /) -> Cursor[Any]:
        return self.raw.execute(translated(statement), values or {})

    def executemany(self, statement: str, rows: Iterable[Mapping[str, Any]], /) -> Cursor[Any]:
        cursor = self.raw.cursor()
        cursor.executemany(translated(statement), rows)
        return cursor


class Postgres:
    """A database on a server. Its methods block, and may be called from any thread."""

    path = None
    dialect = "postgresql"

    def __init__(self, url: str, patience: float) -> None:
        with needing("a PostgreSQL database", "runs"):
            import psycopg
        self._psycopg = psycopg
        self.url = Secret(url)
        self._options: dict[str, Any] = {**_DEFAULTS, **_parsed(url), "client_encoding": "utf8"}
        self._patience = patience
        host = self._options.get("host", "")
        shown = host if "/" not in host else ""
        port = f":{self._options['port']}" if "port" in self._options else ""
        self.name = f"postgresql://{shown}{port}/{self._options.get('dbname', '')}"
        self._start_pool()

    def read(self, query: str, values: Mapping[str, Any] | None) -> Sequence[Any]:
        with _Loan(self) as connection:
            return connection.execute(query, values).fetchall()

    def write(self, statement: str, values: Mapping[str, Any], about: str | None) -> Sequence[Any]:
        if about is None:
            with _Loan(self) as connection:
                return _rows(connection.execute(statement, values))
        with self.together(about) as connection:
            return _rows(connection.execute(statement, values))

    @contextmanager
    def together(self, about: str | None) -> Iterator[Statements]:
        with _Loan(self) as connection, _in_turn(connection.raw, about):
            yield connection

    def close(self) -> None:
        self._closer()
        self._start_pool()

    def session(self) -> Connection[Any]:
        """A connection of the caller's own: what is locked in it is held until it is closed, or lost."""
        try:
            return self._connected()
        except self._psycopg.Error as error:
            raise self.translate(error) or error from None

    def _start_pool(self) -> None:
        self._pool = _SessionPool()
        self._closer = weakref.finalize(self, self._pool.close)

    def _take(self) -> tuple[_SessionPool, Connection[Any]]:
        if self._pool.owner != os.getpid():
            # A connection must not be carried across a fork. The finalizer keeps them, unused.
            self._start_pool()
        pool = self._pool
        if not pool.room.acquire(timeout=self._patience):
            raise DatabaseUnavailable(
                f"all connections of this process to the database {self.name} have been busy for "
                f"{self._patience:g} seconds; try again"
            )
        try:
            return pool, pool.idle() or self._connected()
        except BaseException:
            pool.room.release()
            raise

    def _connected(self) -> Connection[Any]:
        """A new connection, to a database that has today's tables."""
        try:
            raw: Connection[Any] = self._psycopg.connect(
                **self._options, autocommit=True, row_factory=_rows_of
            )
        except self._psycopg.Error as error:
            raise DatabaseUnavailable(
                f"the database {self.name} cannot be reached ({self._said(error)}); see that it runs, and "
                "check address, user and password"
            ) from None  # what it quotes could hold the password
        try:
            _adapt(raw)
            raw.execute(_SETTINGS.format(schema=_SCHEMA, patience=int(self._patience * 1000)))
            self._migrate(raw)
        except BaseException:
            raw.close()
            raise
        return raw

    def _migrate(self, raw: Connection[Any]) -> None:
        if _version(raw) == migrations.NEWEST:
            return
        if raw.info.server_version < _OLDEST * 10_000:
            raise ConnectorError(f"the database {self.name} is older than PostgreSQL {_OLDEST}; upgrade it")
        with _in_turn(raw, None):
            # Another process may have been faster, so the version counts that is seen from in here.
            raw.execute(f"CREATE SCHEMA IF NOT EXISTS {_SCHEMA}")
            version = _version(raw)
            if version > migrations.NEWEST:
                raise ConnectorError(
                    f"the database {self.name} was written by a newer version of the connector; "
                    "upgrade this one"
                )
            for statement in migrations.statements("postgresql", version):
                raw.execute(statement)
            raw.execute(_SET_VERSION.format(version=migrations.NEWEST))

    def _said(self, error: Exception) -> str:
        """The server's own words, in one line."""
        first = (str(error).strip() or type(error).__name__).splitlines()[0].strip()
        password = str(self._options.get("password") or "")
        return redact(first, [password])

    def translate(self, error: BaseException) -> Exception | None:
        """A failure of the server as ours that says what to do; a mistake of ours stays as it is."""
        if isinstance(error, self._psycopg.IntegrityError):
            return Conflict(self._said(error))
        if not isinstance(error, self._psycopg.Error):
            return None
        if isinstance(error, self._psycopg.DataError) and error.sqlstate is None:
            return InvocationError("a text holds a NUL character, which cannot be kept; take it out")
        return self._fault(error)

    def _fault(self, error: psycopg.Error) -> Exception | None:
        lost = isinstance(error, self._psycopg.OperationalError | self._psycopg.InterfaceError)
        code = error.sqlstate or ("08" if lost else "")
        for beginning, says, passes in _FAULTS:
            if code.startswith(beginning):
                named = says.format(name=self._options.get("dbname"), user=self._options.get("user"))
                kind = DatabaseUnavailable if passes else ConnectorError
                return kind(f"the database {self.name} {named} ({self._said(error)})")
        return None


class _SessionPool:
    """The connections that one process has open and nobody uses, and how many it may have."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.room = threading.Semaphore(_CONNECTIONS)
        self._idle: list[Connection[Any]] = []
        self._is_closed = False

    def idle(self) -> Connection[Any] | None:
        """One that is open still, as far as can be seen from here."""
        while (raw := self._pop()) is not None:
            if not raw.closed and _is_quiet(raw):
                return raw
            raw.close()
        return None

    def give_back(self, raw: Connection[Any]) -> None:
        from psycopg.pq import TransactionStatus

        if raw.closed or raw.info.transaction_status != TransactionStatus.IDLE:
            raw.close()
        else:
            self._idle.append(raw)
        # Looked at afterwards: of one who closes meanwhile and this one, the later one finds it.
        if self._is_closed:
            self._close_idle()
        self.room.release()

    def close(self) -> None:
        if self.owner == os.getpid():
            self._is_closed = True
            self._close_idle()

    def _close_idle(self) -> None:
        while (raw := self._pop()) is not None:
            raw.close()

    def _pop(self) -> Connection[Any] | None:
        """One of them; without a lock, because the collector may close the pool in any thread, anywhere."""
        try:
            return self._idle.pop()
        except IndexError:
            return None


class _Loan:
    """A connection that nobody else uses meanwhile."""

    __slots__ = ("_pool", "_raw", "_store")

    def __init__(self, store: Postgres) -> None:
        self._store = store

    def __enter__(self) -> Statements:
        try:
            self._pool, self._raw = self._store._take()
        except Exception as error:
            self._raise(error)
            raise
        return Statements(self._raw)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._pool.give_back(self._raw)
        self._raise(error)

    def _raise(self, error: BaseException | None) -> None:
        told = self._store.translate(error) if error is not None else None
        if told is not None:
            raise told from error


@contextmanager
def _in_turn(raw: Connection[Any], about: str | None) -> Iterator[None]:
    """A transaction, once it is its turn."""
    everything = lock_number("")
    locks = f"SELECT pg_advisory_xact_lock({everything})"
    if about is not None:
        locks = (
            f"SELECT pg_advisory_xact_lock_shared({everything}); "
            f"SELECT pg_advisory_xact_lock({lock_number(about)})"
        )
    try:
        raw.execute(f"BEGIN; {locks}")
        yield
        raw.commit()
    except BaseException:
        with suppress(Exception):  # what went wrong first is what counts; the server lets go by itself
            raw.rollback()
        raise


def lock_number(name: str) -> int:
    """A lock's number for a name; PostgreSQL's locks have no other names."""
    return int.from_bytes(sha256(f"connector\0{name}".encode()).digest()[:8], "big", signed=True)


def _version(raw: Connection[Any]) -> int:
    (known,) = raw.execute(_IS_KNOWN).fetchone() or (False,)
    row = raw.execute(_VERSION).fetchone() if known else None
    return int(row[0]) if row else 0


def _is_quiet(raw: Connection[Any]) -> bool:
    """Whether a connection that nobody uses has nothing to tell: else the server has closed it."""
    watched = select.poll()
    watched.register(raw.fileno(), select.POLLIN)
    return not watched.poll(0)


@lru_cache(maxsize=1024)
def translated(statement: str) -> str:
    """A statement of our stores in psycopg's words."""
    return _TOKEN.sub(_placeholder, statement.replace("%", "%%"))


def _placeholder(found: re.Match[str]) -> str:
    return f"%({found[1]})s" if found[1] else found[0]


@lru_cache(maxsize=1024)
def _row_kind(names: tuple[str, ...]) -> type[Row]:
    places = {name: place for place, name in enumerate(names)}
    return type("Row", (Row,), {"__slots__": (), "_places": places})


def _rows_of(cursor: Cursor[Any]) -> Any:
    """How psycopg is to make rows of an answer."""
    return _row_kind(tuple(column.name for column in cursor.description or ()))


def _rows(cursor: Cursor[Any]) -> Sequence[Any]:
    return cursor.fetchall() if cursor.description else []


def _adapt(raw: Connection[Any]) -> None:
    """Values as SQLite has them: a truth is a number, and a sum of numbers is one too."""
    from psycopg.adapt import Dumper, Loader

    class Truth(Dumper):
        oid = raw.adapters.types["int2"].oid

        def dump(self, value: Any) -> bytes:
            return b"1" if value else b"0"

    class Sum(Loader):
        def load(self, data: Any) -> int | float:
            text = bytes(data).decode()
            return int(text) if text.lstrip("-").isdecimal() else float(text)

    raw.adapters.register_dumper(bool, Truth)
    raw.adapters.register_loader("numeric", Sum)


def _parsed(url: str) -> dict[str, Any]:
    """What a URL says, by libpq's rules: https://www.postgresql.org/docs/current/libpq-connect.html"""
    import psycopg.conninfo

    try:
        return psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # Its own words would quote the URL, and the password in it.
        scheme = urlsplit(url).scheme
        raise InvocationError(
            f"the database's URL ({scheme}://...) cannot be read; "
            "it is postgresql://USER:PASSWORD@HOST:PORT/NAME, with special characters percent-encoded"
        ) from None
