"""Whoever executes runs of workflows wakes when a step has ended, and survives their mistakes."""

import asyncio

import pytest
from runs.atelier import SHEET, STOP, Atelier
from runs.desk import Patient, work

from connector.runs.worker.advance_workflow import WorkflowAdvance
from connector.runs.worker.execute_workflow import WorkflowExecutor


@pytest.fixture
def studio(tmp_path):
    return Atelier(tmp_path)


def workflows(studio):
    connectors = {studio.integration.id: studio.connector}
    return WorkflowExecutor(connectors, studio.history, studio.files, studio.runs, io=Patient(studio.clock))


def test_a_worker_executes_a_run_to_its_end(studio):
    """It wakes when a step has ended, and tells of the end."""
    run = studio.begin(STOP, SHEET)
    heard = []

    async def both():
        doing = WorkflowExecutor(
            {studio.integration.id: studio.connector},
            studio.history,
            studio.files,
            studio.runs,
            on_change=heard.append,
        )
        executing = asyncio.create_task(doing.execute(run.id))
        while not studio.handed.runs:
            await asyncio.sleep(0.001)
        assert doing.at_work == {run.id}
        child = studio.handed.runs.pop()
        await work(studio.actions(), child)
        doing.hear(studio.history.get(child.id))
        await executing
        doing.close()

    asyncio.run(both())

    assert [(one.id, one.outcome) for one in heard] == [(run.id, "success")]


def test_a_run_of_a_mistake_ends_and_says_so(studio, monkeypatch):
    """The worker goes on with others."""
    run = studio.begin(STOP, SHEET)
    monkeypatch.setattr(WorkflowAdvance, "look", lambda course: 1 / 0)

    asyncio.run(workflows(studio).execute(run.id))

    ended = studio.history.get(run.id)
    assert (ended.state, "ZeroDivisionError" in ended.error["message"]) == ("failed", True)


def test_a_definition_that_cannot_be_read_ends_the_run(studio):
    """Somebody changed the database by hand."""
    run = studio.begin(STOP, SHEET)
    studio.history.change(run.id, definition="steps: [")

    asyncio.run(workflows(studio).execute(run.id))

    ended = studio.history.get(run.id)
    assert (ended.state, ended.outcome) == ("failed", "invalid_spec")
