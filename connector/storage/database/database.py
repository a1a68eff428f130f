"""The database of every store: a file of this machine, or a server that many machines share.

Both run the same statements, with ``:name`` for each value. Where the texts have to differ they stand beside
each other, by ``dialect``.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connector.errors import InvocationError
from connector.secret import fingerprint
from connector.storage.database.protocols import DatabaseKind, Transaction

__all__ = [
    "FILE_NAME",
    "Database",
    "is_server",
    "new_id",
    "timestamp",
]

FILE_NAME = "connector.db"

_making = threading.Lock()
# The microsecond that the last id was asked for, and the one that it got.
_made = (0, 0)

_SERVERS = ("postgresql://", "postgres://")


class Database:
    """The connector's tables: in a file, on the server of a URL, or (without either) in memory.

    All methods block, and may be called from any thread. Nothing is created before the first write.
    Inside ``transaction`` only what it gives is to be used. ``name`` is how it may be shown.
    """

    def __init__(self, where: Path | str | None = None, *, patience: float = 10.0) -> None:
        self._kind = _kind(where, patience)
        self.path = self._kind.path
        self.url = self._kind.url
        self.name = self._kind.name
        self.dialect = self._kind.dialect
        self._pepper: bytes | None = None

    def read(self, query: str, values: Mapping[str, Any] | None = None) -> Sequence[Any]:
        """The rows of a query that changes nothing; of a file that is not there yet, none."""
        return self._kind.read(query, values)

    def write(self, statement: str, values: Mapping[str, Any], *, about: str | None = None) -> Sequence[Any]:
        """Runs one statement, which holds entirely or not at all; the rows that it returns.

        Where it looks at other rows than it changes, ``about`` says what nobody else may change meanwhile.
        """
        return self._kind.write(statement, values, about)

    @contextmanager
    def transaction(self, about: str | None = None) -> Iterator[Transaction]:
        """Several statements that hold together.

        Of those ``about`` the same thing one waits for the other, and what is about nothing in particular
        waits for all. Raises Conflict where a key is taken.
        """
        with self._kind.together(about) as statements:
            yield statements

    def fingerprint(self, secret: str) -> str:
        """The name under which this database knows a secret; it cannot be turned back."""
        if self._pepper is None:
            # A transaction, because the pepper is made together with the file.
            with self.transaction() as database:
                found = database.execute("SELECT value FROM settings WHERE name = 'pepper'").fetchone()
            self._pepper = bytes.fromhex(found["value"])
        return fingerprint(secret, self._pepper)

    def close(self) -> None:
        """Lets go of it; whoever uses the database again opens it again."""
        self._kind.close()


def is_server(where: Path | str | None) -> bool:
    return isinstance(where, str) and where.startswith(_SERVERS)


def _kind(where: Path | str | None, patience: float) -> DatabaseKind:
    if isinstance(where, str) and is_server(where):
        from connector.storage.database.postgres import Postgres

        return Postgres(where, patience)
    if isinstance(where, str) and "://" in where:
        # The whole is not shown: whatever it is, there may be a password in it.
        raise InvocationError(
            f"a database at {where.partition('://')[0][:20]}:// is not known; "
            "give postgresql://USER:PASSWORD@HOST/NAME, or the path of a file"
        )
    from connector.storage.database.sqlite import Sqlite

    return Sqlite(None if where is None else Path(where), patience)


def timestamp(seconds: float) -> str:
    """A moment as all faces show it: UTC, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def as_row(values: Mapping[str, Any], as_json: Collection[str]) -> dict[str, Any]:
    """Values for a statement, those of the names ``as_json`` written as JSON."""
    given = (name for name in as_json if values.get(name) is not None)
    return {**values, **{name: json.dumps(values[name]) for name in given}}


def new_id(now: float) -> str:
    """An id that is unique, and sorts by time as text: microseconds, then chance.

    Of those that one process makes in the same microsecond, each sorts after the one before.
    """
    global _made
    asked = int(now * 1e6)
    with _making:
        given = _made[1] + 1 if asked == _made[0] else asked
        _made = (asked, given)
    return f"{given:014x}{os.urandom(5).hex()}"
