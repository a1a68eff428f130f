"""The stores keep their promises on a server too, where many write at once."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from psycopg.pq import TransactionStatus

from connector.errors import CapReached
from connector.storage.connections.api_tokens import Tokens
from connector.storage.database.database import Database
from connector.storage.database.migrations import NEWEST
from connector.storage.database.postgres import _SessionPool
from connector.storage.ledger.ledger import Ledger
from connector.storage.ledger.model import LedgerEntry
from connector.storage.ledger.rate_limit import DatabaseRateLimiter, RateLimit
from connector.storage.runs.history import History

TABLES = {
    "sqlite": "SELECT m.name AS table_name, c.name AS column_name FROM sqlite_master AS m, "
    "pragma_table_xinfo(m.name) AS c WHERE m.type = 'table'",
    "postgresql": "SELECT table_name, column_name FROM information_schema.columns "
    "WHERE table_schema = 'connector'",
}
GIVEN = {
    "action": "paint", "title": "Paint", "integration": "studio", "connection": "",
    "environment": "production", "inputs": {"prompt": "a cat"}, "options": {}, "token_name": "ci",
}  # fmt: skip


@pytest.fixture
def database(postgres_url):
    with closing(Database(postgres_url)) as database:
        yield database


def columns(database):
    database.write("DELETE FROM settings WHERE name = :name", {"name": "nothing"})
    return {(row["table_name"], row["column_name"]) for row in database.read(TABLES[database.dialect])}


def test_both_kinds_have_the_same_tables(database, tmp_path):
    """Column by column, in today's version."""
    with closing(Database(tmp_path / "connector.db")) as file:
        assert columns(file) == columns(database)
    version = database.read("SELECT value FROM settings WHERE name = 'version'")[0]["value"]
    assert version == str(NEWEST)


def at_once(act, count=24):
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(act, range(count)))


def test_a_cap_holds_for_all_together(database):
    """Of many that ask at once, as many go as the cap allows."""
    ledger = Ledger(database)
    entry = LedgerEntry("studio", "paint", "c", "production", "key", estimate=1.0)

    def intend(_):
        try:
            return ledger.intend(entry, cap=10.0).id
        except CapReached:
            return None

    assert sum(one is not None for one in at_once(intend)) == 10
    assert ledger.spent("c", "production") == 10.0


def test_events_of_one_run_are_numbered(database):
    """Each has its own number, whoever tells them at once."""
    history = History(database)
    run, _ = history.open(GIVEN)
    numbers = at_once(lambda at: history.event(run.id, "note", {"at": at}))
    assert sorted(numbers) == [*range(2, 26)]
    assert history.enter(run.id, "running", "it is under way").state == "running"


def test_there_is_one_first_token(database):
    """Of hosts that start at once, one shows it."""
    tokens = Tokens(database)
    assert sum(one is not None for one in at_once(lambda _: tokens.first())) == 1


def test_no_slot_is_used_twice(database):
    """By those who wait for an answer and by the others, at once."""
    limiter, limit = DatabaseRateLimiter(database, lambda: 1000.0), RateLimit(30, 10.0, 1.0)
    slots = at_once(lambda at: limiter.reserve("key", limit, background=at % 2 == 0), 40)
    rows = database.read("SELECT * FROM rate_limit_slots")
    held = [(row["number"], row["holder"]) for row in rows if row["holder"]]
    # Whoever found only slots that others were just taking has none yet, and asks again; of the background
    # some may have lost theirs to those who wait for an answer, though others were free.
    mine = {(slot.number, slot.holder): slot for slot in slots if slot.number is not None}
    assert len(rows) == 30
    assert set(held) <= set(mine)
    assert all(place in held for place, slot in mine.items() if not slot.background)


class Lent:
    """A connection as the pool sees it; the pool is closed while it looks whether this can be used again."""

    def __init__(self, pool):
        self._pool = pool
        self.closed = False
        self.info = self

    @property
    def transaction_status(self):
        self._pool.close()
        return TransactionStatus.IDLE

    def close(self):
        self.closed = True


def test_what_comes_back_while_the_pool_closes_is_closed():
    """Nobody comes for it any more."""
    pool = _SessionPool()
    lent = Lent(pool)
    pool.give_back(lent)
    assert lent.closed
    assert pool.idle() is None
