"""Whoever goes on with a run does what the ledger says is left to do, and never pays twice."""

import asyncio
import errno
import subprocess
import sys

import httpx
import pytest
from runs.desk import CORE, UPSCALE, Desk, work
from runs.ledger_rows import ROOM, intended, not_sent, running, sent, settled
from upstream import JOB_ID, PNG, answer, pending, picture, started

from connector.errors import ConnectorError
from connector.runs.service.settlement import LOST
from connector.runs.service.unknown_outcomes import UnknownOutcomes
from connector.storage.files.store import FileStore
from connector.storage.process import _named

SENT, ASKED = ["POST"], ["GET"]
SUCCEEDED = ("succeeded", "success", "yes")
UNKNOWN = ("unknown", "unknown", "unknown")


# What a dead process left: the action, what it had written down, what is sent after it, and how the run ends.
LEFT = {
    "nothing": (CORE, lambda desk, run: None, SENT, SUCCEEDED),
    "an intent": (CORE, intended, SENT, SUCCEEDED),
    "an intent that was given up": (CORE, not_sent, SENT, SUCCEEDED),
    "a request under way": (CORE, sent, [], UNKNOWN),
    "the start of a job under way": (UPSCALE, sent, [], UNKNOWN),
    "a job": (UPSCALE, running, ASKED, SUCCEEDED),
    "a job's result": (UPSCALE, settled("done", "success", "yes", running), ASKED, SUCCEEDED),
    "an answer": (CORE, settled("done", "success", "yes"), [], ("unknown", "unknown", "yes")),
    "a refusal": (CORE, settled("failed", "moderated", "no"), [], ("failed", "moderated", "no")),
    "a doubt": (CORE, settled("unknown", "unknown", "unknown"), [], UNKNOWN),
    "a job that somebody cancelled": (
        UPSCALE,
        lambda desk, run: desk.ledger.cancel(running(desk, run)),
        [],
        ("cancelled", "job_cancelled", "unknown"),
    ),
}


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def job(desk):
    """A run that starts a job."""
    return desk.open(UPSCALE, {"prompt": "a boat", "image": ROOM.read_bytes()})


@pytest.mark.parametrize("left", LEFT)
def test_what_is_left_is_done(desk, left):
    """What was not sent is sent; what may have cost is not sent again, and a job's result is fetched."""
    action, leave, requests, ending = LEFT[left]
    run = desk.open(action)
    leave(desk, run)
    ended = desk.do(run)
    assert (desk.sent(), (ended.state, ended.outcome, ended.billed)) == (requests, ending)
    assert bool(ended.file) == (ended.state == "succeeded")
    assert ended.error or ended.result


@pytest.mark.parametrize("left", LEFT)
def test_what_has_ended_is_left_alone(desk, left):
    """Whoever begins once more with a run that has ended sends nothing, and changes nothing."""
    action, leave, _, _ = LEFT[left]
    run = desk.open(action)
    leave(desk, run)
    ended, sent = desk.do(run), desk.sent()
    assert (desk.do(run), desk.sent()) == (ended, sent)


def test_a_job_that_somebody_is_cancelling_is_theirs_to_end(desk):
    """Whoever begins with it just then does not end it: it may be resumed by the time that is written."""
    run = job(desk)
    desk.ledger.cancel(running(desk, run))
    assert not desk.submit(run).has_ended


def test_a_job_is_started_asked_for_and_kept(desk):
    """One start, polls at the pace that it asks for, one file; what is new is told."""
    desk.upstream.answers = [started(), pending(), pending(), answer(500), pending(), picture()]
    run = desk.do(job(desk))
    assert desk.sent() == ["POST", *["GET"] * 5]
    assert (run.state, run.job_id, run.credits) == ("succeeded", JOB_ID, 60)
    assert desk.files.open(run.file).bytes == PNG
    told = "queued running sent answered started poll answered poll poll answered succeeded"
    assert desk.told(run) == told.split()


