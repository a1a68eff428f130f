"""Processes that are killed, or find the disk full or read-only, at some of their system calls.

`make faults` takes all.

Whatever happens: what was paid is kept or listed as unknown, nothing is paid twice, and what is stored is
whole.
"""

import pytest
from runs.world import far, integration

from faults import tracing, trial
from faults.run import scattered
from faults.scene import Fault, Scene

# How many points of a use are tried, of all kinds of fault together.
_SAMPLE = {
    "invoke": 12,
    "stream": 2,
    "job": 3,
    "batch": 2,
    "host": 3,
    "worker": 3,
    "add": 2,
    "rotate": 3,
    "migrate": 3,
}

pytestmark = pytest.mark.skipif(bool(tracing.missing()), reason=tracing.missing() or "it can be traced")


@pytest.fixture(scope="module")
def opened():
    with far() as opened:
        yield opened


@pytest.fixture(scope="module")
def scene(opened, tmp_path_factory):
    place = tmp_path_factory.mktemp("faults")
    made = Scene(place, integration(place / "integration", opened.url))
    yield made
    made.close()


@pytest.mark.parametrize("use", _SAMPLE)
def test_nothing_is_lost_and_nothing_is_paid_twice(opened, scene, use):
    """From all over the use, and with what its user does next."""
    kinds, outcomes = trial.USES[use].kinds, []
    for kind in kinds:
        points = scattered(trial.counted(scene, use, kind))
        share = -(-_SAMPLE[use] // len(kinds))
        outcomes += [trial.tried(scene, opened, use, Fault(kind, number)) for number in points[:share]]
    assert [(str(each.fault), each.wrong, str(each)) for each in outcomes if each.wrong] == []
    assert any(each.was_met for each in outcomes)


@pytest.mark.parametrize(("number", "paid"), [(1, 0), (-9, 1)])
def test_a_kill_is_met_where_it_was_asked_for(opened, scene, number, paid):
    """At the first call nothing is paid yet, and near the last everything is; no two runs have as many."""
    points = trial.counted(scene, "invoke", "kill")
    fault = Fault("kill", number % (points + 1))
    scene.clear()
    opened.http.post("/reset")
    ended = trial.USES["invoke"].act(scene, "a boat", fault)
    assert (ended.code, ended.counted, len(opened.paid())) == (-9, fault.number, paid)
