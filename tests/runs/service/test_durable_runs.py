"""What can be asked of durable runs: to be submitted, stopped, resumed, decided upon and tried once more."""

import asyncio
import gc
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from port import SAMPLES
from runs.desk import CORE, PLACE, UPSCALE, Desk
from upstream import JOB_ID, answer, pending, picture, started

from connector.engine.sources import Sources
from connector.errors import (
    InvalidArguments,
    InvocationError,
    JobError,
    JobExpired,
    JobNotFound,
    OutcomeUnknown,
    UnknownName,
)
from connector.runs.durable.queues import Queues
from connector.runs.service.durable_runs import DurableRuns
from connector.storage.database.database import Database
from connector.storage.runs.history import KeyReused, RunNotFound
from connector.storage.runs.model import RunSpec

ROOM = SAMPLES / "room.png"
BOAT = RunSpec(CORE, {"prompt": "a boat"}, environment="production")


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    yield made
    made.runs.close()


@pytest.fixture
def runs(desk):
    return desk.runs


def job(desk):
    """A run whose job was started by a worker that is gone."""
    desk.upstream.answers = [started()]
    return desk.submit(desk.open(UPSCALE, {"prompt": "a boat", "image": ROOM.read_bytes()}))


def unknown(desk):
    """A run whose request left, and whose worker died."""
    run = desk.open()
    desk.upstream.answers = [ZeroDivisionError("it dies")]
    ended = desk.do(run)
    assert ended.state == "unknown"
    return ended


def flows(runs):
    """What the durable engine was told to come back to: each run's id and its queue."""
    return {one.workflow_id: one.queue_name for one in runs.queues.client.list_workflows()}


def test_asking_brings_in_no_engine():
    """Who lists and cancels starts light."""
    script = "import sys; from connector.runs.service import durable_runs; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"dbos", "sqlalchemy"} & {*done.stdout.split()}


@pytest.mark.parametrize("leave", [Queues.close, lambda queues: None], ids=["closed", "forgotten"])
@pytest.mark.parametrize("kind", ["a file", "a server"])
def test_queues_leave_no_connection(kind, leave, tmp_path, request):
    """Whether they were closed or only forgotten."""
    where = request.getfixturevalue("postgres_url") if kind == "a server" else tmp_path / "connector.db"
    with closing(Database(where)) as database:
        queues = Queues(database)
        queues.client.list_workflows()
        pool = queues.client._sys_db.engine.pool
        assert pool.checkedin() == 1
        leave(queues)
        del queues
        gc.collect()
    assert pool.checkedin() == 0


def test_what_is_submitted_is_written_down_and_handed_over(desk, runs):
    """It queues until a worker comes, with its place; nothing is sent."""
    run = runs.submit(BOAT, token_name="me")
    assert (run.state, run.durable, run.token_name, run.environment) == ("queued", True, "me", "production")
    assert runs.get(run.id) == run == runs.list()[0]
    assert (flows(runs), desk.sent()) == ({run.id: "urgent"}, [])


def test_what_somebody_waits_for_stands_in_a_queue_of_its_own(runs):
    """A step of a workflow and a row of a batch stand behind it."""
    step = runs.submit(BOAT, parent="0a", place="draw[1]")
    row = runs.submit(BOAT, batch="0b", row=7)
    other = runs.submit(BOAT, priority=20)
    assert set(flows(runs).values()) == {"actions"}
    assert [(run.parent, run.place, run.batch, run.row) for run in (step, row, other)] == [
        ("0a", "draw[1]", None, None),
        (None, None, "0b", 7),
        (None, None, None, None),
    ]
    assert runs.list(batch="0b") == [row]


def test_a_key_stands_for_its_first_run(runs):
    """Whoever asks twice with one key has one run; for something else it is refused."""
    first = runs.submit(BOAT, idempotency_key="k")
    assert runs.submit(BOAT, idempotency_key="k") == first
    with pytest.raises(KeyReused):
        runs.submit(RunSpec(CORE, {"prompt": "another"}, environment="production"), idempotency_key="k")
    assert len(flows(runs)) == 1


