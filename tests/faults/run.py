"""Every point of every use, for `make faults`. It takes a while, and tells what it found.

python -m faults.run [USE...]
"""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from runs.world import far, integration

from faults import injection, trial, uses


def main(names):
    if why := injection.missing():
        sys.exit(why)
    faults = 0
    with tempfile.TemporaryDirectory(prefix="faults-") as name, far() as opened:
        folder = integration(Path(name) / "integration", opened.url)
        for use in names or uses.USES:
            faults += disturbed(uses.Scene(Path(name), folder), opened, use)
    sys.exit(f"{faults} faults" if faults else 0)


def disturbed(scene, opened, use):
    """How many points of a use ended as they must not."""
    began, ended, wrong = time.monotonic(), Counter(), 0
    found = trial.listed(scene, opened, use)
    for point in found:
        outcome = trial.tried(scene, opened, use, point)
        ended[point.fault, _in_words(outcome)] += 1
        if outcome.faults:
            wrong += 1
            print(f"  {use}, {point}: {', '.join(outcome.faults)}; {outcome}", flush=True)
    kills = sum(times for (_, words), times in ended.items() if words.startswith("killed"))
    took = time.monotonic() - began
    print(f"{use}: {len(found)} points, {kills} kills in {took:.0f} s, {wrong} of them wrong")
    for (fault, words), times in sorted(ended.items()):
        print(f"  {fault:14}{words:40}{times:>6}", flush=True)
    return wrong


def _in_words(outcome):
    # Where a use goes another way than when it was listed, a point may not be reached.
    how = "killed: " if outcome.was_killed else "not reached: " if outcome.point.kills else ""
    if outcome.kept:
        return f"{how}paid, and kept"
    if outcome.unknown:
        return f"{how}{'paid' if outcome.paid else 'not paid'}, and unknown"
    return f"{how}not paid"


if __name__ == "__main__":
    main(sys.argv[1:])
