"""A worker may be killed in the middle of a workflow, again and again: it pays for nothing twice."""

import random
import time
from collections import Counter

from runs.atelier import CONTINUE, SHEET, text
from runs.havoc import ENOUGH
from runs.world import Nursery, asking, far, integration, kill

from connector.runs.workflow import load
from connector.spec import loader
from connector.storage.runs.model import RunSpec

AGAIN = """\
  - id: again
    action: stable-image-core
    for_each: "{{ steps.draw.items }}"
    inputs: {prompt: "again {{ item.item }}"}
    on_failed: continue
"""
WORDS = [f"picture {number:02}" for number in range(12)]
KILLS = 5


def test_killed_again_and_again(tmp_path):
    """Twelve pictures, twelve more that need them, and a sheet."""
    with far() as opened:
        opened.fault("latency", seconds=0.2, probability=0.5, seed=11)
        folder, home = integration(tmp_path / "integration", opened.url), tmp_path / "home"
        with asking(home, folder) as runs, Nursery(home, folder) as nursery:
            workflow = load.from_text(text(CONTINUE, AGAIN, SHEET), loader.load(folder))
            run = runs.submit_workflow(workflow, RunSpec("test", {"words": WORDS}))
            _rampage(nursery, runs, run)
            ended, children = runs.get(run.id), runs.list(parent=run.id, limit=100)
            paid = Counter(opened.paid())

    good = [child for child in children if child.state == "succeeded"]
    drawn = [child for child in good if child.place.startswith("draw")]
    assert ended.state == "succeeded"
    assert len(children) == len({child.place for child in children}) == 24
    assert max(paid.values()) == 1
    assert all(paid[child.inputs["prompt"]] for child in good)
    assert {child.state for child in children} <= {"succeeded", "unknown"}
    assert (ended.outcome == "success") == (len(good) == 24)
    assert len(ended.result["outputs"]["files"]) == len(drawn)
    assert ended.credits == sum(child.credits or 0 for child in children)


def _rampage(nursery, runs, run):
    dice = random.Random(5)
    for _ in range(KILLS):
        pid = nursery.worker(concurrency=2)
        time.sleep(dice.uniform(0.2, 1.2))
        kill(pid)
    pid = nursery.worker(concurrency=2)
    until = time.monotonic() + ENOUGH
    while not runs.get(run.id).has_ended:
        assert time.monotonic() < until
        time.sleep(0.1)
    kill(pid)
