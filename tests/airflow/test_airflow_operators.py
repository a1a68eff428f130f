"""Tasks: what they hand on, where their files go, and what happens when Airflow calls them again."""

import asyncio
import json
import threading
import time
from pathlib import Path

import httpx
import pytest
from airflow.jobs.triggerer_job_runner import TriggerRunner
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from office import CORE, KEY, UPSCALE, Office
from port import SAMPLES
from upstream import JOB_ID, PNG, answer, picture, started

from connector import Connector
from connector.airflow.operators import InvokeOperator, JobOperator
from connector.airflow.trigger import JobTrigger
from connector.runs.service.durable_runs import DurableRuns
from connector.storage.home import home as default_home

BROKEN = httpx.ReadError("it broke")
ROOM = str(SAMPLES / "room.png")


@pytest.fixture
def office(monkeypatch, tmp_path):
    return Office(monkeypatch, tmp_path)


def invoke(office, action=CORE, given=None, **told):
    arguments = given or {"prompt": "a boat"}
    return InvokeOperator(task_id="picture", action=action, arguments=arguments, **told)


def job(office, **told):
    arguments = {"prompt": "a boat", "image": ROOM}
    return JobOperator(task_id="picture", action=UPSCALE, arguments=arguments, **told)


def test_a_result_is_on_disk_and_facts_are_handed_on(office):
    """Small ones, as Airflow's database keeps them."""
    told = office.attempt(invoke(office, target=f"{office.out}/"))
    assert Path(told["path"]).read_bytes() == PNG
    facts = {name: told[name] for name in ("type", "bytes", "seed", "credits", "billed", "outcome")}
    assert facts == {
        "type": "image/png",
        "bytes": len(PNG),
        "seed": 5,
        "credits": 3,
        "billed": "yes",
        "outcome": "success",
    }
    assert len(json.dumps(told)) < 1000
    assert len(told["sha256"]) == 64


def test_without_a_target_the_file_stays_with_the_connector(office):
    """And a later task is given it."""
    room = Path(ROOM).read_bytes()
    office.upstream.answers = [httpx.Response(200, content=room, headers={"content-type": "image/png"})]
    first = office.attempt(invoke(office))
    assert first["file"].startswith("file:")
    assert "path" not in first
    office.task_id = "larger"
    assert office.attempt(invoke(office, "remove-background", {"image": first}))["outcome"] == "success"
    assert room in office.upstream.requests[-1].content


def test_an_answer_that_is_no_file_is_handed_on(office):
    """It costs nothing, so each attempt asks anew."""
    office.upstream.answers = [answer(200, {"credits": 7}), answer(200, {"credits": 6})]
    told = [office.attempt(invoke(office, "balance", {"x": None})) for _ in range(2)]
    assert [one["value"] for one in told] == [{"credits": 7}, {"credits": 6}]


def test_an_answer_that_is_no_file_is_written_to_a_target(office):
    office.upstream.answers = [answer(200, {"credits": 7})]
    told = office.attempt(invoke(office, "balance", {"x": None}, target=office.out / "balance.json"))
    assert json.loads(Path(told["path"]).read_text()) == {"credits": 7}


def test_a_task_that_succeeded_and_is_cleared_pays_nothing(office):
    """Its result is written again where it is gone, and left where it is there."""
    operator = invoke(office, target=office.out / "boat.png")
    first = office.attempt(operator)
    assert office.attempt(operator) == first
    Path(first["path"]).unlink()
    assert office.attempt(operator) == first
    assert (Path(first["path"]).read_bytes(), office.posts()) == (PNG, 1)


def test_nothing_that_another_wrote_is_overwritten(office):
    """It is told before anything is sent."""
    office.out.mkdir()
    (office.out / "boat.png").write_bytes(b"mine")
    with pytest.raises(AirflowFailException, match="Nothing was sent"):
        office.attempt(invoke(office, target=office.out / "boat.png"))
    assert ((office.out / "boat.png").read_bytes(), office.posts()) == (b"mine", 0)


def test_two_tasks_have_one_folder(office):
    """Also where action, seed and content are the same."""
    first = office.attempt(invoke(office, target=f"{office.out}/"))
    office.task_id = "another"
    second = office.attempt(invoke(office, target=office.out))
    assert first["path"] != second["path"]


def test_mistakes_fail_at_once_with_every_field(office):
    """Trying again cannot help."""
    with pytest.raises(AirflowFailException) as raised:
        office.attempt(invoke(office, given={"prompt": "", "seed": -1, "style_preset": "none"}))
    assert all(field in str(raised.value) for field in ("prompt:", "seed:", "style_preset:"))
    with pytest.raises(AirflowFailException, match=r"image: there is no file"):
        office.attempt(invoke(office, "erase", {"image": "none.png"}))
    with pytest.raises(AirflowFailException, match="stable-image-core"):
        office.attempt(invoke(office, "stable-image-cor"))
    assert office.posts() == 0


