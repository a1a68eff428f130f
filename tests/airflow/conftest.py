"""Airflow is told where its home is before anything imports it, and what it warns of is its own to mend."""

import os
import tempfile
from pathlib import Path

import pytest

HOME = tempfile.TemporaryDirectory(prefix="airflow-tests-")
# What Airflow reads when it is imported; no test is to find the home of whoever runs it.
QUIET = {
    "AIRFLOW_HOME": HOME.name,
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
}
os.environ |= QUIET


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", "default")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home for the connector, which each test has for itself."""
    monkeypatch.setenv("CONNECTOR_HOME", str(tmp_path / "connector"))
    for name in ("CONNECTOR_DATABASE", "CONNECTOR_FILES", "CONNECTOR_ENVIRONMENT", "STABILITY_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return Path(tmp_path / "connector")
