"""Two hundred kills over a thousand runs, for `make torture`. It takes minutes, and tells how the runs ended.

python tests/runs/torture.py [RUNS] [KILLS] [SEED]
"""

import sys
import tempfile
import time
from pathlib import Path

from runs import havoc
from runs.world import Nursery, asking, far, integration


def main(count=1000, kills=200, seed=0):
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="torture-") as name, far() as opened:
        folder, home = integration(Path(name) / "integration", opened.url), Path(name) / "home"
        with asking(home, folder) as runs, Nursery(home, folder) as nursery:
            ids = havoc.submit(runs, count)
            havoc.faults(opened, seed=seed)
            killed = havoc.rampage(nursery, runs, ids, kills, seed=seed, concurrency=2)
            counts = havoc.verdict(runs, ids, opened)
    took = time.monotonic() - began
    print(f"{count} runs, {killed} kills, {took:.0f} s, seed {seed}; none was paid for twice")
    for (state, outcome), times in counts.most_common():
        print(f"  {state:12}{outcome:24}{times:>6}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
