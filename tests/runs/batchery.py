"""Batches by hand: runs that end when they are told to, and a count of what the database was asked."""

from contextlib import contextmanager

from upstream import Clock

from connector.runs.batch.row import BatchRow
from connector.runs.batch.store import Batches
from connector.runs.worker.feed_batch import Feeder
from connector.storage.runs.history import History
from connector.storage.workspace import Workspace

PLACE = {"integration": "stabilityai", "connection": "", "environment": "far"}


class Counting:
    """A database that counts the acts which it is asked for."""

    def __init__(self, database):
        self._database = database
        self.acts = 0

    def read(self, *asked):
        self.acts += 1
        return self._database.read(*asked)

    def write(self, *asked, **how):
        self.acts += 1
        return self._database.write(*asked, **how)

    @contextmanager
    def transaction(self, **how):
        self.acts += 1
        with self._database.transaction(**how) as transaction:
            yield transaction


class Batchery:
    """One batch of so many rows, each at 3 credits, and whoever feeds it."""

    def __init__(self, home, rows=3, database=None, **options):
        self.clock = Clock()
        self.workspace = Workspace(home, {}, self.clock, database)
        self.database = Counting(self.workspace.database)
        self.history = History(self.workspace.database, self.clock)
        self.batches = Batches(self.database, self.clock)
        self.batch, _ = self.batches.open(
            name="boats", kind="action", subject="draw", source="a.csv",
            options={"concurrency": 2} | options, **PLACE,
        )  # fmt: skip
        self.rows = self.batches.rows(self.batch.id)
        self.rows.add(row(number) for number in range(1, rows + 1))
        self.batch = self.batches.count(self.batch.id)
        self.batches.change(self.batch.id, state="feeding")
        self.submitted = []
        self.feeder = self.new_feeder()

    def new_feeder(self):
        """Whoever goes on after the one before was killed."""
        return Feeder(self.batches, self.batch.id, self.submit)

    def submit(self, batch, row):
        self.submitted.append(row.number)
        self.clock.now += 1
        given = {"action": "draw", "title": "Draw", "inputs": {}, "options": {}, "token_name": ""}
        links = {"durable": True, "batch": batch.id, "row": row.number, "retry_of": row.run_id}
        return self.history.open(PLACE | given | links)[0]

    def end(self, number, state="succeeded", outcome="success", billed="yes", credits=3.0, **facts):
        """The run of a row ends so."""
        (row,) = self.rows.rows(after=number - 1, limit=1)
        ended = {"outcome": outcome, "billed": billed, "credits": credits} | facts
        return self.history.enter(row.run_id, state, "it ended", **ended)

    def end_all(self):
        for number in self.rows.running():
            self.end(number)

    def runs(self, number):
        """The runs of a row, newest first."""
        return [one for one in self.history.list(batch=self.batch.id, limit=10_000) if one.row == number]

    def states(self):
        return [one.state for one in self.rows.rows()]

    @property
    def state(self):
        return self.batches.get(self.batch.id).state


def row(number, text=None, **facts):
    """A row that is planned."""
    text = text or f"boat {number}"
    return BatchRow(number, text.replace(" ", "-"), {"prompt": text}, text, **{"estimate": 3.0} | facts)
