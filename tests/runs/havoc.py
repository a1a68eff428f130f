"""Workers are killed at random moments while they work: what becomes of the runs, and what was paid for."""

import random
import time
from collections import Counter

from connector.storage.runs.model import RunSpec
from runs.world import CORE, SAMPLE, UPSCALE, kill

ENOUGH = 300.0
# One in so many is a job.
JOBS = 4


def faults(far, seed):
    """What goes wrong at the far side, each with its chance."""
    far.fault("latency", seconds=0.2, probability=0.15, seed=seed)
    far.fault("error", status=503, probability=0.05)
    far.fault("error", status=500, probability=0.02)
    far.fault("drop", probability=0.02)
    far.fault("drop_after", probability=0.02)
    far.fault("html", probability=0.01)


def submit(runs, count):
    """So many runs, each with a prompt of its own."""
    picture = SAMPLE.read_bytes()
    return [runs.submit(_spec(number, picture)).id for number in range(count)]


def _spec(number, picture):
    given = {"prompt": f"picture number {number}"}
    return RunSpec(UPSCALE, given | {"image": picture}) if number % JOBS == 0 else RunSpec(CORE, given)


def rampage(nursery, runs, ids, kills, seed, longest=1.1, **options):
    """Kills one worker after the other; the last one is left to finish. How many were killed."""
    dice, killed = random.Random(seed), 0
    while killed < kills and left(runs, ids):
        pid = nursery.worker(**options)
        time.sleep(dice.uniform(0.0, longest))
        kill(pid)
        killed += 1
    finish(nursery, runs, ids, **options)
    return killed


def finish(nursery, runs, ids, **options):
    """A last worker, which nobody harms."""
    pid = nursery.worker(**options)
    await_end(runs, ids)
    kill(pid)


def await_end(runs, ids):
    """Every run has ended when this returns."""
    until = time.monotonic() + ENOUGH
    while left(runs, ids):
        assert time.monotonic() < until, Counter(run.state for run in each(runs, ids))
        time.sleep(0.1)


def each(runs, ids):
    return [runs.get(run_id) for run_id in ids]


def left(runs, ids):
    """How many have not ended."""
    found = runs.list(limit=len(ids) + 1)
    return sum(not run.has_ended for run in found)


def verdict(runs, ids, far):
    """Each run ended in one of the three ways, and nothing was paid for twice."""
    ended, paid = each(runs, ids), Counter(far.paid())
    assert len(ended) == len(ids)
    for run in ended:
        prompt, times = run.inputs["prompt"], paid[run.inputs["prompt"]]
        assert run.state in ("succeeded", "failed", "unknown"), run
        assert times <= 1, (prompt, times, run)
        if run.state == "succeeded":
            assert times == 1, run
            assert run.file, run
        else:
            assert (run.error or {}).get("message"), run
        if run.billed == "no":
            assert times == 0, run
    return Counter((run.state, run.outcome) for run in ended)