def test_polls_keep_their_distance_across_recoveries(desk):
    """Whoever goes on lets a whole interval pass first: the last question may have left just now."""
    times = []

    def at(given):
        def told(request):
            times.append(desk.clock())
            return given

        return told

    desk.upstream.answers = [started(), at(pending()), at(pending()), at(picture())]
    run = desk.submit(job(desk))
    begun = desk.clock()
    desk.do(run)
    assert desk.history.get(run.id).state == "succeeded"
    assert [later - before >= 10 for before, later in zip([begun, *times], times, strict=False)] == [True] * 3


def test_what_the_upstream_no_longer_keeps_has_expired(desk):
    """The job is asked for until then, through whatever goes wrong, and ends for that reason."""
    desk.upstream.answers = [started(), *[answer(500)] * 2000]
    run = desk.do(job(desk))
    assert (run.state, run.outcome) == ("failed", "job_expired")
    assert desk.clock() - run.created == pytest.approx(86400, abs=100)


def test_polls_survive_what_passes(desk):
    """A poll that fails costs nothing, and the result is fetched after it."""
    desk.upstream.answers = [started(), answer(500), answer(502), answer(429, retry_after=30), picture()]
    assert desk.do(job(desk)).state == "succeeded"
    assert desk.sent() == ["POST", *["GET"] * 4]


def test_two_who_begin_at_once_send_once(desk):
    """In one process the second waits for the first."""
    run, actions = desk.open(), desk.actions()

    async def both():
        await asyncio.gather(work(actions, run), work(actions, run))

    asyncio.run(both())
    assert (desk.sent(), desk.history.get(run.id).state) == (SENT, "succeeded")


def test_a_request_of_a_living_process_is_waited_for(desk):
    """Somebody took its run over too early: how its request ends is not decided for it."""
    run = desk.open()
    entry = sent(desk, run)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        desk.database.write("UPDATE invocations SET writer = :name", {"name": _named(other.pid)})
        looks = desk.clock.sleep

        def sleep(seconds):
            looks(seconds)
            desk.ledger.settle(entry, "failed", "moderated", "no", message="it was told why")

        desk.clock.sleep = sleep
        ended = desk.do(run)
        other.communicate()
    assert (desk.sent(), ended.state, ended.outcome) == ([], "failed", "moderated")


def taken_for_dead(desk, run):
    """Another machine ends the run, whose worker stands still while its request is under way."""
    desk.database.write("UPDATE invocations SET writer = 'elsewhere 1 1'", {})
    desk.ledger.abandon(desk.ledger.of_origin(run.id).id)
    desk.history.give_up(run.id, LOST)
    assert [one.id for one in unknown(desk).list()] == [run.id]


def unknown(desk):
    return UnknownOutcomes(desk.history, desk.ledger, [])


@pytest.mark.parametrize("marked", [None, True, False])
@pytest.mark.parametrize("comes", [picture, lambda: httpx.ReadTimeout("it stood still")])
def test_who_wakes_up_after_it_was_taken_for_dead_undoes_nothing(desk, comes, marked):
    """A picture that comes late is the run's, or is kept; without one it stays as a person has decided."""

    def late(request):
        taken_for_dead(desk, run)
        if marked is not None:
            unknown(desk).settle(run.id, paid=marked)
        return comes()

    desk.upstream.answers.append(late)
    run = desk.open()
    ended, (entry,) = desk.do(run), desk.ledger.entries()
    assert desk.sent() == SENT
    if comes is picture:
        assert (entry.state, entry.billed) == ("done", "yes")
        assert ended.state == ("succeeded" if marked is None else "failed")
        assert ended.file if marked is None else (desk.connector.workspace.rescued.find(entry.id) is not None)
        assert unknown(desk).list() == []
    else:
        assert entry.billed == ended.billed == {None: "unknown", True: "yes", False: "no"}[marked]
        assert [one.id for one in unknown(desk).list()] == ([run.id] if marked is None else [])


