"""Nothing that may cost is lost or sent twice, and no cap is passed."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import date

import pytest

from connector.errors import CapReached, ConnectorError, JobError, JobNotFound, OutcomeUnknown
from connector.storage.database.database import Database
from connector.storage.ledger.ledger import Intent, Ledger, LedgerEntry, SpendingRow

NOON = 1_763_812_800.0  # 2025-11-22T12:00:00Z
TODAY, TOMORROW = date(2025, 11, 22), date(2025, 11, 23)
EIGHT = LedgerEntry("stability-ai", "generate-ultra", "stability", "production", "fp", estimate=8.0)


class Clock:
    now = NOON

    def __call__(self):
        self.now += 0.001
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ledger(database, clock):
    return Ledger(database, clock)


def settled(ledger, entry, state="done", billed="yes", **facts):
    intent = ledger.intend(entry)
    ledger.sent(intent.id)
    ledger.settle(intent.id, state, billed=billed, **facts)
    return intent.id


def test_a_synchronous_life(ledger):
    """An invocation is intended, sent and done, and each is written down when it happens."""
    intent = ledger.intend(EIGHT)
    first = ledger.get(intent.id)
    assert first == replace(EIGHT, id=intent.id, created=first.created)
    assert (first.state, first.billed) == ("intended", "unknown")
    ledger.sent(intent.id)
    assert ledger.get(intent.id) == replace(first, state="sent")
    ledger.settle(intent.id, "done", "ok", "yes", 7.5, "req-1", "as asked")
    ledger.saved(intent.id, ("out/a.png", "out/b.png"))
    done = replace(first, state="done", outcome="ok", billed="yes", credits=7.5, request_id="req-1")
    assert ledger.get(intent.id) == replace(done, message="as asked", files=("out/a.png", "out/b.png"))


def test_the_life_of_a_job(ledger):
    """A job is found by its id upstream, and keeps what is needed to go on with it elsewhere."""
    intent = ledger.intend(EIGHT)
    ledger.sent(intent.id)
    ledger.running(intent.id, "up-1", "fetch-result", NOON + 10, NOON + 86400)
    job = ledger.get("up-1")
    assert (job.id, job.state, job.fetch) == (intent.id, "running", "fetch-result")
    assert (job.next_poll, job.deadline) == (NOON + 10, NOON + 86400)
    ledger.polled(intent.id, NOON + 20)
    assert ledger.get(intent.id).next_poll == NOON + 20
    ledger.settle(intent.id, "done", billed="yes", credits=8.0)
    assert ledger.get("up-1").next_poll is None


def test_shown(ledger):
    """An entry is shown with its moments in UTC, and every fact has its place."""
    intent = ledger.intend(EIGHT)
    ledger.running(intent.id, "up-1", "fetch-result", NOON + 10)
    shown = ledger.get(intent.id).to_dict()
    assert shown["created"] == "2025-11-22T12:00:00.001Z"
    assert (shown["next_poll"], shown["deadline"]) == ("2025-11-22T12:00:10.000Z", None)
    assert (shown["files"], shown["estimate"], shown["credits"]) == ([], 8.0, None)
    assert "writer" not in shown


def test_late_news(ledger):
    """What was unknown may become known, and no earlier fact is lost by that."""
    known = settled(ledger, EIGHT, "unknown", "unknown", outcome="unknown", request_id="req-1")
    ledger.settle(known, "done", "ok", "yes", 8.0)
    assert (ledger.get(known).state, ledger.get(known).request_id) == ("done", "req-1")


def test_not_sent_twice(ledger, database):
    """What another process has sent is not sent again, nor what is settled."""
    intent = ledger.intend(EIGHT)
    ledger.sent(intent.id)
    ledger.sent(intent.id)  # the same process: its first try was refused unread
    database.write("UPDATE invocations SET writer = :writer", {"writer": "elsewhere 1 1"})
    with pytest.raises(OutcomeUnknown, match="is 'sent' already, and is not sent a second time") as caught:
        ledger.sent(intent.id)
    assert caught.value.invocation_id == intent.id
    done = settled(ledger, EIGHT)
    with pytest.raises(OutcomeUnknown, match="is 'done' already"):
        ledger.sent(done)


@pytest.mark.parametrize(
    "act",
    [
        lambda ledger: ledger.get("nothing"),
        lambda ledger: ledger.sent("nothing"),
        lambda ledger: ledger.running("nothing", "up-1"),
        lambda ledger: ledger.polled("nothing", NOON),
        lambda ledger: ledger.settle("nothing", "done"),
        lambda ledger: ledger.saved("nothing", ()),
        lambda ledger: ledger.cancel("nothing"),
    ],
)
def test_not_there(ledger, act):
    """An id that is not written down is said to be so, with where to look."""
    with pytest.raises(JobNotFound, match=r"'nothing' is written down in .*CONNECTOR_HOME"):
        act(ledger)


def test_of_two_who_take_a_run_for_theirs_one_sends(ledger):
    """A worker that lost its place, and who took it over, both saw that nothing was sent."""
    mine = replace(EIGHT, origin="run 1")
    first = ledger.intend(mine)
    with pytest.raises(ConnectorError, match="run 1 is under way already, in another process") as refused:
        ledger.intend(mine)
    assert type(refused.value) is ConnectorError  # which passes, and is tried again
    ledger.not_sent(first.id)
    again = ledger.intend(mine)
    ledger.sent(again.id)
    ledger.settle(again.id, "done", billed="yes", credits=8.0)
    with pytest.raises(ConnectorError):
        ledger.intend(mine)
    assert ledger.spent("stability", "production") == 8.0
    assert len({ledger.intend(EIGHT).id for _ in range(2)}) == 2  # who has no origin is nobody else's


def test_cap(ledger, clock):
    """The cap refuses before it spends, and says what is spent, what is needed and until when."""
    assert ledger.intend(EIGHT, cap=20.0).spent == 8.0
    assert ledger.intend(EIGHT, cap=20.0).spent == 16.0
    with pytest.raises(CapReached) as caught:
        ledger.intend(EIGHT, cap=20.0)
    assert str(caught.value) == (
        "'production' of connection 'stability' may spend 20 credits a day; 16 are spent or promised, "
        "and this needs 8 more; raise the cap, or wait until 2025-11-23T00:00:00.000Z"
    )
    assert caught.value.retry_after == pytest.approx(12 * 3600, abs=1)
    assert len(ledger.entries()) == 2
    clock.now += 12 * 3600
    assert ledger.intend(EIGHT, cap=20.0).spent == 8.0


@pytest.mark.parametrize(
    ("state", "facts", "counted"),
    [
        ("done", {"billed": "yes"}, 8.0),
        ("done", {"billed": "yes", "credits": 3.0}, 3.0),
        ("done", {"billed": "no", "credits": 0.0}, 0.0),
        ("failed", {"billed": "no"}, 0.0),
        ("failed", {"billed": "yes", "credits": 2.0}, 2.0),
        ("unknown", {"billed": "unknown"}, 8.0),
        ("cancelled", {"billed": "unknown"}, 8.0),
    ],
)
def test_what_counts(ledger, state, facts, counted):
    """Whatever is not known to be free counts against the cap, at its price or else its estimate."""
    settled(ledger, EIGHT, state, **facts)
    assert ledger.spent("stability", "production") == counted
    assert ledger.spent("stability", "production", TODAY) == counted
    assert ledger.summary(TODAY, TODAY)[0].credits == counted


def test_each_environment_has_its_own_cap(ledger):
    """Other environments, connections and days are not counted."""
    for other in ({"environment": "staging"}, {"connection": "other"}):
        ledger.intend(replace(EIGHT, **other))
    assert ledger.intend(EIGHT, cap=8.0).spent == 8.0
    assert ledger.spent("stability", "production", TOMORROW) == 0.0


@pytest.mark.parametrize(
    ("estimates", "cap", "refused"),
    [
        ((8.0,), 8.0, False),
        ((8.0,), 7.9, True),
        ((0.1, 0.2), 0.3, False),
        ((8.0, 0.0), 8.0, False),
        ((0.0,), 0.0, False),
        ((8.0, None), 8.0, True),
        ((None,), 8.0, False),
        ((None,), 0.0, True),
    ],
)
def test_edges_of_the_cap(ledger, estimates, cap, refused):
    """A cap may be used up to the last credit; the free is never refused."""
    for estimate in estimates[:-1]:
        ledger.intend(replace(EIGHT, estimate=estimate), cap)
    if refused:
        with pytest.raises(CapReached):
            ledger.intend(replace(EIGHT, estimate=estimates[-1]), cap)
    else:
        ledger.intend(replace(EIGHT, estimate=estimates[-1]), cap)


def test_a_cap_is_kept_to_less_than_a_hundredth(ledger):
    """What floating point adds is forgiven, and nothing that anybody would see on a bill."""
    ledger.intend(replace(EIGHT, estimate=8.0), 8.0 - 1e-9)
    with pytest.raises(CapReached):
        ledger.intend(replace(EIGHT, estimate=0.001), 8.0)


def test_what_is_free_goes_also_where_a_cap_was_lowered(ledger):
    """It makes nothing worse."""
    settled(ledger, EIGHT, credits=20.0)
    intent = ledger.intend(replace(EIGHT, estimate=0.0), 10.0)
    assert (intent.spent, ledger.get(intent.id).state) == (20.0, "intended")


def test_a_turn_to_ask_for_a_job_comes_when_it_is_due(database):
    """A millisecond early is in time, since clocks differ by as much; and one has it in an interval."""
    now = [NOON]
    ledger = Ledger(database, lambda: now[0])
    job = ledger.intend(EIGHT).id
    ledger.running(job, "up-1", "fetch-result", NOON + 10)
    for early, pause in ((1.0, 1.0), (0.5, 0.5), (0.0015, 0.0015), (0.0005, 0.0)):
        now[0] = NOON + 10 - early
        turn = ledger.poll_turn(job, 10.0)
        assert (turn.pause, turn.state) == (pytest.approx(pause, abs=1e-6), "running")
    assert ledger.poll_turn(job, 10.0).pause == pytest.approx(10.0, abs=1e-6)


@pytest.mark.parametrize("back", [3600.0, 365 * 86400.0])
def test_a_job_is_asked_for_though_the_clock_was_set_back(database, back):
    """The turn that was taken before is past, whatever it says; the next ones keep their distance."""
    now = [NOON]
    ledger = Ledger(database, lambda: now[0])
    job = ledger.intend(EIGHT).id
    ledger.running(job, "up-1", "fetch-result", NOON + 60)
    now[0] -= back
    assert [ledger.poll_turn(job, 10.0).pause for _ in range(2)] == [0.0, pytest.approx(10.0)]


def test_of_a_run_what_has_not_failed_is_meant_though_the_clock_was_set_back(database):
    """Whoever took the failure for the last word would send it again."""
    now = [NOON]
    ledger, entry = Ledger(database, lambda: now[0]), replace(EIGHT, origin="run 1")
    settled(ledger, entry, "failed", "no")
    now[0] -= 3600.0
    paid = settled(ledger, entry)
    assert ledger.of_origin("run 1").id == paid


def test_a_job_that_nobody_has_asked_for_may_be_asked_for_now(database):
    """There is no moment to wait for."""
    ledger = Ledger(database, lambda: NOON)
    job = ledger.intend(EIGHT).id
    ledger.running(job, "up-1")
    assert [ledger.poll_turn(job, 5.0).pause for _ in range(2)] == [0.0, pytest.approx(5.0)]


def test_what_is_settled_once_more_keeps_its_price(ledger):
    """Unless another is told."""
    known = settled(ledger, EIGHT, "failed", "unknown", credits=7.5)
    ledger.settle(known, "done", billed="yes")
    assert ledger.get(known).credits == 7.5
    ledger.settle(known, "done", billed="yes", credits=0.0)
    assert ledger.get(known).credits == 0.0


def test_only_who_sent_it_knows_that_it_did_not_run(ledger, database):
    """What another process says so of stays sent."""
    intent = ledger.intend(EIGHT)
    ledger.sent(intent.id)
    database.write("UPDATE invocations SET writer = :writer", {"writer": "elsewhere 1 1"})
    ledger.unrun(intent.id)
    assert ledger.get(intent.id).state == "sent"


def test_of_two_with_one_name_the_last_is_meant(ledger):
    """An upstream may use a job's id again, and a run may come to a second invocation."""
    ids = []
    for _ in range(3):
        ids.append(ledger.intend(replace(EIGHT, origin="run 1")).id)
        ledger.running(ids[-1], "up-1")
        assert ledger.get("up-1").id == ledger.of_origin("run 1").id == ids[-1]
        ledger.settle(ids[-1], "failed", billed="no")
    assert ledger.of_origin("run 2") is None


