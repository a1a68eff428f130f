"""Processes stand still for longer than a lease, and the database's server is restarted under them.

What was paid is kept or listed as unknown, nothing is paid twice, and all go on by themselves.
"""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from faults.scene import LONGEST, Scene
from faults.uses import Found, look
from runs import havoc
from runs.world import CORE, SAMPLE, UPSCALE, Nursery, asking, far, integration

from connector.media import from_path
from connector.storage.database.database import FILE_NAME, Database
from connector.storage.ledger.ledger import Ledger


@pytest.fixture(scope="module")
def opened():
    with far() as opened:
        yield opened


@pytest.fixture(scope="module")
def made(opened, tmp_path_factory):
    place = tmp_path_factory.mktemp("disturbed")
    scene = Scene(place, integration(place / "integration", opened.url))
    yield scene
    scene.close()


@pytest.fixture
def scene(opened, made):
    """A used home; and a far side that is two seconds late, in which things can happen."""
    made.clear()
    opened.http.post("/reset")
    opened.fault("latency", seconds=2)
    return made


def until(happened):
    """What it is in the end."""
    last = time.monotonic() + LONGEST
    while not (found := happened()):
        assert time.monotonic() < last
        time.sleep(0.02)
    return found


def requests(opened, method):
    return [one for one in opened.http.get("/requests").json() if one["method"] == method]


def await_sent(scene):
    """A request that may cost has left, as the ledger has it, and is not answered."""
    place = scene.environ.get("CONNECTOR_DATABASE") or scene.home / FILE_NAME
    with closing(Database(place)) as database:
        until(lambda: Ledger(database).entries("sent"))


def ended(client):
    """The runs of a host, once all have ended; it says so while its database is away."""
    runs = client.get("/api/runs").json().get("runs", ())
    return runs if runs and all(each["state"] not in ("queued", "running") for each in runs) else None


@pytest.fixture
def served(scene, postgres, postgres_url):
    """The home's database is on a server."""
    token = scene.token
    scene.environ = {"CONNECTOR_DATABASE": postgres_url, "CONNECTOR_MASTER_KEY": "A" * 43 + "="}
    yield scene
    scene.token = token


def restart(postgres, how):
    """As `pg_ctl restart -m fast`, or by whoever finds its first process killed."""
    postgres.stop(how)
    until(lambda: is_started(postgres))


def is_started(postgres):
    try:
        postgres.start()
    except RuntimeError:  # what is left of a killed one has not ended
        return False
    return True


RESTARTS = {"restarted": signal.SIGINT, "killed": signal.SIGKILL}


@pytest.mark.parametrize("how", RESTARTS)
def test_a_host_goes_on_when_its_database_is_there_again(opened, served, postgres, how):
    """The server goes while a request is under way and a job is polled; both end with their files."""
    with served.host() as (_, told), ThreadPoolExecutor(2) as threads:
        served.token = told["token"]
        with served.client(told) as client:
            given = {"prompt": "b", "image": from_path(SAMPLE).data_uri}
            threads.submit(client.post, f"/api/actions/{UPSCALE}", json={"inputs": given})
            until(lambda: requests(opened, "GET"))
            threads.submit(client.post, f"/api/actions/{CORE}", json={"inputs": {"prompt": "a"}})
            await_sent(served)
            restart(postgres, RESTARTS[how])
            runs = until(lambda: ended(client))
    assert sorted(opened.paid()) == ["a", "b"]
    assert {each["state"] for each in runs} == {"succeeded"}


@pytest.mark.parametrize("how", RESTARTS)
def test_a_command_delivers_though_its_database_goes(opened, served, postgres, how):
    """What it could not write down, it tells."""
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(served.command, "invoke", CORE, "--prompt", "a", "-o", served.out / "a.png")
        await_sent(served)
        restart(postgres, RESTARTS[how])
        done = asked.result()
    found = Found()
    look(served, found)
    assert opened.paid() == ["a"]
    assert done.code == 0
    assert (len(found.kept), found.wrong) == (1, [])


@pytest.mark.parametrize("how", RESTARTS)
def test_a_batch_goes_on(opened, served, postgres, how):
    """Without being begun again."""
    rows = served.place / "rows.csv"
    rows.write_text("prompt\none\ntwo\nthree\nfour\n")
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(served.command, "batch", CORE, rows, "-o", served.out, "--no-sheet", "-q")
        await_sent(served)
        restart(postgres, RESTARTS[how])
        done = asked.result()
    found = Found()
    look(served, found)
    assert done.code == 0, done
    assert sorted(opened.paid()) == ["four", "one", "three", "two"]
    assert (len(found.kept), found.unknown, found.wrong) == (4, set(), [])


def test_a_host_that_stands_still_is_not_taken_for_dead(opened, scene):
    """Others look, and pay for their own; its caller has the picture when it goes on."""
    with scene.host() as (host, told), scene.client(told) as client, ThreadPoolExecutor(1) as threads:
        asked = threads.submit(client.post, f"/api/actions/{CORE}", json={"inputs": {"prompt": "a"}})
        await_sent(scene)
        os.kill(host.pid, signal.SIGSTOP)
        told = scene.json("jobs", "unknown")
        other = scene.command("invoke", CORE, "--prompt", "b", "-o", scene.out / "b.png")
        os.kill(host.pid, signal.SIGCONT)
        answer = asked.result()
    assert (told["unknown"], told["kept"], other.code) == ([], [], 0)
    assert answer.json()["run"]["state"] == "succeeded", answer.text
    assert sorted(opened.paid()) == ["a", "b"]


def test_a_worker_that_stood_still_undoes_nothing(opened, made, tmp_path, postgres, postgres_url):
    """Its place is lost, and another one does the rest; what it had sent itself is its own to end."""
    opened.http.post("/reset")
    opened.fault("latency", seconds=2)
    home, name = tmp_path / "home", postgres_url.rpartition("/")[2]
    with asking(home, made.folder, postgres_url) as runs, Nursery(home, made.folder, postgres_url) as nursery:
        ids = havoc.submit(runs, 8)
        still = nursery.worker(concurrency=2)
        until(lambda: requests(opened, "POST"))
        os.kill(still, signal.SIGSTOP)
        postgres.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        nursery.worker(concurrency=2)
        until(lambda: havoc.left(runs, ids) <= 2)
        os.kill(still, signal.SIGCONT)
        havoc.await_end(runs, ids)
        counts = havoc.verdict(runs, ids, opened)
    assert counts == {("succeeded", "success"): 8}
