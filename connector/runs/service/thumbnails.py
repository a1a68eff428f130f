"""Thumbnails of results, made one at a time, beside everything else."""

from __future__ import annotations

import asyncio
from logging import getLogger

from connector.errors import ConnectorError
from connector.runs.service.record import RunRecord
from connector.storage.blocking import Threads
from connector.storage.runs.history import Run


class Thumbnails:
    """Those of the runs that one process executes."""

    def __init__(self, record: RunRecord) -> None:
        self._record = record
        self._thread = Threads(1)
        self._wanted: dict[str, str] = {}
        self._making: set[asyncio.Task[None]] = set()

    def want(self, run: Run) -> None:
        """The run has ended, and its file may be a picture."""
        if run.file:
            self._wanted[run.id] = run.file

    async def make(self, run_id: str) -> None:
        """Makes what is wanted of a run. A thumbnail is worth no failure."""
        file_id = self._wanted.pop(run_id, None)
        if file_id is None:
            return
        try:
            await self._thread.run(self._record.thumbnail, run_id, file_id)
        except (OSError, ConnectorError) as error:
            getLogger(__name__).warning("run %s has no thumbnail: %s", run_id, error)

    def begin(self, run_id: str) -> None:
        """Makes it in a task of its own."""
        if run_id in self._wanted:
            making = asyncio.create_task(self.make(run_id))
            self._making.add(making)
            making.add_done_callback(self._making.discard)

    async def stop(self) -> None:
        """Begins no more of them; what is being made in the thread is."""
        making = list(self._making)
        for task in making:
            task.cancel()
        await asyncio.gather(*making, return_exceptions=True)

    def close(self) -> None:
        self._thread.close()
