"""A worker does what is written down, takes up what a dead one left, and leaves well when it is told to."""

import asyncio
import logging
import re
import threading
import time
from contextlib import suppress
from functools import cache

import pytest
from port import SAMPLES
from runs.world import CORE, UPSCALE, Nursery, asking, far, integration, kill

from connector.errors import InvocationError, JobError
from connector.runs.durable import outages
from connector.runs.worker import launch
from connector.runs.worker.orphaned_runs import OrphanedRuns
from connector.runs.worker.worker import _LOOK_EVERY, Worker
from connector.spec.loader import load
from connector.storage.files.blobs import FilesUnavailable, Folder
from connector.storage.files.store import FileStore
from connector.storage.runs.history import History
from connector.storage.runs.model import RunSpec

ROOM = SAMPLES / "room.png"
BOAT = RunSpec(CORE, {"prompt": "a boat"})
BIG_BOAT = RunSpec(UPSCALE, {"prompt": "a boat", "image": ROOM})
# Whoever waits longer than this waits for nothing.
ENOUGH = 60.0


# A job that takes so many seconds goes on until the far side's clock is set forward.
ENDLESS = 40_000
endless = pytest.mark.parametrize("served", [ENDLESS], indirect=True)


@pytest.fixture(scope="module")
def served(request):
    with far(job_seconds=getattr(request, "param", 50)) as opened:
        yield opened


def let_it_end(served):
    served.http.post("/clock", json={"advance": ENDLESS + 10})


@pytest.fixture(scope="module")
def folder(served, tmp_path_factory):
    return integration(tmp_path_factory.mktemp("integration") / "far", served.url)


@pytest.fixture
def home(tmp_path, served):
    served.http.post("/reset")
    return tmp_path / "home"


@pytest.fixture
def runs(home, folder):
    with asking(home, folder) as opened:
        yield opened


load = cache(load)


def worker(home, folder, **options):
    return Worker(home, [load(folder)], environ={}, **options)


def do(home, folder, act, **options):
    """What becomes of something while a worker works."""

    async def work():
        async with worker(home, folder, **options):
            return await asyncio.to_thread(act)

    return asyncio.run(work())


def ended(runs, *ids):
    return [runs.wait(run_id, ENOUGH).state for run_id in ids]


def until(happened):
    """Waits for something that another thread or process brings about."""
    deadline = time.monotonic() + ENOUGH
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def posts(served):
    return [one["path"] for one in served.http.get("/requests").json() if one["method"] == "POST"]


def test_what_was_submitted_before_and_after_is_done(home, folder, runs):
    """Nobody need be there when it is asked for."""
    before = [runs.submit(BOAT), runs.submit(BIG_BOAT)]
    heard = []

    def act():
        after = runs.submit(BOAT)
        states = ended(runs, *(run.id for run in (*before, after)))
        until(lambda: len(heard) == 3)
        return states

    assert do(home, folder, act, on_change=heard.append) == ["succeeded"] * 3
    assert {run.state for run in heard} == {"succeeded"}


def test_workers_come_and_go_in_one_process(home, folder, runs):
    """Each leaves nothing behind: no thread, no lock, no flow."""
    threads = set(threading.enumerate())
    for _ in range(3):
        run = runs.submit(BOAT)
        assert do(home, folder, lambda run=run: ended(runs, run.id)) == ["succeeded"]
        until(
            lambda: not [one for one in set(threading.enumerate()) - threads if "connector" not in one.name]
        )


def test_a_look_that_comes_late_opens_nothing(home, folder, monkeypatch):
    """A thread that was about to look when its worker left does not open again what was closed."""

    async def come_and_go():
        async with worker(home, folder) as left:
            pass
        return left

    left = asyncio.run(come_and_go())
    opened = []
    monkeypatch.setattr(OrphanedRuns, "gather", opened.append)
    left._look()
    assert opened == []


class Held:
    """A database whose first transaction takes until it is let go."""

    def __init__(self, database):
        self._database = database
        self.is_begun, self.go = threading.Event(), threading.Event()

    def __getattr__(self, name):
        return getattr(self._database, name)

    def transaction(self, about=None):
        self.is_begun.set()
        assert self.go.wait(ENOUGH)
        return self._database.transaction(about)


