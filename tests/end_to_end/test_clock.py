"""The clock of a machine is set back or forward by an hour while something is under way.

Nothing hangs, and nothing is paid twice. `make faketime` gets what moves the clock; that of the far side
stays right, as does the time since the machine was started.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from runs.world import CORE, SAMPLE, UPSCALE, far, integration

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
PATIENCE = 120
# libfaketime takes the moment until which `time.sleep` sleeps for one of another clock.
COMMAND = """
import select, sys, time
time.sleep = lambda seconds: select.select([], [], [], seconds)
from connector.cli import main
sys.exit(main(sys.argv[1:]))
"""

pytestmark = pytest.mark.skipif(LIBRARY is None, reason="no libfaketime here; `apt-get install libfaketime`")


class Machine:
    """A home, and commands whose clock is ``offset`` seconds ahead of ours, from one moment to the next."""

    def __init__(self, place, folder):
        self._folder, self._offset = folder, place / "offset"
        self.home, self.out = place / "home", place / "out"
        self.set(0)

    def set(self, offset):
        draft = self._offset.with_name("draft")
        draft.write_text(f"{offset:+d}\n")
        draft.replace(self._offset)

    def begin(self, *words):
        environ = {"LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(self._offset)}
        environ |= {"FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
        words = (*words, "--integration", self._folder)
        return subprocess.Popen(
            [sys.executable, "-c", COMMAND, *map(str, words)],
            env=os.environ | environ | {"CONNECTOR_HOME": str(self.home)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def does(self, *words):
        return ended(self.begin(*words))

    def submitted(self, *words):
        return json.loads(self.does("jobs", "submit", *words, "--json"))["id"]


def ended(process):
    """What a command printed."""
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, err
    return out


def until(happened):
    """It has come to this when it returns."""
    last = time.monotonic() + PATIENCE
    while not (found := happened()):
        assert time.monotonic() < last
        time.sleep(0.02)
    return found


@pytest.fixture(scope="module")
def opened():
    with far(job_seconds=300) as opened:  # three of our seconds
        yield opened


@pytest.fixture
def machine(opened, tmp_path):
    opened.http.post("/reset")
    return Machine(tmp_path, integration(tmp_path / "integration", opened.url))


def asked(opened, times):
    """Whether a job has been asked for so many times."""
    return lambda: sum(one["method"] == "GET" for one in opened.http.get("/requests").json()) >= times


@pytest.mark.parametrize("jump", [-3600, 3600])
def test_a_job_that_is_polled_is_polled_on(opened, machine, jump):
    """By the command that began it, and by the next one, which finds the polls of another time."""
    given = UPSCALE, "--prompt", "a boat", "--image", SAMPLE
    process = machine.begin("invoke", *given, "-o", machine.out / "a.png")
    until(asked(opened, 1))
    machine.set(jump)
    ended(process)
    assert (machine.out / "a.png").stat().st_size
    begun = machine.does("invoke", UPSCALE, "--prompt", "b", "--image", SAMPLE, "--no-wait", "--json")
    machine.set(0)
    machine.does("result", json.loads(begun)["job_id"], "-o", machine.out / "b.png")
    assert (machine.out / "b.png").stat().st_size
    assert opened.paid() == ["a boat", "b"]


@pytest.mark.parametrize("jump", [-3600, 3600])
def test_a_worker_goes_on_with_what_it_has(opened, machine, jump):
    """A job that it polls, and what is submitted after; each is paid once."""
    ids = [machine.submitted(UPSCALE, "--prompt", "a", "--image", SAMPLE)]
    worker = machine.begin("worker")
    try:
        until(asked(opened, 1))
        machine.set(jump)
        ids.append(machine.submitted(CORE, "--prompt", "b"))
        for each in ids:
            machine.does("jobs", "wait", each, "-o", machine.out / f"{each}.png")
    finally:
        worker.kill()
        worker.communicate()
    assert len(list(machine.out.iterdir())) == 2
    assert sorted(opened.paid()) == ["a", "b"]


@pytest.mark.parametrize("jump", [-3600, 3600])
def test_a_lock_out_lasts_no_hour(opened, machine, jump):
    """What was locked out before is free when it is to be, or a little later; and nothing is lost."""
    opened.fault("error", status=429, next=1)
    process = machine.begin("invoke", CORE, "--prompt", "a boat", "-o", machine.out / "a.png")
    until(lambda: opened.http.get("/requests").json())
    machine.set(jump)
    ended(process)
    machine.does("invoke", CORE, "--prompt", "b", "-o", machine.out / "b.png")
    assert opened.paid() == ["a boat", "b"]
