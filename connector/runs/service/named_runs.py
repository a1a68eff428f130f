"""Named runs: whoever begins a use of an action again under its name goes on with it.

An engine of somebody else's, such as a scheduler, calls the same thing again when a process of its died, when
what failed is retried, or when a person wants it once more. The name of the use tells that it is the same.
Each use is a run, and what the ledger says of it tells what may follow:

    the run                         and the ledger's row        what is done
    is open                         any                         what is left of it
    succeeded                       any                         nothing; its result is there
    ended without a result          none, or surely unpaid      a new run takes its place
                                    a job that is still kept    the job is asked for again
                                    anything else               nothing; a person decides
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from connector.engine.connector import AsyncConnector
from connector.engine.sources import Sources
from connector.errors import JobError
from connector.media import Media
from connector.runs.service import run_files
from connector.runs.service.execute_action import ActionExecutor
from connector.runs.service.resume import reopen
from connector.spec.model import Action
from connector.storage.blocking import Io, Threads
from connector.storage.files.store import FileNotFound
from connector.storage.ledger.model import LedgerEntry
from connector.storage.runs.history import GIVEN, History, Run, digest
from connector.storage.runs.model import RunSpec

_WRITES = "writes"


class NamedRuns:
    """The uses of one connector's actions, done in this process, in one event loop.

    ``asked_by`` stands in the runs' records, and names are told apart by it. Files are kept for
    ``keep_seconds``; ``clock`` and ``io``, which is for the stores and waits, are for tests.
    """

    def __init__(
        self,
        connector: AsyncConnector,
        *,
        asked_by: str = "",
        keep_seconds: float | None = None,
        clock: Callable[[], float] = time.time,
        io: Io | None = None,
    ) -> None:
        workspace = connector.workspace
        self.connector = connector
        self._asked_by = asked_by
        self._keep_seconds = keep_seconds
        self._io = io or Threads(4)
        self._ledger = workspace.ledger
        self._files = workspace.files
        self.history = History(workspace.database, clock, workspace.ledger)
        self._actions = ActionExecutor(
            {connector.integration.id: connector},
            self.history,
            self._files,
            self._ledger,
            keep_seconds=keep_seconds,
            io=self._io,
        )

    async def open(self, spec: RunSpec, name: str) -> Run:
        """The newest run of a use, written down; nothing is sent yet.

        The name stands for a use of one action with these arguments: with others it is another use. Raises
        UnknownName, and InvalidArguments for files that cannot be read.
        """
        return await self._io.run(self._opened, spec, name)

    async def go_on(self, run_id: str) -> Run:
        """The run, or the one that takes its place: ended, or open where its job is to be asked for.

        Whatever is wrong with the arguments is the run's failure.
        """
        run = await self._io.run(self._taken_up, run_id)
        if not run.has_ended:
            await self._actions.submit(run.id)
        return await self._io.run(self.history.get, run.id)

    async def finish(self, run_id: str) -> Run:
        """The run as it ended, once its job did. It may be called by many at once: they ask in turns."""
        await self._io.run(self._asked_again, run_id)
        await self._actions.finish(run_id)
        return await self._io.run(self.history.get, run_id)

    async def file(self, run: Run) -> Media | None:
        """What a run delivered; None where that is no file.

        Raises FileNotFound where it is not kept here any more, and the upstream does not have it either.
        """
        if run.file is None:
            return None
        try:
            return await self._io.run(self._files.open, run.file)
        except FileNotFound:
            if run.job_id is None or run.state != "succeeded":
                raise
        result = await self.connector.wait(run.job_id, on_filtered="return")
        return result.media if isinstance(result.media, Media) else None

    def writes(self, run_id: str, place: str) -> None:
        """The result of a run is about to be written to a place of the caller's. It blocks."""
        self.history.event(run_id, _WRITES, {"sentence": f"its result is written to {place}", "place": place})

    def is_written(self, run_id: str, place: str) -> bool:
        """Whether what is at a place, if there is something, is the result of the run. It blocks."""
        written = (one.data.get("place") for one in self.history.events(run_id) if one.kind == _WRITES)
        return place in written

    def tidy(self) -> None:
        """Files that were kept long enough are gone. It blocks."""
        self._files.expire()

    def close(self) -> None:
        """Lets go of the threads; the connector stays open."""
        self._actions.close()

    def _opened(self, spec: RunSpec, name: str) -> Run:
        action = self.connector.action(spec.action)
        read = run_files.read_inputs(action, spec.arguments, Sources())
        taken = run_files.take(action, read, self._files, self._keep_seconds)
        is_new = False
        try:
            given = self._given(action, replace(spec, arguments=taken.inputs))
            run, is_new = self.history.open(given, f"{name} {digest(given)}")
            if not is_new:
                run, is_new = self._newest(run, given)
            return run
        finally:
            for file_id in () if is_new else taken.files:
                self._files.remove(file_id)

    def _given(self, action: Action, spec: RunSpec) -> dict[str, Any]:
        """What is written down of a run."""
        place = {"environment": spec.environment, "connection": spec.connection}
        environment, connection = self.connector.place(**place)
        return {
            "action": action.id,
            "title": action.catalog.title,
            "integration": self.connector.integration.id,
            "environment": environment,
            "connection": connection,
            "inputs": spec.arguments,
            "options": spec.options,
            "token_name": self._asked_by,
        }

    def _taken_up(self, run_id: str) -> Run:
        run = self.history.get(run_id)
        newest, _ = self._newest(run, {name: getattr(run, name) for name in GIVEN})
        return self.history.take(newest.id)

    def _asked_again(self, run_id: str) -> None:
        """Its job is asked for by this process, also where somebody who could not ask for it has ended it."""
        run = self.history.get(run_id)
        if run.has_ended and run.state != "succeeded":
            self._reopened(run, self.history.entry(run.id))
        self.history.take(run_id)

    def _newest(self, run: Run, given: Mapping[str, Any]) -> tuple[Run, bool]:
        """The run that counts, and whether it was made just now."""
        is_new = False
        while run.has_ended and run.state != "succeeded":
            later = next(iter(self.history.list(retry_of=run.id, limit=1)), None)
            entry = self._settled(run)
            if later is not None:
                run = later
            elif _is_unpaid(entry):
                # Of two who begin at once, one makes the new run.
                run, is_new = self.history.open({**given, "retry_of": run.id}, f"retry of {run.id}")
            else:
                return self._reopened(run, entry), False
        return run, is_new

    def _settled(self, run: Run) -> LedgerEntry | None:
        """The ledger's row of a run that has ended: who left it open works on it no more."""
        entry = self.history.entry(run.id)
        return entry if entry is None else self._ledger.abandon(entry.id)

    def _reopened(self, run: Run, entry: LedgerEntry | None) -> Run:
        """The run, open again if its job can still be asked for."""
        try:
            return reopen(run, entry, self.history, self._ledger)
        except JobError:
            return run


def _is_unpaid(entry: LedgerEntry | None) -> bool:
    """Whether it is known that nothing was paid, so that nothing can be paid twice."""
    return entry is None or (entry.state in ("failed", "cancelled") and entry.billed == "no")
