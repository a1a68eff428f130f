"""By whatever name something was handed to the durable engine, it is found under it after an upgrade."""

import asyncio
import inspect
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from connector.errors import DatabaseUnavailable
from connector.runs.durable import dbos_engine
from connector.runs.durable.queues import Queues
from connector.runs.worker import dbos_workflows
from connector.storage.database.database import Database
from connector.storage.runs.model import Run

FORMATS = Path(__file__).parents[2] / "cases" / "formats" / "engine.yaml"
PINNED = yaml.safe_load(FORMATS.read_text("utf-8"))


def a_run(number, **facts):
    return Run(f"run-{number}", 0, 0, "paint", "Paint", "studio", "", "sandbox", {}, **facts)


HANDED_OVER = {
    "an action somebody waits for": lambda queues: queues.add(a_run(0)),
    "a step": lambda queues: queues.add(a_run(1, parent="run-9")),
    "a batch's row": lambda queues: queues.add(a_run(2, batch="batch-9")),
    "a workflow": lambda queues: queues.add(a_run(3, kind="workflow")),
    "a batch": lambda queues: queues.feed("run-4"),
}


def test_names_and_version_are_those_of_ever():
    """Those of the application, of its place on a server, of its flows and of its queues."""
    engine = dbos_engine
    flows = [engine.RUN_ACTION, engine.RUN_WORKFLOW, engine.FEED_BATCH, engine.RUN_SCHEDULED]
    queues = [engine.URGENT, engine.ACTIONS, engine.WORKFLOWS, engine.BATCHES]
    assert {name: PINNED[name] for name in ("name", "version", "schema")} == {
        "name": engine.NAME,
        "version": engine.VERSION,
        "schema": engine.SCHEMA,
    }
    assert (flows, queues) == (PINNED["flows"], PINNED["queues"])


def test_what_is_handed_over_is_written_down_as_ever(tmp_path):
    """Under which name, in which queue, how urgent, for which version, and with its id alone."""
    with closing(Database(tmp_path / "connector.db")) as database, closing(Queues(database)) as queues:
        for hand_over in HANDED_OVER.values():
            hand_over(queues)
        given = {one.workflow_id: tuple(one.input["args"]) for one in queues.client.list_workflows()}
        rows = database.read(f"SELECT * FROM {dbos_engine.flows(database)} ORDER BY workflow_uuid")
    found = [
        {"of": of, "name": row["name"], "queue": row["queue_name"], "priority": row["priority"]}
        for of, row in zip(HANDED_OVER, rows, strict=True)
    ]
    assert found == PINNED["handed_over"]
    assert [row["workflow_uuid"] for row in rows] == [f"run-{number}" for number in range(5)]
    assert {row["application_version"] for row in rows} == {PINNED["version"]}
    assert {row["serialization"] for row in rows} == {"portable_json"}
    assert given == {row["workflow_uuid"]: (row["workflow_uuid"],) for row in rows}


class Engine:
    """What the engine is asked to do, in its order; every submission becomes a job."""

    def __init__(self):
        self.steps = []

    async def run_step_async(self, options, act, *given):
        self.steps.append(options["name"])
        return {"job": "job-1"}


@pytest.mark.parametrize("flow", PINNED["steps"])
def test_the_steps_of_a_flow_have_the_names_and_order_of_ever(flow, monkeypatch):
    """A flow that was begun by the version before goes on behind the step that it has done."""
    engine, anything = Engine(), SimpleNamespace()
    anything.actions = anything.workflows = SimpleNamespace(submit=None, finish=None, execute=None)
    monkeypatch.setattr(dbos_workflows, "DBOS", engine)
    monkeypatch.setattr(dbos_workflows, "at_work", lambda: anything)
    given = ["run-1"]
    if flow == "run_scheduled":
        given = [datetime(2025, 11, 22, tzinfo=UTC).isoformat(), {"schedule": "nightly"}]
    asyncio.run(inspect.unwrap(getattr(dbos_workflows, flow))(*given))
    assert engine.steps == PINNED["steps"][flow]


ASKED = {
    "feed": lambda queues: queues.feed("a-batch"),
    "again": lambda queues: queues.again(a_run(0)),
    "call_back": lambda queues: queues.call_back("a-run"),
    "take_up": lambda queues: queues.take_up(a_run(0)),
    "take_back": lambda queues: queues.take_back("a-run"),
}


@pytest.mark.parametrize("asked", ASKED)
def test_a_database_that_fails_the_engine_is_unavailable(tmp_path, asked):
    """Whatever is asked for, what it raises is no foreign exception: a full disk is no mistake of ours."""
    with closing(Database(tmp_path / "connector.db")) as database, closing(Queues(database)) as queues:
        assert queues.client
        database.write(f"DROP TABLE {dbos_engine.flows(database)}", {})
        with pytest.raises(DatabaseUnavailable, match="could not be used"):
            ASKED[asked](queues)
