"""What tests in every folder may ask for: one server of databases for all of a process's tests."""

import os
import signal
from contextlib import closing

import pytest
from postgres import postgres, postgres_url

from connector.storage.database.database import Database

__all__ = ["database", "postgres", "postgres_url"]

# What is started in the background has the interrupt ignored, and hands that on to all that it starts: a
# command that a test interrupts would then never end.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers():
    """Two processes for each core: half of the time a test waits, for a process, a port or a clock."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(params=["file", "memory", "server"])
def database(request, tmp_path):
    """An empty database of each kind: what a store promises holds in all of them."""
    places = {"file": lambda: tmp_path / "connector.db", "memory": lambda: None}
    places["server"] = lambda: request.getfixturevalue("postgres_url")
    with closing(Database(places[request.param]())) as database:
        yield database
