"""The workspace: the folder where this machine keeps its data, and the stores in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from connector.storage.database.database import FILE_NAME, Database
from connector.storage.ledger.ledger import Ledger
from connector.storage.ledger.rate_limit import DatabaseRateLimiter
from connector.storage.rescue_folder import RescueFolder

if TYPE_CHECKING:
    from connector.storage.connections.encryption import MasterKeys
    from connector.storage.connections.signing_secrets import SigningSecrets
    from connector.storage.connections.store import ConnectionStore
    from connector.storage.files.store import FileStore


class Workspace:
    """Connections, rate limiter and ledger, in one database: under ``home``, or on the server of a URL.

    The URL comes from ``database``, else from ``CONNECTOR_DATABASE``. A Database in its place is shared with
    whoever gave it, and stays open. Kept files are at ``files``, else where ``CONNECTOR_FILES`` says.
    """

    def __init__(
        self,
        home: Path,
        environ: Mapping[str, str],
        clock: Callable[[], float],
        database: Database | str | None = None,
        files: Path | str | None = None,
    ) -> None:
        self.home = home
        self._files = files
        self._shared = None if isinstance(database, str) else database
        self._where = where(home, environ, database if isinstance(database, str) else None)
        self._environ = environ
        self._clock = clock

    @cached_property
    def rescued(self) -> RescueFolder:
        """What was paid for, until it is where somebody wants it."""
        return RescueFolder(self.home / "rescued")

    @cached_property
    def database(self) -> Database:
        return self._shared or Database(self._where)

    @cached_property
    def connections(self) -> ConnectionStore:
        from connector.storage.connections.store import ConnectionStore

        environ, defaults = self._environ, self.home / "default-connections.json"
        return ConnectionStore(
            self.database, self._keys, environ=environ, clock=self._clock, defaults=defaults
        )

    @cached_property
    def signing_secrets(self) -> SigningSecrets:
        from connector.storage.connections.signing_secrets import SigningSecrets

        return SigningSecrets(self.database, self._keys)

    @cached_property
    def _keys(self) -> MasterKeys:
        from connector.storage.connections.encryption import MasterKeys

        # A key that only one machine has is of no use to the others.
        return MasterKeys(self._environ, None if self.database.url else self.home)

    @cached_property
    def rate_limiter(self) -> DatabaseRateLimiter:
        return DatabaseRateLimiter(self.database, self._clock)

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.database, self._clock, self.rescued.facts)

    @cached_property
    def files(self) -> FileStore:
        from connector.storage.files.blobs import open_blobs
        from connector.storage.files.store import FileStore

        return FileStore(self.database, open_blobs(self.home, self._environ, self._files), self._clock)

    def close(self) -> None:
        if "database" in self.__dict__ and self._shared is None:
            self.database.close()


def where(home: Path, environ: Mapping[str, str], database: str | None = None) -> Path | str:
    """The database's file or URL: as it is given, else as the environment says, else under ``home``."""
    return database or environ.get("CONNECTOR_DATABASE") or home / FILE_NAME
