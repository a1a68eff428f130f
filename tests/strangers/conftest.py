"""The sandbox on a port, as anybody would start it, and nothing else within reach."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from clients import near


def pytest_configure(config: pytest.Config) -> None:
    """What other people's packages warn of is theirs to mend."""
    config.addinivalue_line("filterwarnings", "default")


@pytest.fixture(scope="session")
def url():
    command = [str(Path(sys.executable).parent / "connector"), "sandbox", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as served:
        yield served.stdout.readline().split()[-1]
        served.terminate()


@pytest.fixture
def control(url):
    with httpx.Client(base_url=f"{url}/_sandbox", timeout=60) as opened:
        opened.post("/reset")
        yield opened


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    near.guard(monkeypatch.setattr)
