"""The backend of the tools: the host's stores and runners, or a connector's own where there is no host."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar, Unpack
from urllib.parse import unquote, urlsplit

from connector.engine.connector import AsyncConnector, Options
from connector.engine.http.ssrf_guard import Guard
from connector.engine.sources import Sources
from connector.mcp.folders import Folders
from connector.media import Media, adopt
from connector.runs.service.runner import Runner, ServedIntegration
from connector.spec.model import Integration
from connector.storage.blocking import Threads
from connector.storage.files.store import FileStore
from connector.storage.runs.history import History

P = ParamSpec("P")
T = TypeVar("T")

_MOST_BYTES = 100 * 1024 * 1024


class Links(Protocol):
    """Addresses of a host that need no token, at the ``origin`` by which it is reached. They block."""

    def download(self, file_id: str, origin: str) -> str: ...
    def upload(self, origin: str) -> tuple[str, str]:
        """Where one file is put, and the id that it will have."""
        ...


class Backing(Protocol):
    """What the tools ask for; the HTTP host is one. Stores block: go to them by ``run``."""

    @property
    def integrations(self) -> Mapping[str, ServedIntegration]: ...
    @property
    def files(self) -> FileStore: ...
    @property
    def history(self) -> History: ...
    @property
    def folders(self) -> Folders | None:
        """The folders of the user's machine; None where the tools run on another one."""
        ...

    @property
    def links(self) -> Links | None:
        """What makes addresses of files at a host; None without one."""
        ...

    async def run(self, act: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T: ...


class Alone:
    """A connector without a host. Files of this machine are read in the ``folders``, and nowhere else."""

    links = None

    def __init__(self, integration: Integration, folders: Folders, **options: Unpack[Options]) -> None:
        self.folders = folders
        self._threads = Threads()
        options["sources"] = self._sources(self._resolve)
        connector = AsyncConnector(integration, **options)
        workspace = connector.workspace
        self.files = workspace.files
        self.history = History(workspace.database, options.get("clock", time.time), workspace.ledger)
        self._worker = ServedIntegration(connector, Runner(connector, self.history, self.files))
        self.integrations = {integration.id: self._worker}

    async def run(self, act: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
        return await self._threads.run(partial(act, *arguments, **options))

    async def open(self) -> None:
        """Settles what dead processes left, and goes on with their jobs."""
        await self._worker.runner.resume_jobs()

    async def close(self, seconds: float) -> None:
        """Lets what is under way finish for so long, writes the rest down, and lets go of everything."""
        await self._worker.runner.drain(seconds)
        await self._worker.connector.close()
        self._threads.close()

    def _sources(self, references: Callable[[str], Media] | None = None) -> Sources:
        guard = Guard(max_bytes=_MOST_BYTES)
        return Sources(paths=self.folders.all, urls=guard, references=references, max_bytes=_MOST_BYTES)

    def _resolve(self, reference: str) -> Any:
        """The file of a reference. Clients name a file of this machine also as file:///its/path."""
        if reference.lower().startswith("file://"):
            return adopt(Path(unquote(urlsplit(reference).path)), self._sources())
        return self.files.resolve(reference)
