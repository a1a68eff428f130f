"""What is begun next follows from how what was begun has ended, and from nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.runs.workflow.model import Step, Workflow
from connector.runs.workflow.progress import SKIPPED, Stop, WorkflowProgress
from connector.spec import yaml_lines

CASES: list[dict[str, Any]] = yaml_lines.read(
    Path(__file__).parents[2] / "cases/workflow/progress.yaml"
).value
REQUIRED = {"draw": ["prompt"], "paint": ["image"]}
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case["about"])


def _progress(case: dict[str, Any]) -> WorkflowProgress:
    steps = tuple(Step(title=step["id"], **step) for step in case["steps"])
    workflow = Workflow("test", "Test", "", {}, steps, case.get("outputs", {}))
    return WorkflowProgress(workflow, case.get("inputs", {}), lambda step: REQUIRED[step.action or ""])


def _begun(progress: WorkflowProgress) -> dict[str, Any]:
    return {task.place: task.arguments for task in progress.next()}


@every_case
def test_a_run_goes_on_as_its_steps_end(case: dict[str, Any]) -> None:
    """Round by round: what is told, and what is begun then."""
    progress = _progress(case)

    for number, told in enumerate(case["rounds"]):
        for place, facts in told.get("ended", {}).items():
            progress.end(place, facts)
        assert _begun(progress) == told.get("begun", {}), f"round {number + 1}"

    ends = case["ends"]
    assert progress.is_over
    assert progress.is_whole == ends["whole"]
    assert progress.stop == (Stop(**ends["stop"]) if "stop" in ends else None)
    assert progress.outputs() == ends.get("outputs", {})


@every_case
def test_a_run_that_is_taken_up_again_goes_on_as_it_would_have(case: dict[str, Any]) -> None:
    """After each round somebody else is told all that has ended, in another order, and comes as far."""
    told: dict[str, Any] = {}
    for number, one in enumerate(case["rounds"]):
        told |= one.get("ended", {})
        again, begun = _progress(case), {}
        while fresh := _begun(again):
            begun |= fresh
            for place in reversed([place for place in fresh if place in told]):
                again.end(place, told[place])
        known = {
            place: given
            for each in case["rounds"][: number + 1]
            for place, given in each.get("begun", {}).items()
        }
        # Of what stopped it, another may be told first; nothing is begun that was not.
        assert begun.items() <= known.items() if "stop" in case["ends"] else begun == known


def test_nothing_is_begun_after_a_halt() -> None:
    """What was about to be is told as skipped, and the run is over."""
    progress = _progress(CASES[0])
    [task] = progress.next()

    progress.halt(Stop("first", "cap_reached", "too dear"))
    progress.end(task.place, {"outcome": SKIPPED})

    assert (progress.next(), progress.is_over) == ([], True)
    assert progress.stop == Stop("first", "cap_reached", "too dear")


def test_the_first_reason_to_stop_stands() -> None:
    """Others that come while the rest ends do not hide it."""
    progress = _progress(CASES[1])
    progress.next()

    progress.end("one", {"outcome": "moderated", "message": "first"})
    progress.end("other", {"outcome": "unknown", "message": "second"})

    assert progress.stop is not None
    assert progress.stop.message == "first"