def test_a_file_of_this_machine_is_kept_with_its_run(desk):
    """A worker on another machine has it by its reference."""
    runs = DurableRuns([desk.connector], desk.files, sources=Sources(), clock=desk.clock)
    run = runs.submit(RunSpec(UPSCALE, {"prompt": "a boat", "image": str(ROOM)}))
    kept = run.inputs["image"]
    assert (kept["name"], desk.files.resolve(kept["file"]).bytes) == ("room.png", ROOM.read_bytes())
    runs.close()


@pytest.mark.parametrize("path", ["nowhere.png", Path("nowhere.png")])
def test_a_file_that_is_not_there_is_told_at_once(desk, path):
    """Before anything is written down."""
    runs = DurableRuns([desk.connector], desk.files, sources=Sources(), clock=desk.clock)
    with pytest.raises(InvalidArguments, match=r"image: there is no file at 'nowhere.png'"):
        runs.submit(RunSpec(UPSCALE, {"prompt": "a boat", "image": path}))
    assert runs.list() == []


def test_names_that_lead_nowhere_are_told_at_once(runs):
    """Nothing is written down for an action or an integration that is not there."""
    with pytest.raises(UnknownName):
        runs.submit(RunSpec("no-such-action", {}))
    with pytest.raises(UnknownName):
        runs.submit(BOAT, integration="no-such-integration")
    with pytest.raises(RunNotFound):
        runs.get("no-such-run")
    assert runs.list() == []


def test_a_run_is_found_by_its_job(desk, runs):
    """The upstream's id is enough."""
    run = job(desk)
    assert runs.get(JOB_ID) == run


def test_what_happens_is_watched_to_the_end(desk, runs):
    """From the event that is known already to the one that ends it."""
    run = desk.do(desk.open())
    assert [event.kind for event in runs.watch(run.id, after=2)] == ["sent", "answered", "succeeded"]
    assert runs.wait(run.id) == run


def test_waiting_has_an_end(desk, runs):
    """A run that nobody works on is given as it is."""
    run = desk.open()
    assert runs.wait(run.id, timeout=3) == run
    assert desk.clock.slept


def test_what_queues_is_cancelled_and_never_sent(desk, runs):
    """Whoever comes to it finds it so."""
    run = runs.submit(BOAT)
    cancelled = runs.cancel(run.id)
    assert (cancelled.state, cancelled.outcome, cancelled.billed) == ("cancelled", "cancelled", "no")
    assert (desk.do(run), desk.sent()) == (cancelled, [])
    assert runs.cancel(run.id) == cancelled


def test_a_job_that_is_cancelled_is_no_longer_asked_for(desk, runs):
    """The upstream may charge for it all the same, and that is told."""
    run = job(desk)
    cancelled = runs.cancel(run.id)
    assert (cancelled.state, cancelled.billed) == ("cancelled", "unknown")
    assert "may be charged" in cancelled.error["message"]
    assert (desk.do(run), desk.sent()) == (cancelled, ["POST"])


def test_a_job_is_cancelled_while_it_is_waited_for(desk, runs):
    """Whoever waits hears of it before the next poll leaves."""
    run = job(desk)

    def cancel(request):
        runs.cancel(run.id)
        return pending()

    desk.upstream.answers = [cancel, pending()]
    assert desk.do(run).state == "cancelled"
    assert desk.sent() == ["POST", "GET"]


def test_what_is_about_to_leave_is_stopped(desk, runs):
    """It waits for its turn under the rate limit: the ledger's row is what decides, in one act."""
    run = desk.open()
    told = []

    def sleep(seconds):
        desk.clock.now += seconds
        told.append(runs.cancel(run.id).state)

    key = desk.database.fingerprint(desk.connector._engine.destination(None, None).identity)
    desk.connector.workspace.rate_limiter.lock_out(key, 60)
    desk.clock.sleep = sleep
    assert desk.do(run).state == "cancelled"
    assert (desk.sent(), told[0]) == ([], "cancelled")
    assert desk.ledger.spent("", "production") == 0


def test_what_has_left_cannot_be_taken_back(desk, runs):
    """That is told, and its answer is waited for."""
    run = desk.open()

    def cancel(request):
        with pytest.raises(JobError, match="cannot be taken back"):
            runs.cancel(run.id)
        return picture()

    desk.upstream.answers = [cancel]
    assert desk.do(run).state == "succeeded"


