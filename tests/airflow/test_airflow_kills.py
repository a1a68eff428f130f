"""Whatever is killed, at whatever moment: a DAG's run ends, and nothing is paid for twice.

Airflow's own services run here, with the sandbox behind a port that counts.
"""

import os
import signal
from pathlib import Path

import pytest
from PIL import Image
from port import SAMPLES
from runs.world import far as far_side
from runs.world import integration
from stage import HERE, Stage, until

DAGS = HERE / "dags/endured.py"
SERVICES = ("api-server", "scheduler", "dag-processor", "triggerer")
# Nobody waits so long; a test that wants the job to end moves the far side's clock.
_ENDLESS = 40_000


@pytest.fixture(scope="module")
def far():
    with far_side(job_seconds=_ENDLESS) as opened:
        yield opened


@pytest.fixture(scope="module")
def stage(tmp_path_factory, far):
    home = tmp_path_factory.mktemp("airflow")
    folder = integration(home / "integration", far.url)
    kept = {"password": "sk-airflow-0123456789", "extra": {"integration": str(folder), "environment": "far"}}
    with Stage(home / "home", [DAGS], far=kept) as opened:
        opened.serve(*SERVICES)
        yield opened


@pytest.fixture
def out(tmp_path):
    return f"{tmp_path}/out/"


def requests(far):
    return far.http.get("/requests").json()


def polls(far):
    return sum(one["method"] == "GET" for one in requests(far))


def sent(far, prompt):
    """How many requests told this prompt."""
    told = [part.get("value") for one in requests(far) for part in one.get("parts", ())]
    return told.count(prompt)


def begin(stage, dag, out):
    return stage.trigger(dag, image=str(SAMPLES / "room.png"), out=out)


def more_polls(far):
    """Waits until the job is asked for three times more."""
    before = polls(far)
    until(lambda: polls(far) >= before + 3, "polls")


def let_it_end(far):
    far.http.post("/clock", json={"advance": _ENDLESS + 10})


def ended(stage, run, state):
    until(lambda: stage.state(run) in ("success", "failed"), f"{run} ends")
    assert stage.state(run) == state, stage.logs()
    return stage.state(run, "task")


def test_a_deferred_job_survives_the_triggerer(stage, far, out):
    """It is killed while it asks; another one goes on from what Airflow's database keeps of the trigger."""
    run = begin(stage, "deferred", out)
    until(lambda: stage.state(run, "task") == "deferred", "it is deferred")
    more_polls(far)
    stage.kill("triggerer")
    let_it_end(far)
    assert stage.state(run, "task") == "deferred"
    stage.serve("triggerer")
    ended(stage, run, "success")
    told = stage.given(run, "task")
    with Image.open(told["path"]) as picture:
        picture.load()
    assert Path(told["path"]).parent == Path(out)
    assert (sent(far, "deferred"), far.paid().count("deferred")) == (1, 1)


def test_a_deferred_task_that_is_cleared_goes_on_with_its_job(stage, far, out):
    """The job is not started again."""
    run = begin(stage, "deferred", out)
    until(lambda: stage.state(run, "task") == "deferred", "it is deferred")
    more_polls(far)
    asked = sent(far, "deferred")
    stage.clear("deferred", run)
    until(lambda: stage.task(run)["try_number"] > 1 and stage.state(run, "task") == "deferred", "it goes on")
    more_polls(far)
    let_it_end(far)
    ended(stage, run, "success")
    assert sent(far, "deferred") == asked


def test_the_form_and_its_button_work_over_the_api(stage):
    """As the page of connections asks."""
    kinds = {one["connection_type"]: one for one in stage.ui("/connections/hook_meta")}
    fields = kinds["connector"]["extra_fields"]
    assert {*fields} == {"environment", "integration", "connection", "credential", "cap"}
    assert fields["credential"]["schema"]["format"] == "password"
    asked = {"connection_id": "typed", "conn_type": "connector", "extra": '{"environment": "sandbox"}'}
    told = stage.http.post("/connections/test", json=asked).json()
    assert (told["status"], told["message"].partition(";")[0]) == (True, "the key works")


def test_a_job_that_is_waited_for_survives_its_worker(stage, far, out):
    """The machine dies with scheduler, worker and task; the retry goes on with the job."""
    run = begin(stage, "waited", out)
    until(lambda: sent(far, "waited"), "it is started")
    more_polls(far)
    stage.kill("scheduler")
    let_it_end(far)
    stage.serve("scheduler")
    ended(stage, run, "success")
    assert stage.task(run)["try_number"] > 1
    assert (sent(far, "waited"), far.paid().count("waited")) == (1, 1)


def test_a_request_whose_task_was_killed_is_not_sent_again(stage, far, out):
    """Its answer is lost, and it is paid for: the retry says what a person is to do, and fails for good."""
    far.fault("latency", path="*core*", seconds=6000, next=1)
    run = begin(stage, "slow", out)
    until(lambda: "slow" in far.paid(), "it is paid for")
    os.kill(stage.task(run)["pid"], signal.SIGKILL)
    ended(stage, run, "failed")
    assert stage.task(run)["try_number"] > 1
    assert (sent(far, "slow"), far.paid().count("slow")) == (1, 1)
    assert any("connector jobs mark" in said for said in stage.logs().values())
