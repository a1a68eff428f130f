"""A worker works until it is told to stop, and says what becomes of what is under way."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

_SCRIPT = "import sys; from connector.cli import main; sys.exit(main(['worker', *sys.argv[1:]]))"
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts workers in processes of their own, which are at work when it returns."""
    begun: list[subprocess.Popen[str]] = []

    def act(*words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", _SCRIPT, *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        begun.append(process)
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("At work for "), line + process.stderr.read()
        return process

    yield act
    for process in begun:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_when_it_is_told_to(start: Start, number: int) -> None:
    """The first signal ends it well: it says what it waits for, and what is left."""
    process = start()
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "Stopping: requests under way have 30 s for their answers" in err
    assert "Stopped; everything is done." in err


def test_a_file_has_one_worker(start: Start, run: Any) -> None:
    """A second one ends with a sentence that names the first, and the way to have several."""
    process = start()
    ended = run("worker")
    assert ended.code == 2
    assert f"process {process.pid} is the worker" in ended.err
    assert "CONNECTOR_DATABASE=postgresql://" in ended.err
    assert process.poll() is None


def test_a_shared_database_has_as_many_as_are_wanted(start: Start, postgres_url: str) -> None:
    """Each works there, says where without the password, and ends well."""
    processes = [start("--database", postgres_url) for _ in range(2)]
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert "Stopped; everything is done." in err
        assert postgres_url.split("@")[0].rpartition(":")[2] not in out + err