def test_what_was_cancelled_is_resumed(desk, runs):
    """By its own id or by its job's, and nothing is started again."""
    run = job(desk)
    for any_id in (run.id, JOB_ID):
        runs.cancel(run.id)
        resumed = runs.resume(any_id)
        assert (resumed.id, resumed.state, resumed.error) == (run.id, "running", None)
    desk.upstream.answers = [picture()]
    assert desk.do(run).state == "succeeded"
    assert (desk.sent(), flows(runs)) == (["POST", "GET"], {run.id: "urgent"})


def test_a_job_that_nobody_ran_is_resumed_as_a_run(desk, runs):
    """It may have been started by hand, with no run at all."""
    desk.upstream.answers = [started()]
    given = {"prompt": "a boat", "image": ROOM.read_bytes()}
    asyncio.run(desk.connector.submit(UPSCALE, given))
    run = runs.resume(JOB_ID)
    assert (run.action, run.job_id, run.state) == (UPSCALE, JOB_ID, "queued")
    assert runs.resume(JOB_ID).id == run.id
    desk.upstream.answers = [picture()]
    done = desk.do(run)
    assert (done.state, done.credits, bool(done.file)) == ("succeeded", 60, True)


def test_what_has_no_job_is_not_resumed(desk, runs):
    """Each refusal says what it is."""
    with pytest.raises(JobError, match="has no job to go on with"):
        runs.resume(unknown(desk).id)
    with pytest.raises(JobNotFound):
        runs.resume("no-such-job")
    desk.upstream.answers = []
    with pytest.raises(JobError, match="is succeeded"):
        runs.resume(desk.do(desk.open()).id)


def test_a_job_that_has_expired_is_not_resumed(desk, runs):
    """The upstream keeps nothing for ever."""
    run = job(desk)
    runs.cancel(run.id)
    desk.clock.now += 86401
    with pytest.raises(JobExpired):
        runs.resume(run.id)


def test_what_is_unknown_is_listed_until_somebody_decides(desk, runs):
    """Marked as paid or as not paid, or tried once more: each takes it off the list."""
    paid, free, tried, other = (unknown(desk) for _ in range(4))
    assert {run.id for run in runs.unknown.list()} == {paid.id, free.id, tried.id, other.id}
    runs.unknown.settle(paid.id, paid=True)
    runs.unknown.settle(desk.history.entry(free.id).id, paid=False)  # by whichever id
    lost, again = runs.get(paid.id), runs.get(free.id)
    assert (lost.state, lost.outcome, lost.billed, lost.credits) == ("failed", "lost", "yes", 3)
    assert (again.state, again.outcome, again.billed, again.credits) == ("failed", "not_run", "no", 0)
    assert (lost.error["retryable"], again.error["retryable"]) == (False, True)
    runs.retry(tried.id)
    assert [run.id for run in runs.unknown.list()] == [other.id]
    states = {entry.origin: (entry.state, entry.billed) for entry in desk.ledger.entries()}
    assert states[paid.id], states[free.id] == (("failed", "yes"), ("failed", "no"))
    assert desk.ledger.spent("", "production") == 9


def test_it_is_one_list_whoever_began_it(desk, runs):
    """What no run knows of is listed with what is known of it, and settled in the same way."""
    desk.upstream.answers = [httpx.ReadTimeout("no answer")]
    with pytest.raises(OutcomeUnknown):
        asyncio.run(desk.connector.invoke(CORE, {"prompt": "a boat"}))
    [listed] = runs.unknown.list()
    assert (listed.run, listed.title, listed.credits) == (None, "Stable Image Core", 3)
    assert listed.look == "https://platform.stability.ai/account/keys"
    assert [entry.id for entry in desk.ledger.unknown()] == [listed.id]
    runs.unknown.settle(listed.id, paid=True)
    assert (runs.unknown.list(), desk.ledger.get(listed.id).billed) == ([], "yes")


def test_a_cancelled_job_is_had_after_all(desk, runs):
    """It is listed, and its billing is settled by what comes."""
    run = job(desk)
    runs.cancel(run.id)
    [listed] = runs.unknown.list()
    assert (listed.id, listed.is_cancelled_job) == (run.id, True)
    had = desk.do(runs.resume(run.id))
    assert (had.state, had.billed, runs.unknown.list()) == ("succeeded", "yes", [])


