"""As a process: it starts light, ends quietly when nobody reads on, and says what a Ctrl-C leaves behind."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "connector"]

# What a list, a description and help can do without.
HEAVY = {"yaml", "httpx", "jsonschema", "jinja2", "dataclasses", "inspect", "typing", "sqlite3", "asyncio"}


@pytest.mark.parametrize(
    "line", ["actions", "actions edit --group Edit", "describe erase", "invoke erase --help", "--help"]
)
def test_it_starts_light(line: str) -> None:
    """Once the files are known, nothing heavy is imported for what only shows them."""
    told = "import sys; from connector.cli import main; code = main(); print(*sys.modules); sys.exit(code)"
    subprocess.run([*COMMAND, "actions"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ended = subprocess.run(
        [sys.executable, "-c", told, *line.split()], check=True, capture_output=True, text=True
    )
    assert not HEAVY & set(ended.stdout.splitlines()[-1].split())


def test_nobody_reads_on() -> None:
    """A reader that goes away is no failure to complain of."""
    with subprocess.Popen([*COMMAND, "actions"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        complaint = process.stderr.read()
    assert process.returncode == 141
    assert b"Traceback" not in complaint
    assert b"Exception ignored" not in complaint


def test_an_interruption_tells_the_job(place: Path) -> None:
    """Ctrl-C while a job is waited for says how to go on with it, and shows no traceback."""
    line = ["invoke", "start-creative-upscale", "-e", "sandbox", "--image", "small.png", "--prompt", "boat"]
    with subprocess.Popen([*COMMAND, *line], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "The job has started" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        left = process.stderr.read()
    assert process.returncode == 130
    assert re.search("connector result [0-9a-f]{64}\n", left)
    assert "Traceback" not in left


def test_a_sandbox_tells_a_program_its_address() -> None:
    """One JSON document with address and key, and a Ctrl-C is how it ends well; a port in use is told."""
    with subprocess.Popen(
        [*COMMAND, "sandbox", "--port", "0", "--json"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told = json.loads("".join(process.stdout.readline() for _ in range(4)))
        port = told["url"].rpartition(":")[2]
        second = subprocess.run([*COMMAND, "sandbox", "--port", port], capture_output=True, text=True)
        process.send_signal(signal.SIGINT)
    assert told["key"] == "sk-sandbox"
    assert process.returncode == 0
    assert second.returncode == 2
    assert (
        second.stderr
        == f"Error: cannot listen on 127.0.0.1:{port} (Address already in use); choose another --port\n"
    )
