"""What is hardly meant is asked about: on a terminal, and by an option elsewhere."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

LINE = "erase -e sandbox --image small.png -o out.png"
WORDS = [sys.executable, "-m", "connector", "invoke", *LINE.split()]


@pytest.mark.parametrize(("answer", "code"), [("n", 2), ("", 2), ("y", 0), ("yes", 0)])
def test_somebody_at_a_terminal_is_asked(answer, code):
    """Only a yes goes on, and what was made is there once."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(WORDS, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        told = b""
        while b"[y/N]" not in told:
            told += os.read(ours, 4096)
        assert b"mask: is not given, and image has no transparent part" in told
        os.write(ours, f"{answer}\n".encode())
        _drained(ours)
        assert process.wait(60) == code
    assert Path("out.png").exists() is (code == 0)


def _drained(terminal):
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:  # the other side has closed it
        os.close(terminal)


@pytest.mark.parametrize("command", ["invoke", "jobs submit"])
def test_elsewhere_an_option_says_it(run, command):
    """Nothing waits for an answer that nobody gives."""
    line = f"{command} erase -e sandbox --image small.png --json"
    refused = run(line)
    assert refused.code == 2
    assert refused.document["error"]["code"] == "needs_confirmation"
    assert "accept_warnings" in refused.document["error"]["message"]
    assert [each["field"] for each in refused.document["problems"]] == ["mask"]
    for option in ("--yes", "-y", "--accept-warnings"):
        assert run(f"{line} {option}").code == 0


@pytest.mark.parametrize(
    "line",
    ["batch erase small.png -o out", "schedule add nightly erase --image small.png --cron '0 1 * * *'"],
)
def test_what_is_done_later_is_asked_about_now(run, line):
    refused = run(f"{line} -e sandbox").err
    assert "accept_warnings" in refused
    assert "add --yes" in refused
    assert run(f"{line} -e sandbox --yes {'--dry-run' if line.startswith('batch') else ''}").code == 0


def test_a_preview_tells_and_does_not_ask(run):
    ended = run("preview erase -e sandbox --image small.png")
    assert ended.code == 0
    assert "mask: is not given" in ended.err


@pytest.mark.parametrize(("answer", "code"), [("n", 2), ("y", 0)])
def test_before_a_file_is_replaced_somebody_at_a_terminal_is_asked(answer, code):
    """Before anything is paid; only a yes replaces it."""
    Path("out.png").write_text("mine")
    line = "stable-image-core -e sandbox --prompt boat -o out.png"
    ours, theirs = pty.openpty()
    with subprocess.Popen([*WORDS[:4], *line.split()], stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        told = b""
        while b"[y/N]" not in told:
            told += os.read(ours, 4096)
        assert b"there is a file 'out.png' already" in told
        os.write(ours, f"{answer}\n".encode())
        _drained(ours)
        assert process.wait(60) == code
    assert (Path("out.png").read_bytes() == b"mine") is (code == 2)
    assert [*Path().glob("out*")] == [Path("out.png")]
