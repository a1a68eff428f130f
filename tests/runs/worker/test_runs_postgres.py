"""Workers of many machines share a database: what one leaves another takes up, and pays nothing twice."""

import random
import time

from runs import havoc
from runs.world import Nursery, asking, far, integration, kill


def test_one_of_two_is_killed_again_and_again(tmp_path, postgres_url):
    """Two workers, a far side with faults, and one of the two dies ten times: every run ends, once paid."""
    dice, home = random.Random(11), tmp_path / "home"
    with far() as opened:
        folder = integration(tmp_path / "integration", opened.url)
        with asking(home, folder, postgres_url) as runs, Nursery(home, folder, postgres_url) as nursery:
            ids = havoc.submit(runs, 100)
            havoc.faults(opened, seed=11)
            steady, killed = nursery.worker(concurrency=2), 0
            while killed < 10 and havoc.left(runs, ids):
                pid = nursery.worker(concurrency=2)
                time.sleep(dice.uniform(0.3, 1.5))
                kill(pid)
                killed += 1
            havoc.await_end(runs, ids)
            kill(steady)
            counts = havoc.verdict(runs, ids, opened)
    assert killed > 3
    assert counts["succeeded", "success"] > 50
