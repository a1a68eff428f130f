"""What the document shows is what happens."""

import json
import re
import shlex

from airflow.sdk import DAG
from stage import HERE

from connector.airflow import operators
from connector.airflow.hook import ConnectorHook
from connector.airflow.provider import get_provider_info

DOCUMENT = (HERE.parents[1] / "docs/airflow.md").read_text()
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", DOCUMENT, re.DOTALL)
EXAMPLE = HERE.parents[1] / "docs/enlarged.py"


def test_the_dag_is_the_example():
    """Which the tests run to its end."""
    assert next(text for kind, text in BLOCKS if kind == "python") == EXAMPLE.read_text()


def test_the_other_operators_can_be_made():
    """They take what is shown."""
    for text in [text for kind, text in BLOCKS if kind == "python"][1:]:
        with DAG("shown") as dag:
            exec(text, vars(operators).copy())
        assert dag.tasks


def test_the_connection_works(monkeypatch):
    """As it stands in the environment."""
    (line,) = [line for kind, text in BLOCKS for line in text.splitlines() if "export AIRFLOW_CONN" in line]
    name, _, value = shlex.split(line)[1].partition("=")
    monkeypatch.setenv(name, value)
    assert ConnectorHook().test_connection()[0]


def test_every_field_of_the_form_is_told():
    (kind,) = get_provider_info()["connection-types"]
    named = {*kind["conn-fields"], *kind["ui-field-behaviour"]["relabeling"]}
    assert [field for field in named if f"`{field}`" not in DOCUMENT] == []
    assert json.dumps(kind)
