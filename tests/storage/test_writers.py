"""The threads of one process take turns at writing; none of them meets the file's own lock."""

from __future__ import annotations

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from connector.errors import DatabaseUnavailable
from connector.storage.database.database import Database

_ADD = "INSERT INTO settings (name, value) VALUES (:name, '')"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite does not wait for a lock, so that whoever meets one is told at once."""
    connect = sqlite3.connect

    def opened(*arguments: Any, **options: Any) -> sqlite3.Connection:
        return connect(*arguments, **{**options, "timeout": 0})

    monkeypatch.setattr(sqlite3, "connect", opened)


def test_threads_never_wait_for_the_file(impatient: None, tmp_path: Path) -> None:
    """By single statements and by several that hold together."""
    database = Database(tmp_path / "a.db")
    database.fingerprint("made now")

    def add(number: int) -> None:
        if number % 2:
            database.write(_ADD, {"name": str(number)})
            return
        with database.transaction() as together:
            together.execute(_ADD, {"name": str(number)})

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(add, range(400)))
    assert len(database.read("SELECT name FROM settings WHERE value = ''")) == 400
    database.close()


def test_a_reader_waits_for_nobody(tmp_path: Path) -> None:
    """It sees what was there before."""
    database = Database(tmp_path / "a.db")
    before = database.fingerprint("x")
    with database.transaction() as together:
        together.execute(_ADD, {"name": "new"})
        with ThreadPoolExecutor(1) as pool:
            seen = pool.submit(database.read, "SELECT name FROM settings WHERE value = ''")
            assert seen.result(60) == []
    assert database.fingerprint("x") == before
    database.close()


def test_a_turn_that_never_comes_is_told(tmp_path: Path) -> None:
    """After the same patience as with another process."""
    database = Database(tmp_path / "a.db", patience=0.01)
    database.fingerprint("x")
    with database.transaction(), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(database.write, _ADD, {"name": "late"})
        with pytest.raises(DatabaseUnavailable, match="another thread"):
            waiting.result(60)
    database.close()


def test_a_fork_has_turns_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever wrote in the moment of the fork is not there to end it: the file's own lock is all there is."""
    database = Database(tmp_path / "a.db", patience=0.01)
    database.fingerprint("x")
    with monkeypatch.context() as patch:
        with database.transaction(), ThreadPoolExecutor(1) as pool:
            patch.setattr(os, "getpid", lambda: 0)
            waiting = pool.submit(database.write, _ADD, {"name": "child"})
            with pytest.raises(DatabaseUnavailable, match="another process"):
                waiting.result(60)
        database.close()
