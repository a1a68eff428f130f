"""Deleting a run: its files go where nothing else uses them, and no money is forgotten."""

import pytest
from given_run import GIVEN

from connector.errors import InvocationError
from connector.media import from_bytes
from connector.runs.service import deletion
from connector.storage.database.database import Database
from connector.storage.files.store import FileNotFound, FileStore
from connector.storage.ledger.ledger import Ledger
from connector.storage.ledger.model import LedgerEntry
from connector.storage.runs.history import History, KeyReused, RunNotFound


class World:
    def __init__(self, folder):
        self.database = Database(folder / "connector.db")
        self.ledger = Ledger(self.database)
        self.history = History(self.database, ledger=self.ledger)
        self.files = FileStore(self.database, folder / "files")

    def file(self, content=b"a picture"):
        return self.files.put(from_bytes(content, name="a.txt")).id

    def run(self, state="succeeded", key=None, billed="yes", **given):
        run = self.history.open(GIVEN | given, key)[0]
        if state != "queued":
            made = {"file": given["file"]} if "file" in given else {}
            self.history.enter(run.id, state, "it ended", billed=billed, credits=3.0, **made)
        return run.id

    def delete(self, run_id):
        deletion.delete(self.history, self.files, run_id)

    def is_kept(self, file_id):
        try:
            return bool(self.files.get(file_id))
        except FileNotFound:
            return False


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.database.close()


def test_a_run_is_gone_with_its_files(world):
    given, made = world.file(), world.file()
    run = world.run(inputs={"image": {"file": f"file:{given}"}}, file=made)
    world.delete(run)
    assert world.history.list() == []
    assert world.history.events(run) == []
    assert not world.is_kept(given)
    assert not world.is_kept(made)
    for act in (world.history.get, world.delete):
        with pytest.raises(RunNotFound):
            act(run)


def test_a_file_that_something_else_uses_stays(world):
    """Be it an input of another run, or that run's own result."""
    made, shared = world.file(), world.file()
    run = world.run(inputs={"image": {"file": f"file:{shared}"}}, file=made)
    world.run(inputs={"image": {"file": f"file:{made}"}})
    owner = world.run(file=shared)
    world.delete(run)
    assert world.is_kept(made)
    assert world.is_kept(shared)
    world.delete(owner)
    assert world.is_kept(made)
    assert not world.is_kept(shared)


@pytest.mark.parametrize(
    ("state", "billed", "said"),
    [("queued", "unknown", "queued"), ("unknown", "unknown", "settle"), ("cancelled", "unknown", "settle")],
)
def test_what_goes_on_or_is_not_settled_stays(world, state, billed, said):
    run = world.run(state, billed=billed)
    with pytest.raises(InvocationError, match=said):
        world.delete(run)
    assert world.history.get(run).inputs == {"prompt": "a cat"}


def test_steps_go_with_their_workflow_and_not_without_it(world):
    flow = world.run(kind="workflow")
    step = world.run(parent=flow, place="one")
    with pytest.raises(InvocationError, match="is a step of"):
        world.delete(step)
    world.delete(flow)
    assert world.history.list() == []


def test_money_is_never_forgotten(world):
    """The ledger and its sums stay, and a key that was paid under pays for nothing else."""
    run = world.run(key="order-1")
    entry = LedgerEntry("studio", "paint", "", "production", "key", 3.0, origin=run)
    intended = world.ledger.intend(entry, cap=None)
    world.ledger.sent(intended.id)
    world.ledger.settle(intended.id, "done", credits=3.0, billed="yes")
    costs = world.history.costs()
    world.delete(run)
    assert world.history.costs() == costs != []
    assert world.history.entry(run) is not None
    with pytest.raises(KeyReused, match="deleted"):
        world.run(key="order-1")