def test_who_is_interrupted_at_the_beginning_leaves_nothing_open(home, folder, runs):
    """What a thread was opening just then is closed again, and the next worker finds the place free."""
    held = Held(runs.history._database)

    async def be_interrupted():
        beginning = asyncio.create_task(worker(home, folder, database=held).__aenter__())
        assert await asyncio.to_thread(held.is_begun.wait, ENOUGH)
        beginning.cancel()
        held.go.set()
        with pytest.raises(asyncio.CancelledError):
            await beginning

    asyncio.run(be_interrupted())
    assert do(home, folder, lambda: ended(runs, runs.submit(BOAT).id)) == ["succeeded"]


def test_nothing_is_taken_out_of_a_queue_when_the_engine_stops(home, folder):
    """Else it would be handed to an event loop that has ended."""

    def looking():
        return [one for one in threading.enumerate() if one.name.startswith("queue-worker-")]

    def act():
        until(looking)
        launch._stop_looking()
        return looking()

    assert do(home, folder, act) == []


def test_a_database_in_a_file_has_one_worker(home, folder, runs):
    """Another one is told which process it is, and that what is submitted will be done."""
    with Nursery(home, folder) as nursery:
        pid = nursery.worker()
        until(lambda: (home / "worker.lock").exists() and (home / "worker.lock").read_text())
        with pytest.raises(
            InvocationError, match=f"process {pid} is the worker of .*CONNECTOR_DATABASE=postgresql"
        ):
            do(home, folder, lambda: None)
        kill(pid)
    assert do(home, folder, lambda: ended(runs, runs.submit(BOAT).id)) == ["succeeded"]


def test_a_process_has_one_worker(home, folder, runs, tmp_path):
    """One that is refused leaves its database to others."""

    async def two():
        async with worker(home, folder), worker(tmp_path / "elsewhere", folder):
            pass

    with pytest.raises(InvocationError, match="this process has a worker already"):
        asyncio.run(two())
    assert do(home, folder, lambda: ended(runs, runs.submit(BOAT).id)) == ["succeeded"]
    assert do(tmp_path / "elsewhere", folder, lambda: "works") == "works"


def test_a_request_gets_its_answer_before_its_worker_leaves(home, folder, runs, served):
    """Nothing is given up that is under way, as long as it is quick enough."""
    served.fault("latency", path="*/core", seconds=1.0, next=1)
    run = runs.submit(BOAT)
    do(home, folder, lambda: until(lambda: posts(served)))
    assert (runs.get(run.id).state, len(posts(served))) == ("succeeded", 1)


def test_a_slow_request_is_given_up_and_unknown(home, folder, runs, served):
    """The next worker says so, and nobody sends it again."""
    served.fault("latency", path="*/core", seconds=20.0, next=1)
    run = runs.submit(BOAT)
    do(home, folder, lambda: until(lambda: posts(served)), drain=0.1)
    assert do(home, folder, lambda: ended(runs, run.id)) == ["unknown"]
    assert ([one.id for one in runs.unknown.list()], len(posts(served))) == ([run.id], 1)


@endless
def test_a_job_is_left_to_the_next_worker(home, folder, runs, served):
    """It goes on upstream, and is asked for without being started again."""
    run = runs.submit(BIG_BOAT)
    do(home, folder, lambda: until(lambda: runs.get(run.id).job_id))
    assert runs.get(run.id).state == "running"
    let_it_end(served)
    assert do(home, folder, lambda: ended(runs, run.id)) == ["succeeded"]
    assert len(posts(served)) == 1


def test_what_was_never_handed_over_is_found(home, folder, runs):
    """A process died between writing a run down and handing it over."""
    place = {"integration": "stabilityai", "connection": "", "environment": "far", "token_name": ""}
    what = {"action": CORE, "title": "Core", "inputs": BOAT.arguments, "options": {}, "durable": True}
    early = History(runs.history._database, lambda: time.time() - 60)
    run, _ = early.open(place | what)
    assert do(home, folder, lambda: ended(runs, run.id)) == ["succeeded"]


def test_what_the_engine_lost_is_taken_up(home, folder, runs):
    """How its flow ended could not be written, or was written wrongly: the run is what counts."""
    run = runs.submit(BOAT)
    database = runs.history._database
    database.write("UPDATE workflow_status SET status = 'ERROR'", {})
    database.write("UPDATE runs SET updated = updated - 60", {})
    assert do(home, folder, lambda: ended(runs, run.id)) == ["succeeded"]