def test_what_another_machine_left_open_is_settled_for_who_knows_that_it_is_gone(ledger, database):
    """Its processes cannot be seen from here; whoever asks knows that nobody works on it."""
    sent, intended = ledger.intend(EIGHT).id, ledger.intend(EIGHT).id
    ledger.sent(sent)
    database.write("UPDATE invocations SET writer = :writer", {"writer": "elsewhere 1 1"})
    assert (ledger.abandon(sent).state, ledger.abandon(sent).billed) == ("unknown", "unknown")
    assert (ledger.abandon(intended).state, ledger.abandon(intended).billed) == ("failed", "no")


@pytest.mark.parametrize(
    ("spent", "cap", "near"), [(7.9, 10.0, False), (8.0, 10.0, True), (0.0, 0.0, False), (None, None, False)]
)
def test_near_the_cap(spent, cap, near):
    """From four fifths of the cap on, it is near."""
    assert Intent("id", spent, cap).near is near


def test_threads_keep_the_cap(ledger):
    """Many that ask at once get no more than the cap together."""

    def intend(_):
        try:
            return ledger.intend(EIGHT, cap=80.0)
        except CapReached:
            return None

    with ThreadPoolExecutor(4) as pool:
        granted = [intent for intent in pool.map(intend, range(30)) if intent]
    assert len(granted) == 10
    assert ledger.spent("stability", "production") == 80.0


