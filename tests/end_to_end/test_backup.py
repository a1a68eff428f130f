"""A home is backed up and restored by the commands of docs/operations.md, while a host has it open."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from port import SAMPLES

from connector.cli import main
from connector.storage.workspace import Workspace

DOCS = Path(__file__).parents[2] / "docs" / "operations.md"
KEY = "sk-kept-0123456789"


def commands(section: str) -> str:
    """The first commands of a section, without those that are for a person at a terminal."""
    text = DOCS.read_text("utf-8").partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    found = re.search(r"```sh\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return "".join(line for line in found[1].splitlines(keepends=True) if not line.startswith("connector "))


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main([*words]) == 0
    return capsys.readouterr().out


def test_what_is_backed_up_is_there_after_a_restore(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Connections with their secrets, files, and runs, of which those in line can be cancelled first."""
    home, backup = tmp_path / "home", tmp_path / "backup"
    monkeypatch.setenv("CONNECTOR_HOME", str(home))
    told(capsys, "connections", "add", "work", "-e", "production", "--api-key", KEY)
    picture = str(SAMPLES / "room.png")
    words = ("jobs", "submit", "fast-upscale", "-e", "sandbox", "--image", picture, "--quiet")
    run = told(capsys, *words).strip()
    files = {each.name: each.read_bytes() for each in (home / "files").rglob("*") if each.is_file()}
    environ = {
        **os.environ,
        "BACKUP": str(backup),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    with closing(Workspace(home, {}, time.time)) as workspace:
        assert workspace.ledger.entries() == []
        subprocess.run(["sh", "-eu", "-c", commands("Backup")], env=environ, check=True)
    assert {each.stat().st_mode & 0o077 for each in backup.glob("*.*")} == {0}
    shutil.rmtree(home)
    subprocess.run(["sh", "-eu", "-c", commands("Restore")], env=environ, check=True)
    assert "work" in told(capsys, "connections", "list")
    assert run in told(capsys, "jobs", "list", "--state", "queued")
    told(capsys, "jobs", "cancel", run)
    assert files
    assert files == {each.name: each.read_bytes() for each in (home / "files").rglob("*") if each.is_file()}
    with closing(Workspace(home, {}, time.time)) as workspace:
        [configuration] = workspace.connections.get("work").configurations
        assert str(workspace.connections.credential("work", configuration.name)["api_key"].reveal()) == KEY
