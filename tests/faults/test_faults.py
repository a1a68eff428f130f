"""A paid use that is killed, or finds the disk full, at some of its system calls; `make faults` takes all.

Whatever happens: what was paid is kept or listed as unknown, nothing is paid twice.
"""

import pytest
from runs.world import far, integration

from faults import injection, trial, uses

_SAMPLE = 28


@pytest.fixture(scope="module")
def opened():
    with far() as opened:
        yield opened


@pytest.mark.skipif(bool(injection.missing()), reason=injection.missing() or "strace is there")
def test_nothing_paid_is_lost_and_nothing_is_paid_twice(opened, tmp_path):
    """Each n-th point of the command line's invocation, from the reservation to the end."""
    scene = uses.Scene(tmp_path, integration(tmp_path / "integration", opened.url))
    found = trial.listed(scene, opened, "invoke")
    chosen = found[:: max(1, len(found) // _SAMPLE)]
    outcomes = [trial.tried(scene, opened, "invoke", point) for point in chosen]
    assert [(str(each.point), each.faults, each) for each in outcomes if each.faults] == []
    kills = [each for each in outcomes if each.point.kills]
    assert sum(each.was_killed for each in kills) >= len(kills) * 0.8  # a few may go another way
    assert {bool(each.kept) for each in kills} == {True, False}  # before it was paid, and after
