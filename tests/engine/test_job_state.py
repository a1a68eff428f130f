"""What follows each poll of a job."""

from pathlib import Path

import pytest
import yaml

from connector.engine.job_state import Job, after, begin

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "job" / "steps.yaml").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["promise"] for case in CASES])
def test_step(case):
    """The verdict, and when the job is asked for again."""
    deadline = case.get("deadline", 5000)
    job = Job("inv", "up", "fetch", 10, 1000, deadline, polls=2, failures=case.get("failures_before", 0))
    step = after(job, case["outcome"], 1000, case.get("wait"))
    assert step.verdict == case["verdict"]
    assert step.job.polls == 3
    for name in ("next_poll", "failures"):
        assert getattr(step.job, name) == case.get(name, getattr(step.job, name))


def test_a_new_job_is_first_asked_for_after_its_interval():
    """And no longer than the upstream keeps it."""
    job = begin("inv", "up", "fetch", 10, 86400, 50)
    assert (job.next_poll, job.deadline) == (60, 86450)
    assert begin("inv", "up", "fetch", 10, None, 50).deadline is None
