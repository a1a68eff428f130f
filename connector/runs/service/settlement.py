"""The settlement of a run: its own row, and the ledger's, are brought to agree. All of it blocks."""

from __future__ import annotations

from connector.engine.result import Result
from connector.errors import JobError
from connector.events import Event, Listener
from connector.spec.model import JobSpec
from connector.storage.ledger.ledger import Ledger
from connector.storage.ledger.model import LedgerEntry
from connector.storage.rescue_folder import RescueFolder
from connector.storage.runs.history import History, Run, Told
from connector.storage.runs.model import CANCELLED, RunEnding, State

LOST = RunEnding("unknown", "unknown", "yes", "the answer came, and was lost with the process that got it")
_QUEUED: frozenset[State] = frozenset({"queued"})


class Settlement:
    """Both rows of each run."""

    def __init__(self, history: History, ledger: Ledger, rescued: RescueFolder) -> None:
        self._history = history
        self._ledger = ledger
        self._rescued = rescued

    def look(self, run_id: str) -> tuple[Run, LedgerEntry | None]:
        """The run and its row in the ledger, which a job that was started elsewhere has by its own id."""
        run, entry = self._history.get(run_id), self._history.entry(run_id)
        return run, self._ledger.get(run.job_id) if entry is None and run.job_id else entry

    def set_off(self, run: Run) -> Run:
        """The run under way, unless somebody cancelled it while it waited."""
        said = "Running" if run.state == "queued" else "Resumed"
        return self._history.enter(run.id, "running", said)

    def tell(self, run_id: str, told: Told) -> Run:
        """The run as it is after what was told is written down."""
        self._history.tell(run_id, told)
        return self._history.get(run_id)

    def stop(self, run_id: str) -> Run:
        """The run as it is after one try to stop it, whichever process has it.

        What queues is never sent, and a job is no longer asked for; what has left cannot be taken back.
        """
        said = "somebody cancelled it before it was sent"
        none = CANCELLED.fields(None)
        run = self._history.enter(run_id, "cancelled", said, among=_QUEUED, **none)
        entry = None if run.has_ended else self._history.entry(run_id)
        if entry is None or entry.state not in ("intended", "running"):
            return run
        try:
            self._ledger.cancel(entry.id)
        except JobError:  # it has just gone on
            return self._history.get(run_id)
        return self._history.give_up(run_id, CANCELLED)

    def let_go(self, run_id: str) -> Run:
        """The run, ended where its job is cancelled and whoever did so died before they ended it.

        Whoever resumes it first writes down that its job runs, and then that the run does.
        """
        run, entry = self.look(run_id)
        if run.has_ended or entry is None or entry.state != "cancelled":
            return run
        return self._history.give_up(run_id, CANCELLED, seen=run)

    def answer(self, entry: LedgerEntry | None) -> Result | None:
        """The answer that came before whoever asked for it ended; the ledger is told where it is lost."""
        if entry is None or entry.state != "done":
            return None
        found = self._rescued.find(entry.id)
        if found is not None:
            return Result.restored(found.facts, found.media, found.held)
        if entry.upstream_id is None:
            self._ledger.settle(entry.id, "unknown", "unknown", entry.billed, message=LOST.message)
        return None

    def abandon(self, entry: LedgerEntry) -> LedgerEntry:
        """The entry, settled if whoever wrote it is gone."""
        return self._ledger.abandon(entry.id)

    def rest(self, entry: LedgerEntry, job: JobSpec | None) -> None:
        """Whoever asked for a job before may have asked just now, and nobody here saw the answer."""
        self._ledger.polled(entry.id, self._history.clock() + (job.interval if job else 0.0))

    def begun(self, run_id: str, job_id: str, job: JobSpec) -> None:
        """A job was started, and its id is written down unless it is."""
        _, entry = self.look(run_id)
        if entry is not None and entry.upstream_id is None:
            now = self._history.clock()
            until = None if job.keep is None else now + job.keep
            self._ledger.running(entry.id, job_id, job.fetch, now + job.interval, until)


def news(hear: Listener) -> Listener:
    """Hears what is new of a job, which may be asked for thousands of times: polls that end otherwise."""
    last = ""

    def listen(event: Event) -> None:
        nonlocal last
        if event.kind == "poll":
            before, last = last, event.sentence.partition(": ")[2]
            if last == before:
                return
        if event.kind != "sent":
            hear(event)

    return listen