class FullDisk(FileStore):
    """Files cannot be kept, so many times."""

    times = 0

    def put(self, media, **options):
        if self.times and options.get("source") == "result":
            self.times -= 1
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().put(media, **options)


def test_a_full_disk_is_waited_for(tmp_path):
    """The result is held until there is room; it is told once, and nothing is sent or paid for again."""
    desk = Desk(tmp_path, files=FullDisk)
    desk.files.times = 3
    run = desk.do(desk.open())
    assert (desk.sent(), run.state) == (SENT, "succeeded")
    assert desk.files.open(run.file).bytes == PNG
    assert [said for said in desk.sentences(run) if "No space left" in said] == [
        "a file cannot be kept: No space left on device; free some space; it goes on when that has passed"
    ]


class Moody:
    """A database that is away when it is told to be: whoever writes is told so."""

    def __init__(self, database):
        self._database = database
        self._write = database.write
        self.away = lambda statement: False
        database.write = self.write

    def write(self, statement, values, **how):
        if self.away(statement):
            raise ConnectorError("the database is away")
        return self._write(statement, values, **how)


def failing(times, words):
    """Whether a statement that holds these words fails: so many times."""
    left = [times]

    def fails(statement):
        met = words in statement and left[0] > 0
        left[0] -= met
        return met

    return fails


# By the statement that fails, while a synchronous action and a job are run.
STATEMENTS = {
    "the request is about to leave": "SET state = 'sent'",
    "its job's id is written down": "SET state = 'running', upstream_id",
    "how it ended is settled": "SET state = :state, outcome",
    "a poll takes its turn": "SET next_poll = :until",
}


@pytest.mark.parametrize("times", [1, 2, 5])
@pytest.mark.parametrize("action", [CORE, UPSCALE])
@pytest.mark.parametrize("moment", STATEMENTS)
def test_a_database_that_is_away_loses_nothing(desk, moment, action, times):
    """Whenever it goes away it is tried again, and what may cost is sent once."""
    desk.upstream.answers = [started(), picture()] if action == UPSCALE else [picture()]
    run = job(desk) if action == UPSCALE else desk.open()
    Moody(desk.database).away = failing(times, STATEMENTS[moment])
    ended = desk.do(run)
    assert (ended.state, desk.sent().count("POST")) == ("succeeded", 1)


def test_a_mistake_of_ours_ends_its_run_alone(desk, caplog):
    """It is told as that, and the log has the rest."""
    desk.upstream.answers = [ZeroDivisionError("ours")]
    run = desk.do(desk.open())
    assert (run.state, run.billed) == ("unknown", "unknown")
    assert "ended by a mistake of ours" in caplog.text


def test_an_unknown_integration_is_waited_for(desk):
    """Another worker may have it: the run is not failed by one that has not."""
    run = desk.open()
    desk.history.change(run.id, integration="other")
    actions = desk.actions()

    async def soon():
        working = asyncio.create_task(work(actions, run))
        while len(desk.told(run)) < 3:
            await asyncio.sleep(0)
        working.cancel()
        await asyncio.wait({working})

    asyncio.run(soon())
    assert "does not have the integration 'other'" in desk.sentences(run)[-1]
    assert (desk.history.get(run.id).state, desk.sent()) == ("running", [])


def test_who_executes_is_told_why_it_is_cancelled(desk):
    """Airflow tells a trigger that is killed from one that moves by the words of the cancellation."""
    run = job(desk)
    running(desk, run)
    desk.upstream.answers = [pending() for _ in range(1000)]

    async def be_cancelled():
        finishing = asyncio.create_task(desk.actions().finish(run.id))
        while not desk.sent():
            await asyncio.sleep(0.001)
        finishing.cancel("by the user")
        with pytest.raises(asyncio.CancelledError, match="by the user"):
            await finishing

    asyncio.run(be_cancelled())
    assert not desk.history.get(run.id).has_ended
