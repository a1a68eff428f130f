"""Where runs of actions are done by hand: a far side that is a function, and a time that is the test's."""

import asyncio

import httpx
from port import INTEGRATION, QuickThreads
from upstream import KEY, Clock, Upstream

from connector.engine.connector import AsyncConnector
from connector.engine.http.transport import HttpTransport
from connector.runs.service.durable_runs import DurableRuns
from connector.runs.service.execute_action import ActionExecutor
from connector.runs.service.record import RunRecord
from connector.storage.files.store import FileStore
from connector.storage.runs.history import History
from connector.storage.runs.model import RunSpec

CORE, UPSCALE = "stable-image-core", "start-creative-upscale"
PLACE = {"integration": "stabilityai", "connection": "", "environment": "production", "token_name": ""}


class Patient(QuickThreads):
    """Whoever sleeps moves the clock, and lets the others work."""

    async def sleep(self, seconds):
        await super().sleep(seconds)
        await asyncio.sleep(0.001)


class Desk:
    """A home, and whoever works there. Coroutines are run to their end with ``do``.

    ``options`` are those of its connector.
    """

    def __init__(self, home, *answers, files=FileStore, **options):
        self.clock = Clock()
        self.upstream = Upstream(*answers)
        self.connector = AsyncConnector(
            INTEGRATION,
            home=home,
            transport=HttpTransport(httpx.MockTransport(self.upstream)),
            environ={"STABILITY_API_KEY": KEY},
            clock=self.clock,
            io=QuickThreads(self.clock),
            **options,
        )
        self.database = self.connector.workspace.database
        self.ledger = self.connector.workspace.ledger
        self.history = History(self.database, self.clock)
        self.files = files(self.database, home / "files", self.clock)
        self.runs = DurableRuns([self.connector], self.files, clock=self.clock, sleep=self.clock.sleep)

    def actions(self):
        """Somebody who works on the runs, as a process does that was just started."""
        connectors = {self.connector.integration.id: self.connector}
        io = Patient(self.clock)
        return ActionExecutor(connectors, self.history, self.files, self.ledger, io=io)

    def open(self, action=CORE, given=None, **options):
        """A durable run that is written down, and that nobody has begun."""
        declared = self.connector.action(action)
        spec = RunSpec(action, given or {"prompt": "a boat"}, **options)
        record = RunRecord(self.history, self.files)
        return record.open(declared, spec, {**PLACE, "durable": True}, "queued", None)[0]

    def do(self, run):
        """The run as it is after somebody did what there is to do."""
        asyncio.run(work(self.actions(), run))
        return self.history.get(run.id)

    def submit(self, run):
        """The run as it is when its worker dies after its first step."""
        asyncio.run(self.actions().submit(run.id))
        return self.history.get(run.id)

    def sent(self):
        return [request.method for request in self.upstream.requests]

    def told(self, run):
        return [event.kind for event in self.history.events(run.id)]

    def sentences(self, run):
        return [event.data["sentence"] for event in self.history.events(run.id)]


async def work(actions, run):
    """All that there is to do of a run."""
    left = await actions.submit(run.id)
    return await actions.finish(run.id) if left["job"] else left
