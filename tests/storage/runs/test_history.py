"""What was run is written down, found again, and told truly also of what a dead process left."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import given_run
import pytest
from upstream import Clock

from connector.events import Event
from connector.storage.database.database import Database
from connector.storage.ledger.ledger import Ledger
from connector.storage.ledger.model import LedgerEntry
from connector.storage.process import this_process
from connector.storage.runs.history import History, KeyReused, Run, RunNotFound
from connector.storage.runs.model import CANCELLED, INTERRUPTED, given_up

DAY = 24 * 3600.0
GIVEN = given_run.GIVEN | {"options": {"on_filtered": "raise"}}
FILE = {"file": "file:1", "name": "cat.png", "type": "image/png", "bytes": 70, "sha256": "abc"}
ENTRY = LedgerEntry("studio", "paint", "", "production", "key", 3.0)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def history(database, clock):
    return History(database, clock)


@pytest.fixture
def ledger(database, clock):
    return Ledger(database, clock)


@pytest.fixture
def bury(database):
    """Makes the process that has written everything so far one that is gone."""

    def bury():
        machine, pid, started = this_process().split(" ")
        gone = f"{machine} {pid} {int(started) - 1}"
        for table in ("runs", "invocations"):
            database.write(f"UPDATE {table} SET writer = :gone", {"gone": gone})

    return bury


def open_run(history, key=None, **given):
    return history.open({**GIVEN, **given}, key)[0]


def kinds(history, run_id, after=0):
    return [event.kind for event in history.events(run_id, after)]


def test_a_run_is_written_down_as_it_was_given(history, clock):
    """With all that it was asked for; it is queued, and nothing is known of its end."""
    run, is_new = history.open(GIVEN)
    assert (is_new, run.state, run.created, run.has_ended) == (True, "queued", clock.now, False)
    assert history.get(run.id) == run
    assert {name: getattr(run, name) for name in GIVEN} == GIVEN
    assert kinds(history, run.id) == ["queued"]


def test_a_run_that_need_not_queue_runs_at_once(history):
    """It is written down in one act, and tells the same as if it had queued."""
    run, _ = history.open(GIVEN, state="running")
    assert (run.state, history.get(run.id)) == ("running", run)
    assert kinds(history, run.id) == ["queued", "running"]
    assert history.event(run.id, "poll", {}) == 3


def test_what_was_told_is_written_with_the_end(history, clock):
    """Before it, each with its own moment, and the job by its id."""
    run = open_run(history)
    told = [(clock.now - 2, Event("sent", "POST")), (clock.now - 1, Event("started", "it is", job_id="j1"))]
    ended = history.enter(run.id, "succeeded", "done", told)
    assert (ended.job_id, kinds(history, run.id)) == ("j1", ["queued", "sent", "started", "succeeded"])
    assert [event.at for event in history.events(run.id, 1)] == [clock.now - 2, clock.now - 1, clock.now]


def test_its_states_are_told_in_order(history, clock):
    """Each with its number and moment; the last one shows the whole run, and how long it took."""
    run = open_run(history)
    history.enter(run.id, "running", "it is under way")
    clock.sleep(2)
    assert history.event(run.id, "poll", {"sentence": "Poll 1", "seconds": 10}) == 3
    ended = history.enter(run.id, "succeeded", "done", outcome="success", credits=3, result={"seed": 5})
    assert (ended.seconds, ended.updated, ended.result) == (2, clock.now, {"seed": 5})
    events = history.events(run.id)
    assert [(event.seq, event.kind) for event in events] == [
        (1, "queued"),
        (2, "running"),
        (3, "poll"),
        (4, "succeeded"),
    ]
    assert (events[2].data, events[2].at) == ({"sentence": "Poll 1", "seconds": 10}, clock.now)
    assert events[3].data == {"sentence": "done", "run": ended.to_dict()}
    assert kinds(history, run.id, after=3) == ["succeeded"]
    assert json.dumps([event.to_dict() for event in events])


def test_what_has_ended_stays_as_it_ended(history):
    """Whoever comes later changes neither the state nor the events."""
    run = open_run(history)
    ended = history.enter(run.id, "cancelled", "stopped")
    assert history.enter(run.id, "succeeded", "late", outcome="success") == ended
    assert kinds(history, run.id) == ["queued", "cancelled"]


def test_numbers_are_each_given_once(history):
    """Also where many threads tell of one run at the same time."""
    run = open_run(history)
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda number: history.event(run.id, "poll", {"n": number}), range(40)))
    assert sorted(given) == list(range(2, 42))


@pytest.mark.parametrize("unknown", ["", "nothing", "x" * 500])
def test_an_unknown_run_is_told(history, unknown):
    """By looking and by changing."""
    for act in (history.get, history.change):
        with pytest.raises(RunNotFound, match="there is no run") as caught:
            act(unknown)
        assert len(str(caught.value)) < 200


def test_the_same_key_is_the_same_run(history):
    """However far that one has come, and under whichever reference its file was uploaded once more."""
    first = open_run(history, "k1", inputs={"image": FILE})
    history.enter(first.id, "failed", "no", outcome="rejected")
    again, is_new = history.open({**GIVEN, "inputs": {"image": {**FILE, "file": "file:2"}}}, "k1")
    assert (again.id, again.state, is_new) == (first.id, "failed", False)
    assert len(history.list()) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"inputs": {"prompt": "a dog"}},
        {"inputs": {"prompt": "a cat", "image": {**FILE, "sha256": "def"}}},
        {"action": "draw"},
        {"environment": "sandbox"},
        {"connection": "other"},
        {"options": {"accept": "image/*"}},
    ],
)
def test_a_key_stands_for_one_thing(history, changed):
    """Used for another, it is refused, and names the run that has it."""
    first = open_run(history, "k1")
    with pytest.raises(KeyReused, match=f"{first.id}.*use a new key"):
        history.open({**GIVEN, **changed}, "k1")
    assert len(history.list()) == 1


def test_each_token_has_its_own_keys(history):
    """Nobody gets another's answer by a key that both thought of."""
    runs = {open_run(history, "k1", token_name=name).id for name in ("ci", "laptop", "ci")}
    assert len(runs) == 2


