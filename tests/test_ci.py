"""The workflows of the repository run what the Makefile has, on every Python that the package names."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text()
WORKFLOWS = {
    path.stem: yaml.safe_load(path.read_text()) for path in sorted((ROOT / ".github/workflows").glob("*.yml"))
}


def _matrix(name):
    return WORKFLOWS[name]["jobs"]["run"]["strategy"]["matrix"]


def test_every_python_of_the_package_is_tried():
    """The classifiers, and the oldest one that is allowed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [line.rpartition(" ")[2] for line in project["classifiers"] if "Python :: 3." in line]
    assert _matrix("ci")["python"] == named
    assert project["requires-python"] == f">={named[0]}"
    assert {"run": ".ci/run", "env": {"PYTHON": "python${{ matrix.python }}"}} in WORKFLOWS["ci"]["jobs"][
        "run"
    ]["steps"]


def test_what_is_run_at_night_can_be_made():
    """And what .ci/run makes."""
    made = re.findall(r"(?:^|then )make ([a-z][\w-]*)", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    targets = set(re.findall(r"^([\w-]+):(?!=)", MAKEFILE, re.MULTILINE))
    assert {*made, *_matrix("nightly")["target"]} <= targets
    assert {"lint", "types", "check", "test", "wheel"} <= set(made)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_only_read_and_ends(name):
    """Each has few rights, one run at a time, a time limit, and actions of a fixed major version."""
    workflow = WORKFLOWS[name]
    assert workflow["permissions"] == {"contents": "read"}
    assert "group" in workflow["concurrency"]
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] <= 120
        assert all(
            re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"]) for step in job["steps"] if "uses" in step
        )
