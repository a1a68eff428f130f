"""Airflow's own commands: the provider is listed, its connection tested, and a DAG runs to its end."""

import pytest
from PIL import Image
from stage import HERE, Stage

import connector

EXAMPLE = HERE.parents[1] / "docs/enlarged.py"


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    with Stage(
        tmp_path_factory.mktemp("airflow"),
        [EXAMPLE],
        connector_default={"extra": {"environment": "sandbox"}},
        wrong={"extra": {"environment": "sandbax"}},
    ) as opened:
        yield opened


def test_the_provider_is_listed(stage):
    """With its version, and the connection type that it brings."""
    listed = {one["package_name"]: one["version"] for one in stage.json("providers", "list")}
    assert listed["stability-connector"] == connector.__version__
    hooks = {one["connection_type"]: one for one in stage.json("providers", "hooks")}
    assert hooks["connector"]["class"] == "connector.airflow.hook.ConnectorHook"
    assert hooks["connector"]["conn_id_attribute_name"] == "connector_conn_id"


def test_a_connection_is_tested(stage):
    """By the cheapest authenticated call."""
    assert "Connection success" in stage.run("connections", "test", "connector_default")
    told = stage.run("connections", "test", "wrong", check=False)
    assert "Connection failed" in told
    assert "sandbax" in told


def test_a_dag_runs_to_its_end(stage):
    """One action, and a job that is deferred, on the sandbox in this process; the pictures are real."""
    out = stage.home / "out"
    told = stage.run("dags", "test", "enlarged_picture", "-c", f'{{"out": "{out}/"}}')
    assert "state=success" in told
    assert "Pausing task as DEFERRED" in told
    small, large = sorted(out.iterdir(), key=lambda path: path.stat().st_size)
    assert small.name.startswith("stable-diffusion-3-")
    assert large.name.startswith("start-creative-upscale-")
    sides = []
    for path in (small, large):
        with Image.open(path) as opened:
            opened.load()
            sides.append(opened.size)
    assert sides[1] > sides[0]
