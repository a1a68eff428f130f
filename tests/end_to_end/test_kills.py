"""A process may die at any moment: the ledger tells the truth, and nothing is lost or paid twice.

Another process uses an action and is killed, or interrupted, at a moment that it tells by its events or that
the far side sees. Its time runs a hundred times as fast as the world's, as the sandbox's does.
"""

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from declared import ACTIONS, EXAMPLES
from port import port
from upstream import KEY

from connector import errors
from connector.engine.destination import resolve

CORE, START = "stable-image-core", "start-creative-upscale"
SPEED = 100
CHILD = """
import json, sys, time
from connector.storage.blocking import Inline
from connector.engine.connector import Connector

told = json.loads(sys.argv[1])

def now():
    return told["since"] + (time.time() - told["since"]) * told["speed"]

def sleep(seconds):
    time.sleep(seconds / told["speed"])

def hear(event):
    print(event.kind, flush=True)
    if event.kind == told["pause"]:
        time.sleep(60)

options = {"home": told["home"], "environ": {}, "clock": now, "io": Inline(sleep), "on_event": hear}
with Connector(**options) as connector:
    print("got", connector.invoke(told["action"], told["given"]).media.sha256, flush=True)
    if told["pause"] == "got":
        time.sleep(60)
"""

# By what a process is at the moment when it dies: the action; the event at which it pauses, or the fault that
# keeps it waiting; how often the sandbox was asked and paid; and what the ledger says of it after a kill.
MOMENTS = {
    "it waits for its turn": (CORE, "waiting", None, 0, 0, ("failed", "not_sent", "no")),
    "its request is about to leave": (CORE, "sent", None, 0, 0, ("unknown", "unknown", "unknown")),
    "its request is under way": (CORE, None, "latency", 1, 1, ("unknown", "unknown", "unknown")),
    "it waits to send again what was refused": (CORE, "again", "error", 1, 0, ("failed", "not_sent", "no")),
    "its job is being started": (START, None, "latency", 1, 1, ("unknown", "unknown", "unknown")),
    "its job was just started": (START, "started", None, 1, 1, ("running", None, "unknown")),
    "its job is asked for": (START, "poll", None, 2, 1, ("running", None, "unknown")),
    "it has its result": (CORE, "got", None, 1, 1, ("done", "success", "yes")),
}
FAULTS = {
    "latency": {"kind": "latency", "seconds": 2, "next": 1},
    "error": {"kind": "error", "status": 429, "next": 1},
}


class FastClock:
    """A time that runs faster than the world's, the same in every process."""

    since = time.time()

    def __call__(self):
        return self.since + (time.time() - self.since) * SPEED

    def sleep(self, seconds):
        time.sleep(seconds / SPEED)


@pytest.fixture(scope="module")
def shared():
    with port(clock=FastClock()) as opened:
        yield opened


@pytest.fixture
def far(shared):
    shared.reset()
    shared.set(job_seconds=45)  # a process that is slow to ask must still find it unfinished
    return shared


@pytest.fixture
def survivor(far, tmp_path):
    """A connector in this process, of the same home."""
    with far.connector(tmp_path) as made:
        yield made


def given(action):
    example = next(given for found, _, given in EXAMPLES if found == action)
    return {name: str(ACTIONS / value) if name == "image" else value for name, value in example.items()}


class Process:
    """Another process that uses an action; it pauses at the first event of that kind."""

    def __init__(self, home, action, pause):
        told = {"home": str(home), "action": action, "given": given(action), "pause": pause}
        told |= {"since": FastClock.since, "speed": SPEED}
        self._run = subprocess.Popen(
            [sys.executable, "-c", CHILD, json.dumps(told)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self._run.kill()
        self._run.communicate()

    def tells(self, kind):
        """Whether it comes to tell of an event of that kind."""
        return any(line.split()[0] == kind for line in self._run.stdout)

    def until(self, happened):
        """Waits for something that it brings about."""
        while not happened():
            assert self._run.poll() is None, self._run.stderr.read()
            time.sleep(0.005)

    def end(self, how):
        """It gets the signal; what it had to say to it."""
        self._run.send_signal(how)
        _, said = self._run.communicate(timeout=60)
        return said


def ended(far, survivor, moment, how):
    """Another process ended at the moment; what it said to that."""
    action, pause, fault, sent, _, _ = MOMENTS[moment]
    if fault:
        far.fault(**FAULTS[fault])
    if pause == "waiting":
        lock_out(survivor)
    with Process(survivor.workspace.home, action, pause) as process:
        assert pause is None or process.tells(pause)
        process.until(lambda: len(far.sandbox.requests) >= sent)
        return process.end(how)


def lock_out(connector):
    """Whoever uses this credential has to wait for an hour of the fast time."""
    workspace = connector.workspace
    place = resolve(connector.integration, workspace.connections, {}, None, None)
    workspace.rate_limiter.lock_out(workspace.database.fingerprint(place.identity), 3600)


def row(survivor):
    """The only invocation, after what was left open is settled."""
    survivor.workspace.ledger.reconcile()
    (entry,) = survivor.workspace.ledger.entries()
    return entry


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_process_that_ends_leaves_the_truth(far, survivor, moment, how):
    """What it leaves is true; whoever comes after fetches what was paid, and pays for nothing again."""
    _, _, _, sent, paid, expected = MOMENTS[moment]
    said = ended(far, survivor, moment, how)
    entry = row(survivor)
    assert (entry.state, entry.outcome, entry.billed) == expected
    assert (len(far.requests), len(far.ledger)) == (sent, paid)
    assert KEY not in said + str(entry)
    if entry.state == "running":
        assert survivor.wait(entry.upstream_id).media.type == "image/png"
        assert (row(survivor).state, row(survivor).credits) == ("done", 60)
    assert len(far.ledger) == paid


def test_what_another_process_has_sent_is_not_sent_again(far, survivor):
    """Whoever finds it open is refused, and a person decides."""
    ended(far, survivor, "its request is under way", signal.SIGKILL)
    entry = row(survivor)
    with pytest.raises(errors.OutcomeUnknown):
        survivor.workspace.ledger.sent(entry.id)
    assert (row(survivor), len(far.ledger)) == (entry, 1)


def test_an_answer_that_could_not_be_written_down_is_unknown(far, survivor):
    """A process that dies between the answer of a start and its row says so, and starts nothing again."""
    far.fault("latency", seconds=0.3, next=1)
    with Process(survivor.workspace.home, START, "started") as process:
        process.until(lambda: far.sandbox.requests)
        with survivor.workspace.database.transaction():
            time.sleep(0.5)
            process.end(signal.SIGKILL)
    assert (row(survivor).state, row(survivor).upstream_id, far.spent) == ("unknown", None, 60)


def test_several_resume_one_job(far, survivor):
    """Each gets the picture, and it was paid once."""
    ended(far, survivor, "its job was just started", signal.SIGKILL)
    job = row(survivor).upstream_id
    with ThreadPoolExecutor(4) as threads:
        pictures = set(threads.map(lambda _: survivor.wait(job).media.sha256, range(4)))
    assert (len(pictures), far.spent) == (1, 60)
