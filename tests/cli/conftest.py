"""What the tests of the command line share: a home of their own, a few files, and a way to run a line."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from connector.cli import main

# Stands for a person's key; it must be in no output whatever happens.
KEY = "sk-test-0f9a7c3e5b1d"


@dataclass(frozen=True)
class Ended:
    """How a command line ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ended]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is known of the integrations' files; read anew for each test it would take most of the time."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with nothing in it but the cache, and a working folder with a small picture and a note."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home/cache").symlink_to(cache)
    monkeypatch.setenv("CONNECTOR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("STABILITY_API_KEY", KEY)
    for name in ("CONNECTOR_ENVIRONMENT", "CONNECTOR_INTEGRATION", "CONNECTOR_DEBUG", "CONNECTOR_MASTER_KEY"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    Image.new("RGB", (80, 64), "teal").save("small.png")
    Path("note.txt").write_text("no picture")
    return folder


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line, given as one text or as words. Whatever it prints, the key is not in it."""

    def act(*line: str) -> Ended:
        words = shlex.split(line[0]) if len(line) == 1 else list(line)
        code = main(words)
        printed = capfd.readouterr()
        assert KEY not in printed.out + printed.err
        return Ended(code, printed.out, printed.err)

    return act
