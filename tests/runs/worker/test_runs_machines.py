"""Machines share a database and the kept files; the server may be away for a while."""

import asyncio
import time
from contextlib import contextmanager

import psycopg
import pytest
from port import SAMPLES
from runs import havoc
from runs.world import UPSCALE, Nursery, asking, far, integration, kill

from connector.engine.connector import Connector
from connector.engine.sources import Sources
from connector.runs.durable import worker_lease
from connector.runs.durable.worker_lease import LeaseLost
from connector.runs.service.durable_runs import DurableRuns
from connector.runs.worker import launch
from connector.runs.worker.worker import Worker
from connector.spec.loader import load
from connector.storage.database.database import Database
from connector.storage.database.postgres import Postgres
from connector.storage.runs.model import RunSpec

ROOM = SAMPLES / "room.png"
BIG_BOAT = RunSpec(UPSCALE, {"prompt": "a boat", "image": ROOM})
ENOUGH = 90.0


@pytest.fixture(scope="module")
def served():
    with far() as opened:
        yield opened


@pytest.fixture
def folder(served, tmp_path):
    served.http.post("/reset")
    return integration(tmp_path / "integration" / "far", served.url)


@contextmanager
def desk(folder, home, environ):
    """The runs of one machine, as somebody asks for them there."""
    with Connector(load(folder), home=home, environ=environ) as connector:
        files = connector.workspace.files
        runs = DurableRuns([connector], files, sources=Sources(references=files.resolve))
        try:
            yield runs, files
        finally:
            runs.close()


def work(folder, home, environ, act):
    """What becomes of something while a worker works on another machine."""

    async def worked():
        async with Worker(home, [load(folder)], environ=environ):
            return await asyncio.to_thread(act)

    return asyncio.run(worked())


@pytest.mark.parametrize("place", ["folder", "object store"])
def test_machines_share_a_database_and_files_and_nothing_else(place, folder, tmp_path, postgres_url):
    """What one submits with a picture of its own disk, another does, and the first has the result."""
    files = str(tmp_path / "shared") if place == "folder" else f"memory://{tmp_path.name}"
    environ = {"CONNECTOR_DATABASE": postgres_url, "CONNECTOR_FILES": files}
    with desk(folder, tmp_path / "here", environ) as (runs, kept):
        run = runs.submit(BIG_BOAT)
        ended = work(folder, tmp_path / "there", environ, lambda: runs.wait(run.id, ENOUGH))
        assert (ended.state, ended.error) == ("succeeded", None)
        assert kept.open(ended.file).size == kept.get(ended.file).bytes
    assert not (tmp_path / "here" / "files").exists()
    assert not (tmp_path / "there" / "files").exists()


def test_a_worker_that_loses_its_place_goes_on_in_another(served, folder, tmp_path, postgres, postgres_url):
    """Its connections break again and again while it works: nothing is lost, and nothing paid for twice."""
    home, name = tmp_path / "home", postgres_url.rpartition("/")[2]
    with asking(home, folder, postgres_url) as runs, Nursery(home, folder, postgres_url) as nursery:
        ids = havoc.submit(runs, 32)
        served.fault("latency", seconds=0.2)
        workers = [nursery.worker(concurrency=2) for _ in range(2)]
        broken = 0
        for _ in range(4):
            time.sleep(1)
            broken += cut(postgres, name)
        served.well()
        havoc.await_end(runs, ids)
        for pid in workers:
            kill(pid)
        havoc.verdict(runs, ids, served)
        failed = [run.error for run in havoc.each(runs, ids) if run.state == "failed"]
    assert broken
    assert failed == []


def test_a_lost_place_that_does_not_close_well_is_left(
    served, folder, tmp_path, postgres, postgres_url, monkeypatch
):
    """What the broken connection held cannot be let go: the worker goes on in another place all the same."""
    home, name, stop = tmp_path / "home", postgres_url.rpartition("/")[2], launch.stop

    def badly():
        monkeypatch.setattr(launch, "stop", stop)
        stop()
        raise RuntimeError("the engine could not be taken down")

    async def work(runs):
        worker = Worker(home, [load(folder)], database=Database(postgres_url), environ={})
        async with worker:
            cut(postgres, name)
            ids = await asyncio.to_thread(havoc.submit, runs, 2)
            await asyncio.to_thread(havoc.await_end, runs, ids)
            return ids

    home.mkdir()
    with asking(home, folder, postgres_url) as runs:
        monkeypatch.setattr(launch, "stop", badly)
        ids = asyncio.run(work(runs))
        havoc.verdict(runs, ids, served)
    assert launch.stop is stop


def test_who_finds_no_place_keeps_no_connection(postgres_url, monkeypatch):
    """It holds nothing that somebody else could need."""
    made, session = [], Postgres.session
    monkeypatch.setattr(Postgres, "session", lambda server: made.append(session(server)) or made[-1])
    monkeypatch.setattr(worker_lease, "_TRY", "SELECT 1 / 0 AS taken")
    with pytest.raises(LeaseLost):
        worker_lease.PostgresLease(postgres_url)
    assert [connection.closed for connection in made] == [True]


def cut(postgres, name):
    """Every connection to a database breaks; how many there were."""
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        told = "SELECT pg_terminate_backend(pid) AS gone FROM pg_stat_activity WHERE datname = %s"
        return len(connection.execute(told, [name]).fetchall())


def test_a_server_that_stops_for_a_while_is_waited_for(served, folder, tmp_path, postgres, postgres_url):
    """What was under way is finished once it is there again, and nothing is paid for twice."""
    home = tmp_path / "home"
    with asking(home, folder, postgres_url) as runs, Nursery(home, folder, postgres_url) as nursery:
        ids = havoc.submit(runs, 24)
        served.fault("latency", seconds=0.2)
        pid = nursery.worker(concurrency=2)
        while havoc.left(runs, ids) > 16:
            time.sleep(0.05)
        postgres.stop()
        time.sleep(2)  # long enough for requests that had left to be answered
        postgres.start()
        served.well()
        havoc.await_end(runs, ids)
        kill(pid)
        counts = havoc.verdict(runs, ids, served)
        failed = [run.error for run in havoc.each(runs, ids) if run.state == "failed"]
    assert failed == []
    assert counts["succeeded", "success"] >= 20


def test_no_password_is_shown(tmp_path, folder):
    """A server that is not there is named without what opens it."""
    database = Database("postgresql://somebody:pw-TOPSECRET@127.0.0.1:1/none", patience=0.5)
    with pytest.raises(Exception, match=r"127\.0\.0\.1") as refused:
        database.read("SELECT 1")
    assert "TOPSECRET" not in f"{refused.value} {refused.value.__cause__} {refused.value!r} {database.name}"