def test_a_host_leaves_durable_runs_alone(home, folder, runs):
    """Whoever wrote it down may be gone: it is a worker's, and not the host's to end or to take over."""
    run = runs.submit(BOAT)
    gone = re.sub(r" \d+ ", " 1 ", runs.history._database.read("SELECT writer FROM runs")[0]["writer"])
    runs.history._database.write("UPDATE runs SET writer = :gone", {"gone": gone})
    assert (runs.history.abandon(), runs.history.open_here()) == (0, [])
    assert runs.get(run.id) == run


def test_a_cancelled_run_is_not_sent(home, folder, runs, served):
    """It was cancelled while no worker was there."""
    first, second = runs.submit(BOAT), runs.submit(BOAT)
    runs.cancel(first.id)
    assert do(home, folder, lambda: ended(runs, first.id, second.id)) == ["cancelled", "succeeded"]
    assert len(posts(served)) == 1


@endless
def test_a_cancelled_job_is_resumed_by_its_worker(home, folder, runs, served):
    """Nothing is started again."""
    run = runs.submit(BIG_BOAT)

    def act():
        until(lambda: runs.get(run.id).job_id)
        runs.cancel(run.id)
        state = runs.resume(run.id).state
        let_it_end(served)
        return state, ended(runs, run.id)

    assert do(home, folder, act) == ("running", ["succeeded"])
    assert len(posts(served)) == 1


@endless
def test_a_job_that_is_resumed_at_once_is_not_lost_between(home, folder, runs, served):
    """Its worker may hear that it was cancelled after it was resumed."""
    run = runs.submit(BIG_BOAT)

    def act():
        until(lambda: runs.get(run.id).job_id)
        for _ in range(50):
            with suppress(JobError):  # on a slow machine a poll may be under way for longer than is waited
                if runs.cancel(run.id).state == "cancelled":
                    runs.resume(run.id)
        let_it_end(served)
        return ended(runs, run.id)

    assert do(home, folder, act) == ["succeeded"]
    assert len(posts(served)) == 1


def test_few_are_under_way_at_once(home, folder, runs, served):
    """The others queue, and none is forgotten."""
    served.fault("latency", path="*/core", seconds=0.1)
    ids = [runs.submit(BOAT).id for _ in range(12)]
    most = []

    def act():
        while any(not runs.get(one).has_ended for one in ids):
            most.append([run.state for run in runs.list()].count("running"))
        return ended(runs, *ids)

    assert do(home, folder, act, concurrency=3) == ["succeeded"] * 12
    assert max(most) <= 3


def test_it_is_quiet_and_tells_no_secret(home, folder, runs, caplog, capfd):
    """The engine's own log is not ours to show; nothing that is written has the key in it."""
    with caplog.at_level(logging.DEBUG, "connector"):
        do(home, folder, lambda: ended(runs, runs.submit(BOAT).id))
    assert (capfd.readouterr(), caplog.records) == (("", ""), [])
    written = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert b"sk-far-0123" not in written


class Away:
    """A database that nobody can read strays from, so many times."""

    def __init__(self, database, times):
        self._database, self._times = database, times

    def __getattr__(self, name):
        return getattr(self._database, name)

    def read(self, query, values=None):
        if "LEFT JOIN" in query and self._times > 0:
            self._times -= 1
            raise OSError(5, "Input/output error")
        return self._database.read(query, values)


def test_it_says_that_the_database_is_away(home, folder, runs, caplog, monkeypatch):
    """Once, and once more when it is there again."""
    monkeypatch.setitem(_LOOK_EVERY, "sqlite", 0.01)
    database = Away(runs.history._database, 3)
    with caplog.at_level(logging.WARNING, "connector"):
        do(home, folder, lambda: until(lambda: "there again" in caplog.text), database=database)
    assert len(caplog.records) == 2


class Full(Folder):
    """A place for files that is away when the worker comes with a result, so many times."""

    times = 3

    def keep(self, blob_id, draft):
        if self.times > 0:
            self.times -= 1
            raise FilesUnavailable("the files at s3://bucket are away; try again later")
        super().keep(blob_id, draft)


def test_a_result_is_kept_once_its_place_is_there_again(home, folder, runs, served, monkeypatch):
    """It was paid for: it is neither lost nor made a second time."""
    monkeypatch.setattr(outages, "_FIRST", 0.01)
    run = runs.submit(BOAT)
    files = FileStore(runs.history._database, Full(home / "files"))
    assert do(home, folder, lambda: ended(runs, run.id), files=files) == ["succeeded"]
    assert len(posts(served)) == 1
    said = [event.data["sentence"] for event in runs.events(run.id) if event.kind == "warning"]
    assert len(said) == 1
    assert "s3://bucket are away" in said[0]
