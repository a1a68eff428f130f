"""A worker may be killed at any moment, any number of times: no run is lost, and none is paid for twice."""

from runs import havoc
from runs.world import Nursery, asking, far, integration


def test_killed_again_and_again(tmp_path):
    """Two hundred runs, a far side with faults, and a worker that is killed twenty-five times."""
    with far() as opened:
        folder, home = integration(tmp_path / "integration", opened.url), tmp_path / "home"
        with asking(home, folder) as runs, Nursery(home, folder) as nursery:
            ids = havoc.submit(runs, 200)
            havoc.faults(opened, seed=7)
            killed = havoc.rampage(nursery, runs, ids, 25, seed=7, concurrency=4)
            counts = havoc.verdict(runs, ids, opened)
    assert killed == 25
    assert counts["succeeded", "success"] > 100