def test_many_at_once_with_one_key_are_one_run(history):
    """One of them is the first."""
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: history.open(GIVEN, "k1"), range(16)))
    assert sum(is_new for _, is_new in opened) == 1
    assert len({run.id for run, _ in opened}) == 1


def test_lists_go_on_where_they_ended(history, clock):
    """Newest first, page by page, nothing twice and nothing left out."""
    ids = []
    for _ in range(7):
        ids.append(open_run(history).id)
        clock.sleep(0.001)
    pages, before = [], None
    while page := history.list(before=before, limit=3):
        pages.append([run.id for run in page])
        before = page[-1].id
    assert pages == [ids[:3:-1], ids[3:0:-1], ids[:1]]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, 3),
        ({"action": "draw"}, 1),
        ({"environment": "sandbox"}, 1),
        ({"state": "queued"}, 2),
        ({"outcome": "rejected"}, 1),
        ({"action": "draw", "state": "failed"}, 0),
        ({"action": "' OR 1=1 --"}, 0),
    ],
)
def test_lists_are_filtered(history, asked, found):
    """By any of what is known, together."""
    history.enter(open_run(history).id, "failed", "no", outcome="rejected")
    open_run(history, action="draw")
    open_run(history, environment="sandbox")
    assert len(history.list(**asked)) == found


def test_costs_are_those_of_the_ledger(history, ledger, clock):
    """By day and environment, also what no run asked for; what may not have been billed is told apart."""
    done, other = ledger.intend(ENTRY), ledger.intend(replace(ENTRY, action="draw", estimate=5.0))
    for intent, billed in ((done, "yes"), (other, "unknown")):
        ledger.sent(intent.id)
        ledger.settle(intent.id, "done" if billed == "yes" else "unknown", billed=billed)
    clock.sleep(2 * DAY)
    ledger.intend(replace(ENTRY, environment="sandbox"))
    told = [
        (cost.environment, cost.invocations, cost.credits, cost.uncertain) for cost in history.costs(days=3)
    ]
    assert told == [("production", 2, 8.0, 5.0), ("sandbox", 1, 3.0, 3.0)]
    assert [cost.environment for cost in history.costs(days=2)] == ["sandbox"]


# What the ledger says of the invocation of a run that is worked on no more: how the run ends.
SAID = {
    "nothing was at stake": (None, ("failed", "interrupted", "no")),
    "it was about to leave": ({"state": "intended"}, ("failed", "interrupted", "no")),
    "it never left": (
        {"state": "failed", "outcome": "not_sent", "billed": "no"},
        ("failed", "interrupted", "no"),
    ),
    "it was refused": (
        {"state": "failed", "outcome": "moderated", "billed": "no"},
        ("failed", "moderated", "no"),
    ),
    "it was under way": ({"state": "sent"}, ("unknown", "unknown", "unknown")),
    "nobody heard its answer": ({"state": "unknown"}, ("unknown", "unknown", "unknown")),
    "it was paid for": ({"state": "done", "billed": "yes"}, ("failed", "interrupted", "yes")),
    "its job was cancelled": ({"state": "cancelled"}, ("cancelled", "job_cancelled", "unknown")),
    "its job goes on": ({"state": "running"}, ("cancelled", "job_cancelled", "unknown")),
}