# What the upstream answers; whether Airflow is to try again; how many more requests leave when it does.
ENDINGS = {
    "it was refused as too busy": ([answer(503)] * 4, True, 1),
    "the key is refused": ([answer(401, {"errors": ["no"]})], False, 1),
    "there are no credits": ([answer(402, {"errors": ["no"]})], False, 1),
    "the answer is lost": ([BROKEN], False, 0),
    "it failed and may have cost": ([answer(500)], False, 0),
    "the answer is no picture": ([answer(200, {"no": "picture"})], False, 0),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_failure_says_whether_to_try_again(office, monkeypatch, ending):
    """What is known not to have run is sent again; what may have been paid for never, whoever clears it."""
    monkeypatch.setattr("connector.storage.blocking.Threads.sleep", _no_sleep)
    answers, retryable, more = ENDINGS[ending]
    office.upstream.answers = [*answers]
    operator = invoke(office, target=office.out / "boat.png")
    with pytest.raises(AirflowException) as raised:
        office.attempt(operator)
    assert isinstance(raised.value, AirflowFailException) is not retryable
    if more:
        office.attempt(operator)
    else:
        with pytest.raises(AirflowFailException, match="may have been paid for"):
            office.attempt(operator)
    assert office.posts() == len(answers) + more


async def _no_sleep(self, seconds):
    """The time passes."""


def test_what_a_filter_delivered_is_kept(office):
    """The failure says where; the policy of the task may take it for a success."""
    filtered = picture(finish_reason="CONTENT_FILTERED")
    office.upstream.answers = [filtered, filtered]
    with pytest.raises(AirflowFailException, match="is kept as file:"):
        office.attempt(invoke(office))
    told = office.attempt(invoke(office, on_filtered="return"))
    assert (told["outcome"], told["finish_reason"]) == ("filtered", "CONTENT_FILTERED")


def test_what_is_unknown_is_decided_by_a_person(office):
    """The failure says how; then the task is cleared."""
    office.upstream.answers = [BROKEN]
    operator = invoke(office, target=office.out / "boat.png")
    with pytest.raises(AirflowFailException, match="connector jobs mark") as raised:
        office.attempt(operator)
    run_id = str(raised.value).partition("jobs mark ")[2].split()[0]
    with Connector(home=default_home()) as connector:
        runs = DurableRuns([connector], connector.workspace.files)
        assert [run.id for run in runs.unknown.list()] == [run_id]
        runs.unknown.settle(run_id, paid=False)
    assert office.attempt(operator)["outcome"] == "success"
    assert office.posts() == 2


def test_a_job_is_deferred_and_fetched(office, monkeypatch):
    """The worker starts it, the triggerer asks for it, a worker delivers it."""
    monkeypatch.setattr("connector.storage.blocking.Threads.sleep", _no_sleep_at_all(monkeypatch))
    office.upstream.answers = [started(), picture()]
    operator = job(office, target=f"{office.out}/")
    trigger = office.attempt(operator)
    assert isinstance(trigger, JobTrigger)
    told = office.finish(operator, asyncio.run(_fired(trigger)))
    assert (Path(told["path"]).read_bytes(), told["job_id"], told["credits"]) == (PNG, JOB_ID, 60)
    assert [request.method for request in office.upstream.requests] == ["POST", "GET"]


def _no_sleep_at_all(monkeypatch):
    """Time passes for the ledger too: the world's clock is what was slept further on."""
    now, slept = time.time, [0.0]
    monkeypatch.setattr("time.time", lambda: now() + slept[0])

    async def sleep(self, seconds):
        slept[0] += seconds

    return sleep


async def _fired(trigger):
    """The event of a trigger that was made anew from what Airflow's database keeps of it."""
    path, kwargs = trigger.serialize()
    assert json.loads(json.dumps(kwargs)) == kwargs
    assert path == f"{JobTrigger.__module__}.{JobTrigger.__qualname__}"
    return (await anext(JobTrigger(**kwargs).run())).payload


def test_a_trigger_holds_no_secret(office):
    """Airflow's database keeps it."""
    office.upstream.answers = [started()]
    trigger = office.attempt(job(office))
    assert {*trigger.serialize()[1]} == {"connector_conn_id", "run_id"}
    assert "TOPSECRET" not in repr(trigger)


def test_a_deferred_task_that_is_cleared_goes_on_with_its_job(office):
    """It defers once more, and nothing is started."""
    office.upstream.answers = [started()]
    first = office.attempt(job(office))
    again = office.attempt(job(office))
    assert (first.run_id, office.posts()) == (again.run_id, 1)


def test_a_job_that_cannot_be_asked_for_fails_and_goes_on_when_cleared(office, monkeypatch):
    """The key was revoked meanwhile; nothing is started again by itself."""
    monkeypatch.setattr("connector.storage.blocking.Threads.sleep", _no_sleep_at_all(monkeypatch))
    office.upstream.answers = [started(), answer(401, {"errors": ["no"]}), picture()]
    operator = job(office)
    event = asyncio.run(_fired(office.attempt(operator)))
    with pytest.raises(AirflowFailException, match="if the task is cleared, it is asked for again"):
        office.finish(operator, event)
    event = asyncio.run(_fired(office.attempt(operator)))
    assert office.finish(operator, event)["outcome"] == "success"
    assert [request.method for request in office.upstream.requests] == ["POST", "GET", "GET"]


def test_a_trigger_that_is_stopped_is_taken_over(office, monkeypatch):
    """The triggerer ends in good order; what it asked for goes on from what was written down."""
    office.upstream.answers = [started()]
    operator = job(office)
    trigger = office.attempt(operator)

    async def stopped():
        asking = asyncio.ensure_future(_fired(trigger))
        await asyncio.sleep(0.3)
        asking.cancel()
        await asyncio.wait({asking})

    asyncio.run(stopped())
    monkeypatch.setattr("connector.storage.blocking.Threads.sleep", _no_sleep_at_all(monkeypatch))
    office.upstream.answers = [picture()]
    assert office.finish(operator, asyncio.run(_fired(trigger)))["outcome"] == "success"
    assert office.posts() == 1


def test_a_trigger_whose_task_is_cleared_says_what_becomes_of_the_job(office, capsys):
    """Airflow's own runner of triggers cancels it, and tells it why only if its reason comes through."""
    office.upstream.answers = [started()]
    trigger = office.attempt(job(office))
    runner = TriggerRunner()

    async def cleared():
        asking = asyncio.ensure_future(runner.run_trigger(1, trigger))
        runner.triggers[1] = {"task": asking, "is_watcher": False, "name": "job", "events": 0}
        await asyncio.sleep(0.3)
        runner.to_cancel.append(1)
        await runner.cancel_triggers()
        await asyncio.wait({asking})

    asyncio.run(cleared())
    assert "if the task is cleared, it goes on with this job" in capsys.readouterr().out


def test_many_jobs_are_asked_for_by_one_triggerer(office, monkeypatch):
    """They share a connector: threads and connections to the database do not grow with them."""
    monkeypatch.setattr("connector.storage.blocking.Threads.sleep", _no_sleep_at_all(monkeypatch))
    triggers = []
    for number in range(12):
        office.task_id = f"job-{number}"
        office.upstream.answers = [answer(200, {"id": f"{number:064}"})]
        triggers.append(office.attempt(job(office)))
    made = []
    monkeypatch.setattr("connector.airflow.hook.NamedRuns", _counted(monkeypatch, made))

    async def all_of_them():
        return await asyncio.gather(*map(_fired, triggers))

    assert [event["run_id"] for event in asyncio.run(all_of_them())] == [each.run_id for each in triggers]
    assert len(made) == 1


def _counted(monkeypatch, made):
    from connector.runs.service.named_runs import NamedRuns

    def make(*given, **options):
        made.append(NamedRuns(*given, **options))
        return made[-1]

    return make


def test_a_mapped_task_has_uses_of_its_own(office):
    """Each by its index."""
    mapped = InvokeOperator.partial(task_id="mapped", action=CORE).expand(
        arguments=[{"prompt": "a boat"}, {"prompt": "a boat"}]
    )
    assert mapped.operator_class is InvokeOperator
    runs = []
    for office.map_index in (0, 1, 1):
        runs.append(office.attempt(invoke(office))["run_id"])
    assert runs[0] != runs[1] == runs[2]


def test_what_answers_at_once_is_no_job(office):
    with pytest.raises(AirflowFailException, match="InvokeOperator"):
        office.attempt(JobOperator(task_id="picture", action=CORE))


def test_a_stopped_task_leaves_its_job(office):
    """Whoever waits in a worker stops asking; the job is gone on with by the next attempt."""
    office.upstream.answers = [started()]
    operator = invoke(office, UPSCALE, {"prompt": "a boat", "image": ROOM})

    with pytest.raises(AirflowException, match="no longer asked for"):
        _attempt_and_kill(office, operator)
    assert office.posts() == 1


def _attempt_and_kill(office, operator):
    """What SIGTERM does in Airflow, as soon as the job is waited for."""

    def kill():
        while operator._stop is None:
            time.sleep(0.01)
        operator.on_kill()

    threading.Thread(target=kill, daemon=True).start()
    return office.attempt(operator)


def test_another_environment_than_the_connection_s(office):
    """A sandbox brings its own credential; all else needs one."""
    assert office.attempt(invoke(office, environment="sandbox"))["environment"] == "sandbox"
    assert KEY not in office.upstream.requests[-1].headers["authorization"]
    with pytest.raises(AirflowFailException, match="has no environment 'staging'"):
        office.attempt(invoke(office, environment="staging"))


def test_what_is_wrong_with_the_connection_is_told(office):
    """At its field, before anything is sent."""
    office.connection(password=KEY, extra={"connection": "work", "cap": "much"})
    with pytest.raises(AirflowFailException, match=r"(?s)cap: must be.*connection: has a secret"):
        office.attempt(invoke(office))


def test_a_cap_refuses_before_it_spends(office):
    """It stands in the connection."""
    office.connection(password=KEY, extra={"cap": 2})
    with pytest.raises(AirflowFailException, match="may spend 2 credits a day"):
        office.attempt(invoke(office))
    assert office.posts() == 0
