"""Many processes and threads share one file, and what one has written outlives it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from connector.errors import ConnectorError
from connector.storage.database.database import Database, new_id, timestamp

PUT = """
INSERT INTO settings (name, value) VALUES (:name, :value)
ON CONFLICT (name) DO UPDATE SET value = :value"""
GET = "SELECT value FROM settings WHERE name = :name"
COUNT_UP = "UPDATE settings SET value = value + 1 WHERE name = 'count'"


@pytest.fixture(params=["file", "memory"])
def database(request, tmp_path):
    database = Database(tmp_path / "data" / "connector.db" if request.param == "file" else None)
    yield database
    database.close()


@pytest.fixture
def filed(tmp_path):
    database = Database(tmp_path / "connector.db")
    yield database
    database.close()


def value(database, name):
    return [row["value"] for row in database.read(GET, {"name": name})]


def test_written_is_read(database):
    """What a statement wrote is there for the next one, and for a transaction's end."""
    database.write(PUT, {"name": "a", "value": "1"})
    with database.transaction() as connection:
        connection.execute(PUT, {"name": "b", "value": "2"})
    assert value(database, "a") == ["1"]
    assert value(database, "b") == ["2"]


def test_transaction_holds_together(database):
    """A transaction that fails has not happened, and the database goes on."""

    def fail():
        with database.transaction() as connection:
            connection.execute(PUT, {"name": "a", "value": "1"})
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert value(database, "a") == []
    database.write(PUT, {"name": "a", "value": "2"})
    assert value(database, "a") == ["2"]


def test_threads_share_it(database):
    """No write of any thread is lost."""
    database.write(PUT, {"name": "count", "value": "0"})

    def count(_):
        for _ in range(25):
            database.write(COUNT_UP, {})
            with database.transaction() as connection:
                connection.execute(COUNT_UP)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(4)))
    assert value(database, "count") == ["200"]


def test_fingerprint(database, tmp_path):
    """A secret has one name within a database, and another in the next one."""
    name = database.fingerprint("sk-secret")
    assert name == database.fingerprint("sk-secret") != database.fingerprint("sk-other")
    assert name != Database().fingerprint("sk-secret")
    if database.path:
        with closing(Database(database.path)) as again:
            assert again.fingerprint("sk-secret") == name
        assert all(b"sk-secret" not in file.read_bytes() for file in database.path.parent.iterdir())


def test_reading_creates_nothing(filed, tmp_path):
    """A file that is not there reads as empty, and stays away until something is written."""
    assert filed.read("SELECT * FROM invocations") == []
    assert list(tmp_path.iterdir()) == []
    filed.write(PUT, {"name": "a", "value": "1"})
    assert value(filed, "a") == ["1"]


def test_private(filed, tmp_path):
    """Only the owner can read the file and what SQLite puts beside it."""
    filed.write(PUT, {"name": "a", "value": "1"})
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


COUNTER = """
import sys
from connector.storage.database.database import Database
database = Database(sys.argv[1])
sys.stdin.readline()
database.write("INSERT INTO settings (name, value) VALUES ('count', '0') ON CONFLICT (name) DO NOTHING", {})
for _ in range(20):
    database.write("UPDATE settings SET value = value + 1 WHERE name = 'count'", {})
print(database.fingerprint("x"))
"""


def test_processes_start_at_once(tmp_path):
    """Processes that find no file and all create it end up with one, and lose no write."""
    path = tmp_path / "deep" / "connector.db"
    command = [sys.executable, "-c", COUNTER, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    started = [subprocess.Popen(command, **pipes) for _ in range(6)]
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate()[0] for process in started]
    assert [process.returncode for process in started] == [0] * 6
    assert len(set(answers)) == 1
    with closing(Database(path)) as database:
        assert value(database, "count") == ["120"]


def test_fork_gets_its_own_connections(filed):
    """A forked process does not touch its parent's connection, and both go on."""
    filed.write(PUT, {"name": "count", "value": "0"})
    child = os.fork()
    if not child:
        try:
            filed.write(COUNT_UP, {})
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    filed.write(COUNT_UP, {})
    assert value(filed, "count") == ["2"]


def test_killed_writer_loses_nothing(tmp_path):
    """What was written before a kill -9 is there afterwards."""
    path = tmp_path / "connector.db"
    script = f"{COUNTER}import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    done = subprocess.run([sys.executable, "-c", script, str(path)], input="go\n", text=True)
    assert done.returncode == -9
    with closing(Database(path)) as database:
        assert value(database, "count") == ["20"]


