"""Every point of every use, for `make faults`. It tells what it found, and fails where something was wrong.

python -m faults.run [--seconds N] [USE...]

Each use has so many seconds; where they are not enough, points from all over the use were tried.
"""

import argparse
import math
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from runs.world import far, integration

from faults import tracing, trial
from faults.scene import Fault, Scene

# With threads, a use makes a few calls more or fewer each time: the last points may be behind its end.
_UNMET = 0.2


def main():
    asked = _parser().parse_args()
    if why := tracing.missing():
        sys.exit(why)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    rows = []
    with tempfile.TemporaryDirectory(prefix="faults-") as name, far() as opened:
        scene = Scene(Path(name), integration(Path(name) / "integration", opened.url))
        try:
            for use in asked.uses or trial.USES:
                rows += disturbed(scene, opened, use, asked.seconds)
        finally:  # also where somebody stops it
            scene.close()
            print(f"\n{'use':14}{'fault':6}" + "".join(f"{name:>9}" for name in _COUNTED), flush=True)
            for use, kind, counts in rows:
                print(f"{use:14}{kind:6}" + "".join(f"{counts[name]:>9}" for name in _COUNTED), flush=True)
    wrong = sum(counts["wrong"] for _, _, counts in rows)
    unmet = [use for use, _, counts in rows if counts["unmet"] > counts["tried"] * _UNMET]
    sys.exit(f"{wrong} faults; too few points were met: {unmet or 'in none'}" if wrong or unmet else 0)


# Of the points: how many there are, were tried, and were not met, as the use had ended by then. Of the
# trials: how often it was paid, how much of it is kept, or is listed as unknown, how much of that list was
# not paid, and in how many something was wrong.
_COUNTED = ("points", "tried", "unmet", "paid", "kept", "unknown", "unpaid", "wrong", "seconds")


def _parser():
    parser = argparse.ArgumentParser(prog="faults.run")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("uses", nargs="*", metavar="USE", help=f"of {', '.join(trial.USES)}")
    return parser


def disturbed(scene, opened, use, seconds):
    """What came of each kind of fault at the points of a use."""
    began, kinds, rows = time.monotonic(), trial.USES[use].kinds, []
    for done, kind in enumerate(kinds, 1):
        counts = Counter(points=trial.counted(scene, use, kind))
        rows.append((use, kind, counts))
        start = time.monotonic()
        for number in scattered(counts["points"]):
            if time.monotonic() > began + seconds * done / len(kinds):
                break
            _count(counts, use, trial.tried(scene, opened, use, Fault(kind, number)))
        counts["seconds"] = round(time.monotonic() - start)
        print(f"{use}, {kind}: {dict(counts)}", flush=True)
    return rows


def _count(counts, use, outcome):
    counts["tried"] += 1
    counts["unmet"] += not outcome.was_met
    for name in ("paid", "kept", "unknown"):
        counts[name] += getattr(outcome, name)
    counts["unpaid"] += max(0, outcome.kept + outcome.unknown - outcome.paid)
    counts["wrong"] += bool(outcome.wrong)
    if outcome.wrong:
        print(f"  {use}, {outcome.fault}: {'; '.join(outcome.wrong)} ({outcome})", flush=True)


def scattered(count):
    """The numbers from 1 to ``count``, each once, so that any first few of them are from all over."""
    step = max(1, round(count * 0.618))
    while math.gcd(step, count) != 1:
        step += 1
    return [place * step % count + 1 for place in range(count)]


if __name__ == "__main__":
    main()
