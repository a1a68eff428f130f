"""The workflows that ship are worth having: each does by its own example what it says, on the sandbox."""

import asyncio
from dataclasses import replace

import pytest
from port import INTEGRATION, PLENTY, TinyStudio
from upstream import KEY

from connector.engine.connector import Connector
from connector.engine.http.transport import HttpTransport
from connector.engine.sources import Sources
from connector.runs.service.durable_runs import DurableRuns
from connector.runs.worker.worker import Worker
from connector.runs.workflow import cost, load
from connector.sandbox import InProcess, Sandbox, Settings, studio
from connector.storage.files.store import FileStore
from connector.storage.runs.model import RunSpec

# The sandbox's time runs so fast that its floor is kept, and nobody waits for it.
SPEED = 100
PATIENCE = 120


class Studio(TinyStudio):
    """What is drawn from words alone is small; what is made of a picture is as large as it is to be."""

    def make(self, operation, fields, files, seed, *, filtered=False):
        make = studio.make if files else super().make
        return make(operation, fields, files, seed, filtered=filtered)


def impatient():
    """The shipped integration, whose jobs are asked for often."""
    quick = {
        id: replace(action, job=replace(action.job, interval=0.2)) if action.job else action
        for id, action in INTEGRATION.actions.items()
    }
    return replace(INTEGRATION, actions=quick)


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """Each workflow's run as it ended, by its id, all done by one worker; and where their files are."""
    home, integration = tmp_path_factory.mktemp("home"), impatient()
    sandbox = Sandbox(Settings(credits=PLENTY, speed=SPEED, strict_fields=True), studio=Studio())
    with Connector(integration, home=home, environ={}) as connector:
        files = FileStore(connector.workspace.database, home / "files")
        runs = DurableRuns([connector], files, sources=Sources())
        done = asyncio.run(_all(home, integration, runs, HttpTransport(InProcess(sandbox))))
        yield done, runs, files
        runs.close()


async def _all(home, integration, runs, transport):
    async with Worker(home, [integration], transport=transport, environ={"STABILITY_API_KEY": KEY}):
        begun = [await asyncio.to_thread(submit, runs, integration, id) for id in load.names(integration)]
        ended = [await asyncio.to_thread(runs.wait, run.id, PATIENCE) for run in begun]
    return {run.action: run for run in ended}


def submit(runs, integration, id):
    workflow = load.find(integration, id)
    given = {
        name: workflow.source.parent / value if name in workflow.files else value
        for name, value in workflow.examples[0].arguments.items()
    }
    return runs.submit_workflow(workflow, RunSpec(id, given, "sandbox"))


@pytest.mark.parametrize("id", load.names(INTEGRATION))
def test_it_is_done_whole_at_the_price_that_was_told(ended, id):
    """And every picture that it promises is there."""
    run, files = ended[0][id], ended[2]

    told = cost.estimate(load.kept(run.definition), INTEGRATION, run.inputs)
    assert (run.state, run.outcome, run.error) == ("succeeded", "success", None)
    assert told.low <= run.credits <= told.high
    assert set(run.result["outputs"]) == set(load.kept(run.definition).outputs)
    assert all(files.resolve(one).type == "image/png" for one in _files(run.result["outputs"]))
    assert run.thumbnail is not None


def _files(value):
    if isinstance(value, str):
        return [value] if value.startswith("file:") else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [found for one in inner for found in _files(one)]


def _sizes(ended, id, name):
    run, _, files = ended[0][id], ended[1], ended[2]
    return [(one.width, one.height) for one in map(files.resolve, _files(run.result["outputs"][name]))]


def test_product_shots_set_a_product_into_each_scene(ended):
    """And enlarge each picture four times."""
    small, large = _sizes(ended, "product-shots", "pictures"), _sizes(ended, "product-shots", "large")

    assert len(small) == 2
    assert large == [(4 * width, 4 * height) for width, height in small]


def test_a_storyboard_has_its_frames_in_their_order(ended):
    """One for each line, with its own seed."""
    run, runs, _ = ended[0]["storyboard"], ended[1], ended[2]

    frames = sorted(runs.list(parent=run.id, limit=100), key=lambda one: one.place)
    assert [one.inputs["prompt"].partition(",")[0] for one in frames] == run.inputs["lines"]
    assert [one.result["seed"] for one in frames] == [7, 8, 9, 10]
    assert run.result["outputs"]["frames"] == [f"file:{one.file}" for one in frames]


def test_what_is_restored_is_larger(ended):
    """By the conservative upscale, to some four megapixels."""
    [(width, height)] = _sizes(ended, "restore", "restored")

    assert 3_500_000 < width * height < 4_500_000


def test_variations_stand_side_by_side_with_their_cost(ended):
    """Each model with each seed."""
    run, runs, _ = ended[0]["variations"], ended[1], ended[2]

    made = runs.list(parent=run.id, limit=100)
    asked = sorted((one.inputs.get("model", "core"), one.inputs["seed"]) for one in made)
    models = ["core", "sd3.5-flash", "sd3.5-large", "sd3.5-medium"]
    assert asked == [(model, seed) for model in models for seed in (7, 21)]
    assert run.result["outputs"]["credits"] == {"ultra": 0, "core": 6, "diffusion": 25}
