"""The protocols of a database: what statements run in, what they give, and what each kind must do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from connector.secret import Secret


class Conflict(Exception):
    """A row stands in the way: one with that key is there already."""


class Cursor(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...


class Transaction(Protocol):
    """Runs statements that hold together. A row has its values by name and by place."""

    def execute(self, statement: str, values: Mapping[str, Any] = ..., /) -> Cursor: ...

    def executemany(self, statement: str, rows: Iterable[Mapping[str, Any]], /) -> Cursor: ...


class DatabaseKind(Protocol):
    """What a database is, in a file or on a server."""

    name: str

    @property
    def path(self) -> Path | None: ...

    @property
    def url(self) -> Secret | None: ...

    @property
    def dialect(self) -> str: ...

    def read(self, query: str, values: Mapping[str, Any] | None) -> Sequence[Any]: ...

    def write(self, statement: str, values: Mapping[str, Any], about: str | None) -> Sequence[Any]: ...

    def together(self, about: str | None) -> AbstractContextManager[Transaction]: ...

    def close(self) -> None: ...
