"""What every store keeps its rows in: a file of this machine, or a server that many machines share.

Both run the same statements, with ``:name`` for each value. Where a text would have to differ, it is given
as a pair by whoever needs it, and picked by ``kind``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from connector.errors import InvocationError

FILE_NAME = "connector.db"

_SERVERS = ("postgresql://", "postgres://")


class RowExists(Exception):
    """There is a row with that key already."""


class Row(Protocol):
    """A row's values, by name or by place."""

    def __getitem__(self, key: Any, /) -> Any: ...

    def keys(self) -> list[str]: ...


class Cursor(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...


class Transaction(Protocol):
    """Runs statements that hold together."""

    def execute(self, statement: str, values: Mapping[str, Any] = ..., /) -> Cursor: ...

    def executemany(self, statement: str, rows: Iterable[Mapping[str, Any]], /) -> Cursor: ...


class Database(Protocol):
    """The connector's tables. All methods block, and may be called from any thread.

    ``path`` is the file's, None for a server and for memory. ``shown`` says where it is, without a secret.
    """

    kind: Literal["sqlite", "postgres"]
    path: Path | None

    @property
    def shown(self) -> str: ...

    def read(self, query: str, values: Mapping[str, Any] | None = None) -> list[Row]:
        """The rows of a query that changes nothing."""
        ...

    def write(self, statement: str, values: Mapping[str, Any]) -> list[Row]:
        """Runs one statement, which holds entirely or not at all; the rows that it returns."""
        ...

    def transaction(self, about: str = "") -> AbstractContextManager[Transaction]:
        """Several statements that hold together; of those ``about`` the same thing, one after the other.

        A file has one writer at a time in any case. What is about nothing named waits for all of its like.
        Inside, only what it gives is to be used. Raises RowExists where a key is taken.
        """
        ...

    def fingerprint(self, secret: str) -> str:
        """The name under which this database knows a secret; it cannot be turned back."""
        ...

    def close(self) -> None:
        """Lets go of it; whoever uses it again opens it again."""
        ...


def is_server(where: Path | str) -> bool:
    return str(where).startswith(_SERVERS)


def open_database(where: Path | str) -> Database:
    """The database of a URL, or in a file of that path. It is only reached when it is first used."""
    if is_server(where):
        from connector.postgres import PostgresDatabase

        return PostgresDatabase(str(where))
    if "://" in str(where):
        # The whole is not shown: whatever it is, there may be a password in it.
        kind = str(where).partition("://")[0]
        raise InvocationError(
            f"a database at {kind[:20]}:// is not known; give postgresql://USER:PASSWORD@HOST/NAME, "
            "or the path of a file"
        )
    from connector.sqlite import SqliteDatabase

    return SqliteDatabase(where)


def timestamp(seconds: float) -> str:
    """A moment as all faces show it: UTC, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_id(now: float) -> str:
    """An id that is unique, and sorts by time as text: microseconds, then chance."""
    return f"{int(now * 1e6):014x}{os.urandom(5).hex()}"
