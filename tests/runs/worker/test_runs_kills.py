"""A worker may be killed at any moment, any number of times: no run is lost, and none is paid for twice."""

from runs import havoc
from runs.world import Nursery, asking, far, integration


def test_killed_again_and_again(tmp_path):
    """Eighty runs, a far side with faults, a worker that is killed twelve times. `make torture` does more."""
    with far() as opened:
        folder, home = integration(tmp_path / "integration", opened.url), tmp_path / "home"
        with asking(home, folder) as runs, Nursery(home, folder) as nursery:
            ids = havoc.submit(runs, 80)
            havoc.faults(opened, seed=7)
            killed = havoc.rampage(nursery, runs, ids, 12, seed=7, concurrency=4)
            counts = havoc.verdict(runs, ids, opened)
    assert killed == 12
    assert counts["succeeded", "success"] > 40
