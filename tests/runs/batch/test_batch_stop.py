"""A batch that was stopped goes on: what was under way is taken up, and nothing is paid twice."""

import pytest
from port import SAMPLES
from runs.desk import CORE, PLACE, UPSCALE, Desk
from upstream import picture, started

from connector.runs.batch import stop
from connector.runs.batch.row import BatchRow
from connector.runs.batch.store import Batches
from connector.storage.runs.model import RunSpec

ROOM = SAMPLES / "room.png"
DAY = 24 * 3600.0


class Stopped:
    """A batch of two rows, of which the first was under way when somebody stopped it."""

    def __init__(self, home):
        self.desk = Desk(home)
        self.batches = Batches(self.desk.database, self.desk.clock)
        self.batch, _ = self.batches.open(
            name="rooms", kind="action", subject=UPSCALE, source="a.csv", **PLACE
        )
        self.rows = self.batches.rows(self.batch.id)
        self.rows.add(BatchRow(number, "", {}, str(number), estimate=60.0) for number in (1, 2))

    def begin(self, run):
        self.rows.begin(1, run.id)
        return run

    def cancel(self):
        self.desk.clock.now += 1
        return stop.cancel(self.batches, self.desk.runs, self.batch.id)[0].state

    def go_on(self):
        return stop.go_on(self.batches, self.desk.runs, self.batch.id, failed=True)

    def states(self):
        return [row.state for row in self.rows.rows()]


@pytest.fixture
def stopped(tmp_path):
    made = Stopped(tmp_path)
    yield made
    made.desk.runs.close()


@pytest.fixture
def job(stopped):
    """The first row's run, whose job was started and is no longer asked for."""
    given = {"prompt": "a boat", "image": ROOM.read_bytes()}
    run = stopped.desk.runs.submit(
        RunSpec(UPSCALE, given, environment="production"), batch=stopped.batch.id, row=1
    )
    stopped.desk.upstream.answers = [started()]
    stopped.begin(stopped.desk.submit(run))
    assert (stopped.cancel(), stopped.states()) == ("cancelled", ["cancelled", "pending"])
    return run


def test_a_job_is_asked_for_again_and_not_started(stopped, job):
    """Its row has the same run, and ends as that does."""
    assert stopped.rows.broken_off() == [job.id]
    assert (stopped.go_on(), stopped.states()) == (1, ["running", "pending"])
    stopped.desk.upstream.answers = [picture()]
    assert stopped.desk.do(job).state == "succeeded"
    stopped.rows.settle()
    assert (stopped.states(), stopped.desk.sent()) == (["succeeded", "pending"], ["POST", "GET"])
    assert len(stopped.desk.history.list(batch=stopped.batch.id)) == 1


def test_a_job_that_was_taken_up_by_itself_is_its_rows_all_the_same(stopped, job):
    stopped.desk.runs.resume(job.id)
    assert stopped.rows.catch_up() == 1
    assert stopped.states() == ["running", "pending"]


def test_a_job_that_is_no_longer_kept_is_not_started_again(stopped, job):
    """It may have been paid for."""
    stopped.desk.clock.now += 2 * DAY
    assert (stopped.go_on(), stopped.states()) == (0, ["cancelled", "pending"])


def test_a_workflow_goes_on_where_it_was(stopped):
    """Its steps that were done are not paid again: there is no other run of it."""
    desk = stopped.desk
    declared = {"action": "product-shots", "title": "Product shots", "inputs": {}, "options": {}}
    links = {"kind": "workflow", "durable": True, "batch": stopped.batch.id, "row": 1}
    flow = stopped.begin(desk.history.open({**PLACE, **declared, **links})[0])
    desk.upstream.answers = [picture()]
    step = desk.runs.submit(RunSpec(CORE, {"prompt": "a boat"}), parent=flow.id, place="draw")
    assert desk.do(step).billed == "yes"
    stopped.cancel()
    assert stopped.rows.again(failed=True) == 0
    assert (stopped.go_on(), stopped.states()) == (1, ["running", "pending"])
    assert [run.id for run in desk.history.list(batch=stopped.batch.id)] == [flow.id]
    assert desk.history.get(flow.id).state == "running"


def test_a_workflow_of_which_nothing_was_begun_is_begun_anew(stopped):
    links = {"kind": "workflow", "durable": True, "batch": stopped.batch.id, "row": 1}
    declared = {"action": "product-shots", "title": "Product shots", "inputs": {}, "options": {}}
    stopped.begin(stopped.desk.history.open({**PLACE, **declared, **links})[0])
    stopped.cancel()
    assert (stopped.go_on(), stopped.states()) == (1, ["pending", "pending"])