@pytest.mark.parametrize(("said", "ended"), SAID.values(), ids=SAID)
def test_what_is_given_up_ends_as_the_ledger_says(said, ended):
    """Never better than is known."""
    ending = given_up(None if said is None else replace(ENTRY, **said), INTERRUPTED)
    assert (ending.state, ending.code, ending.billed) == ended
    assert ending.message


def test_what_was_stopped_before_it_left_is_cancelled():
    """Where the ledger knows no better."""
    assert given_up(replace(ENTRY, state="failed", outcome="not_sent"), CANCELLED) == CANCELLED
    assert given_up(replace(ENTRY, state="sent"), CANCELLED).state == "unknown"


def test_what_a_dead_process_left_is_settled(history, ledger, bury):
    """Queued, without cost, under way and answered: each ends as it is known; what has ended stays."""
    queued, free, sent, done, ended = (open_run(history) for _ in range(5))
    for run in (free, sent, done):
        history.enter(run.id, "running", "it is under way")
    for run in (sent, done):
        ledger.sent(ledger.intend(replace(ENTRY, origin=run.id)).id)
    ledger.settle(history.entry(done.id).id, "done", "success", "yes", 3.0)
    history.enter(ended.id, "succeeded", "done")
    bury()
    assert (history.abandon(), history.abandon()) == (4, 0)
    found = {run.id: (run.state, run.outcome, run.billed, run.credits) for run in history.list()}
    assert [found[run.id] for run in (queued, free, sent, done)] == [
        ("failed", "interrupted", "no", 0.0),
        ("failed", "interrupted", "no", 0.0),
        ("unknown", "unknown", "unknown", ENTRY.estimate),  # as it counts for the cap
        ("running", None, "unknown", None),  # its answer is kept: whoever takes it over ends it so
    ]
    error = history.get(sent.id).error
    assert (error["code"], error["retryable"]) == ("unknown", False)
    assert error["invocation_id"] == history.entry(sent.id).id
    assert kinds(history, sent.id) == ["queued", "running", "unknown"]
    assert history.get(ended.id).state == "succeeded"


@pytest.mark.parametrize("has_answer", [False, True])
def test_the_job_of_a_dead_process_is_taken_over(history, ledger, bury, has_answer):
    """It goes on upstream, which keeps what it makes; its id is found in the ledger."""
    run = open_run(history)
    intent = ledger.intend(replace(ENTRY, origin=run.id))
    ledger.sent(intent.id)
    ledger.running(intent.id, "job-1", "fetch")
    if has_answer:
        ledger.settle(intent.id, "done", "success", "yes")
    bury()
    assert history.open_here() == []
    history.abandon()
    (taken,) = history.open_here()
    assert (taken.id, taken.state, taken.job_id, taken.invocation_id) == (
        run.id,
        "running",
        "job-1",
        intent.id,
    )


def test_what_a_living_process_runs_is_left_alone(history):
    """A second host on the same folder does not end the first one's runs."""
    run = open_run(history)
    assert (history.abandon(), history.get(run.id)) == (0, run)


def test_a_database_of_before_takes_runs(tmp_path, clock):
    """What was written by the version without a host is kept, and the host's tables are added."""
    from connector.storage.database import migrations

    path = tmp_path / "connector.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "NEWEST", 1)
        first = [*migrations.statements("sqlite", 0)]
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        for statement in first:
            raw.execute(statement)
        raw.execute("PRAGMA user_version = 1")
        raw.execute("INSERT INTO settings (name, value) VALUES ('a', 'b')")
    database = Database(path)
    assert open_run(History(database, clock)).state == "queued"
    assert len(database.read("SELECT * FROM settings")) == 2
    database.close()


def test_a_run_can_be_asked_for_once_more():
    """Its spec is what it was given, where it went."""
    run = Run("1", 0, 0, "paint", "Paint", "studio", "", "sandbox", {"prompt": "a cat"}, {"timeout": 5})
    spec = run.spec
    assert (spec.action, spec.arguments, spec.environment, spec.connection, spec.timeout) == (
        "paint",
        {"prompt": "a cat"},
        "sandbox",
        None,
        5,
    )


def test_how_long_runs_took_is_told_of_the_latest_alone(history, clock, database):
    """Of those of their own that succeeded, of one action in one environment, by an index."""
    for seconds, state, given in (
        (9, "succeeded", {}),
        (1, "succeeded", {"environment": "staging"}),
        (2, "failed", {}),
        (3, "succeeded", {"action": "draw"}),
        (4, "succeeded", {"parent": "p", "place": "a"}),
        (5, "succeeded", {"batch": "b", "row": 1}),
        (7, "succeeded", {}),
    ):
        run = open_run(history, **given)
        clock.now += seconds
        history.enter(run.id, state, "it has ended")
    assert sorted(history.durations("paint", "production")) == [7, 9]
    for _ in range(100):
        open_run(history)
    assert history.durations("paint", "production") == []