def test_cancelled(ledger):
    """A job that is cancelled is not asked for any more, and may have cost; what was not sent did not."""
    job, unsent, sent = (ledger.intend(EIGHT).id for _ in range(3))
    ledger.running(job, "up-1", next_poll=NOON)
    ledger.sent(sent)
    for _ in range(2):
        ledger.cancel(job)
    ledger.cancel(unsent)
    assert [(ledger.get(one).state, ledger.get(one).billed) for one in (job, unsent)] == [
        ("cancelled", "unknown"),
        ("cancelled", "no"),
    ]
    assert ledger.get(job).next_poll is None
    with pytest.raises(JobError, match="is 'sent', and cannot be cancelled"):
        ledger.cancel(sent)


def test_listed(ledger, clock):
    """Entries are listed newest first, of one state or all, since a moment, so many."""
    ids = [settled(ledger, EIGHT, state) for state in ("done", "failed", "done")]
    assert [entry.id for entry in ledger.entries()] == ids[::-1] == sorted(ids)[::-1]
    assert [entry.id for entry in ledger.entries("done")] == [ids[2], ids[0]]
    assert [entry.id for entry in ledger.entries(limit=1)] == [ids[2]]
    assert [entry.id for entry in ledger.entries(since=ledger.get(ids[1]).created)] == [ids[2], ids[1]]
    assert [entry.id for entry in ledger.entries("done", since=clock.now + 1)] == []


