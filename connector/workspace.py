"""The folder where this machine keeps its data, and the stores in it, each opened when first used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from connector.budget import DatabaseBudget
from connector.database import FILE_NAME, Database
from connector.ledger import Ledger

if TYPE_CHECKING:
    from connector.connections import ConnectionStore


class Workspace:
    """Connections, rate budget and ledger, in one database under ``home``."""

    def __init__(self, home: Path, environ: Mapping[str, str], clock: Callable[[], float]) -> None:
        self.home = home
        self._environ = environ
        self._clock = clock

    @cached_property
    def database(self) -> Database:
        return Database(self.home / FILE_NAME)

    @cached_property
    def connections(self) -> ConnectionStore:
        from connector.connections import ConnectionStore
        from connector.sealing import MasterKeys

        return ConnectionStore(
            self.database, MasterKeys(self._environ, self.home), environ=self._environ, clock=self._clock
        )

    @cached_property
    def budget(self) -> DatabaseBudget:
        return DatabaseBudget(self.database, self._clock)

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.database, self._clock)

    def close(self) -> None:
        if "database" in self.__dict__:
            self.database.close()