def test_only_what_is_unknown_is_marked(desk, runs):
    """Whatever else is known by its answer."""
    with pytest.raises(InvocationError, match="only what is unknown"):
        runs.unknown.settle(desk.do(desk.open()).id, paid=True)


def test_a_run_is_tried_once_more(desk, runs):
    """As a new one with the same inputs in the same place, which says what it is another try of."""
    desk.upstream.answers = [answer(403, {"name": "content_moderation", "errors": ["no"]})]
    first = desk.do(runs.submit(BOAT, batch="0b", row=3))
    assert first.state == "failed"
    second = runs.retry(first.id)
    assert (second.retry_of, second.state, second.inputs) == (first.id, "queued", first.inputs)
    assert (second.batch, second.row, second.durable) == ("0b", 3, True)
    assert flows(runs)[second.id] == "actions"
    assert desk.do(second).state == "succeeded"


def test_what_is_not_to_be_tried_again_is_refused(desk, runs):
    """What goes on, what has its result, and what was tried once more already."""
    run = runs.submit(BOAT)
    with pytest.raises(InvocationError, match="is queued"):
        runs.retry(run.id)
    runs.cancel(run.id)
    later = runs.retry(run.id)
    with pytest.raises(InvocationError, match=f"was tried once more as run {later.id}"):
        runs.retry(run.id)
    desk.do(later)
    with pytest.raises(InvocationError, match="is succeeded"):
        runs.retry(later.id)


def test_a_secret_header_is_refused_before_anything_is_written_down(desk, runs):
    """A worker would send the mask; one that is known to be harmless goes."""
    given = {"path": "/v1/engines/list", "headers": {"X-Team": "blue", "accept": "text/plain"}}
    with pytest.raises(InvalidArguments) as told:
        runs.submit(RunSpec("generic-http-request", given, environment="production"))
    assert [problem.path for problem in told.value.problems] == ["headers.X-Team"]
    assert "connections add --header" in str(told.value)
    assert runs.list() == []


def test_a_run_whose_header_was_not_kept_is_not_tried_once_more(desk, runs):
    """The mask is no header: whoever tries it is asked for the value."""
    given = {"path": "/v1/engines/list", "headers": {"X-Team": "blue"}}
    run = desk.open("generic-http-request", given)  # as a host's own run is written down
    assert run.inputs["headers"] == {"X-Team": "********"}
    runs.cancel(run.id)
    with pytest.raises(InvalidArguments, match="give it again"):
        runs.retry(run.id)


def test_what_cannot_be_handed_over_is_written_down(desk, runs, caplog):
    """The engine's tables are gone: the run is there, and a worker will find it."""
    runs.submit(BOAT)
    desk.database.write("ALTER TABLE workflow_status RENAME TO elsewhere", {})
    run = runs.submit(BOAT)
    assert (runs.get(run.id).state, "left for a worker" in caplog.text) == ("queued", True)


def test_a_cancelled_workflow_stops_its_steps(desk, runs):
    """What queues is not sent; what is under way ends by itself."""
    declared = {"action": "product-shots", "title": "Product shots", "inputs": {}, "options": {}}
    flow, _ = desk.history.open({**PLACE, **declared, "kind": "workflow", "durable": True})
    runs.queues.add(flow)
    steps = [runs.submit(BOAT, parent=flow.id, place=f"draw[{number}]") for number in range(3)]
    done = desk.do(steps[0])
    assert runs.cancel(flow.id).state == "cancelled"
    assert [runs.get(step.id).state for step in steps] == [done.state, "cancelled", "cancelled"]


def test_the_engine_keeps_names_alone(desk, runs):
    """No secret and no content stands in its tables, and nothing that runs where it is read."""
    run = runs.submit(RunSpec(CORE, {"prompt": "a very secret boat"}))
    (row,) = desk.database.read("SELECT * FROM workflow_input")
    assert row["inputs"] == f'{{"namedArgs":{{}},"positionalArgs":["{run.id}"]}}'
    (row,) = desk.database.read("SELECT * FROM workflow_status")
    assert "secret boat" not in str(tuple(row))
    assert row["serialization"] == "portable_json"