def test_summary(ledger, clock):
    """The costs of some days, by day, connection, environment and action."""
    settled(ledger, EIGHT, credits=8.0)
    settled(ledger, EIGHT, "unknown", "unknown")
    settled(ledger, replace(EIGHT, action="erase", estimate=5.0), "failed", "no")
    clock.now += 86400
    settled(ledger, replace(EIGHT, environment="staging"), credits=7.0)
    place = ("stability", "production")
    assert ledger.summary(TODAY, TODAY) == [
        SpendingRow("2025-11-22", *place, "erase", 1, 0.0, 0.0),
        SpendingRow("2025-11-22", *place, "generate-ultra", 2, 16.0, 8.0),
    ]
    last = ledger.summary(TODAY, TOMORROW)[2]
    assert last.to_dict() == {
        "day": "2025-11-23",
        "connection": "stability",
        "environment": "staging",
        "action": "generate-ultra",
        "invocations": 1,
        "credits": 7.0,
        "uncertain": 0.0,
    }


VICTIM = """
import os, signal, sys
from connector.storage.database.database import Database
from connector.storage.ledger.ledger import LedgerEntry, Ledger
ledger = Ledger(Database(sys.argv[1]))
entry = LedgerEntry("stability-ai", "generate-ultra", "stability", "production", "fp", estimate=8.0)
ledger.intend(entry)
job = ledger.intend(entry).id
ledger.running(job, "up-1")
ledger.sent(ledger.intend(entry).id)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed(tmp_path):
    """What a killed process had sent is unknown at once, its job goes on, and what had not left was free."""
    path = tmp_path / "connector.db"
    done = subprocess.run([sys.executable, "-c", VICTIM, str(path)])
    assert done.returncode == -signal.SIGKILL
    with closing(Database(path)) as database:
        ledger = Ledger(database)
        own = ledger.intend(EIGHT).id
        ledger.sent(own)
        (lost,) = ledger.unknown()
        assert (lost.outcome, lost.billed) == ("unknown", "unknown")
        assert "the process ended before the answer came" in lost.message
        assert ledger.get("up-1").state == "running"
        assert ledger.get(own).state == "sent"
        (unsent,) = ledger.entries("failed")
        assert (unsent.outcome, unsent.billed) == ("not_sent", "no")
        assert ledger.spent("stability", "production") == 24.0
        with pytest.raises(OutcomeUnknown):
            ledger.sent(lost.id)
        assert ledger.reconcile() == 0


def test_sent_from_another_machine(ledger, database, clock):
    """Of a process that cannot be seen from here, a request is lost when nobody waits for it any more."""
    waiting, unsent = ledger.intend(EIGHT).id, ledger.intend(EIGHT).id
    ledger.sent(waiting)
    database.write("UPDATE invocations SET writer = :writer", {"writer": "elsewhere 1 1"})
    clock.now += 3500
    assert ledger.unknown() == []
    clock.now += 200
    assert [entry.id for entry in ledger.unknown()] == [waiting]
    assert ledger.get(unsent).state == "intended"
    ledger.settle(waiting, "done", billed="yes")  # it came all the same
    assert ledger.unknown() == []


def test_looking_creates_nothing(tmp_path):
    """Whoever only looks leaves no database behind."""
    with closing(Database(tmp_path / "connector.db")) as database:
        ledger = Ledger(database)
        assert (ledger.entries(), ledger.unknown(), ledger.summary(TODAY, TODAY)) == ([], [], [])
        assert ledger.spent("stability", "production") == 0.0
    assert list(tmp_path.iterdir()) == []