def test_schema_is_brought_up_to_date(tmp_path):
    """One that is made has today's tables; one of a later version is left alone and says so."""
    path = tmp_path / "connector.db"
    with closing(Database(path)) as database:
        database.write(PUT, {"name": "a", "value": "1"})
        assert database.read("SELECT * FROM invocations") == []
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA user_version = 999")
    with pytest.raises(ConnectorError, match=r"connector\.db was written by a newer version.*upgrade"):
        Database(path).write(PUT, {"name": "a", "value": "1"})


def corrupt(path):
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * (path.stat().st_size - 4096))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path: path.write_bytes(b"no database at all " * 99), "is not a database; restore it"),
        (corrupt, "is damaged; restore it"),
        (lambda path: (path.unlink(), path.mkdir()), "cannot be opened; give this user access"),
    ],
    ids=["other file", "damaged", "folder"],
)
def test_spoilt_file(tmp_path, spoil, says):
    """A file that cannot be used is named, with what to do about it."""
    path = tmp_path / "connector.db"
    with closing(Database(path)) as database:
        database.write(PUT, {"name": "a", "value": "1"})
    spoil(path)
    with pytest.raises(ConnectorError, match=rf"{path} {says}"), closing(Database(path)) as database:
        database.read("SELECT * FROM settings")


@pytest.mark.parametrize(
    ("limit", "says"),
    [
        ("max_page_count = 1", "the disk is full; free some space"),
        ("query_only = 1", "cannot be written; give"),
    ],
)
def test_no_room_or_no_right(filed, limit, says):
    """A full disk and a read-only file are told apart, and nothing is written by half."""
    filed.write(PUT, {"name": "a", "value": "1"})

    def put():
        with filed.transaction() as connection:
            connection.execute(f"PRAGMA {limit}")
            connection.execute(PUT, {"name": "a", "value": "2"})
            connection.execute(PUT, {"name": "b", "value": "x" * 99_999})

    with pytest.raises(ConnectorError, match=says):
        put()
    assert value(filed, "a") == ["1"]


@pytest.mark.parametrize(
    "use", [lambda one: one.read(GET, {"name": "a"}), lambda one: one.write(PUT, {"name": "a", "value": "1"})]
)
def test_a_file_without_content_is_no_new_one(tmp_path, use):
    """What was spent would be forgotten, and caps with it; whoever removes it has said so."""
    path = tmp_path / "connector.db"
    path.touch()
    with pytest.raises(ConnectorError, match=r"has no content.*remove the file to begin"):
        use(Database(path))
    assert path.stat().st_size == 0
    path.unlink()
    with closing(Database(path)) as begun:
        begun.write(PUT, {"name": "a", "value": "1"})
        assert value(begun, "a") == ["1"]


def test_folder_that_cannot_be(tmp_path):
    """A folder that cannot be made is an error that says what to do."""
    (tmp_path / "file").touch()
    with pytest.raises(ConnectorError, match=r"cannot be created.*set CONNECTOR_HOME"):
        Database(tmp_path / "file" / "connector.db").write(PUT, {"name": "a", "value": "1"})


def test_folder_that_cannot_be_looked_into(tmp_path):
    """A file that may or may not be there does not pass for an empty one."""
    with pytest.raises(ConnectorError, match=r"cannot be opened; give this user access.*too long"):
        Database(tmp_path / ("x" * 300)).read("SELECT * FROM invocations")


def test_held_by_another(filed):
    """Whoever waits in vain for another writer is told so."""
    impatient = Database(filed.path, patience=0.01)
    with filed.transaction() as connection:
        connection.execute(PUT, {"name": "a", "value": "1"})
        with pytest.raises(ConnectorError, match="held by another process"):
            impatient.write(PUT, {"name": "b", "value": "1"})
    impatient.write(PUT, {"name": "b", "value": "1"})
    impatient.close()


def test_mistakes_of_ours_stay(database):
    """A wrong query is no failure of the file."""
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        database.read("SELECT * FROM nowhere")


def test_an_id_sorts_by_time_as_text():
    """Fourteen figures of microseconds, as they have been since the first, and ten of chance."""
    assert new_id(1_763_812_800.0)[:14] == "06442dab64f000"
    moments = [0.0, 1e-6, 1.5, 1_763_812_800.0, 1_763_812_800.000_001, 2_000_000_000.0, 4_000_000_000.0]
    ids = [new_id(moment) for moment in moments]
    assert ids == sorted(ids)
    assert [int(each[:14], 16) for each in ids] == [int(moment * 1e6) for moment in moments]
    assert {len(each) for each in ids} == {24}
    ids = [new_id(1.0) for _ in range(100)]
    assert sorted(set(ids)) == ids
    assert all(each == each.lower() and int(each, 16) >= 0 for each in ids)


def test_timestamp():
    """Moments are shown in UTC."""
    assert timestamp(0.25) == "1970-01-01T00:00:00.250Z"
