"""What was written down stays readable: by the next version, in either kind of database, from any version."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.storage.database import migrations
from connector.storage.database.database import Database
from connector.storage.runs.history import History
from formats.reading import read

FORMATS = Path(__file__).parents[1] / "cases" / "formats"
HOMES = {int(path.name.removeprefix("home-")): path for path in FORMATS.glob("home-*") if path.is_dir()}
NEWEST = migrations.NEWEST
DIALECTS = ("sqlite", "postgresql")
# Whose rows a part of what is read comes from.
TABLES = {
    "connections": "connections", "tokens": "tokens", "ledger": "invocations", "spending": "invocations",
    "rate_limits": "rate_limits", "runs": "runs", "batches": "batches", "schedules": "schedules",
    "workflows": "workflow_versions", "webhooks": "webhooks", "callbacks": "callbacks", "files": "files",
}  # fmt: skip


def _expected(version: int) -> Any:
    return yaml.safe_load(HOMES[version].with_suffix(".yaml").read_text("utf-8"))


def _as_known(found: Any, expected: Any) -> Any:
    """What was found, without the facts that nobody knew of when the expected ones were written down."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        return {name: _as_known(found.get(name), value) for name, value in expected.items()}
    if isinstance(expected, list) and isinstance(found, list) and len(found) == len(expected):
        return [_as_known(*pair) for pair in zip(found, expected, strict=True)]
    return found


@pytest.mark.parametrize("version", sorted(HOMES))
def test_the_home_of_each_version_says_what_it_said(version: int, tmp_path: Path) -> None:
    """Every table, the sealed secrets and the kept files, as the stores read them."""
    home, expected = tmp_path / "home", _expected(version)
    shutil.copytree(HOMES[version], home)

    found = read(home, expected["shown"])

    assert _as_known(found, expected["found"]) == expected["found"]


def test_there_is_a_home_of_todays_version() -> None:
    """It was made when the version was; ``formats.make`` tells how. It is a file of just that version."""
    with closing(sqlite3.connect(f"file:{HOMES[NEWEST]}/connector.db?immutable=1", uri=True)) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (NEWEST,)
        full = [table for (table,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert [table for table in full if not raw.execute(f"SELECT 1 FROM {table}").fetchone()] == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_released_migration_is_never_edited(dialect: str) -> None:
    """Databases that have had it would be another's than those that get it now. A new one is a new entry."""
    texts = [
        " ".join(" ".join(migrations.statements(dialect, version)).split()) for version in range(NEWEST + 1)
    ]
    each = [before.removesuffix(after).strip() for before, after in pairwise(texts)]

    pinned = yaml.safe_load((FORMATS / "migrations.yaml").read_text())[dialect]

    assert [sha256(text.encode()).hexdigest()[:16] for text in each] == pinned


def _rows(home: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """What stands in each table that is written to, in its order."""
    with closing(sqlite3.connect(f"file:{home}/connector.db?immutable=1", uri=True)) as raw:
        raw.row_factory = sqlite3.Row
        for (table,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            # What is computed is no column to `table_info`; what a trigger sums up is written by the trigger.
            names = [row["name"] for row in raw.execute(f"PRAGMA table_info({table})")]
            if table != "spending":
                query = f"SELECT {', '.join(names)} FROM {table} ORDER BY 1, {names[1]}"
                yield table, [dict(row) for row in raw.execute(query)]


def _columns(database: Database) -> dict[str, set[str]]:
    query = {
        "sqlite": "SELECT m.name AS t, c.name AS c FROM sqlite_master AS m, pragma_table_info(m.name) AS c",
        "postgresql": "SELECT table_name AS t, column_name AS c FROM information_schema.columns "
        "WHERE table_schema = 'connector'",
    }
    found: dict[str, set[str]] = {}
    for row in database.read(query[database.dialect]):
        found.setdefault(row["t"], set()).add(row["c"])
    return found


def _fill(database: Database, home: Path) -> dict[str, set[str]]:
    """Writes a home's rows down, as far as there are columns for them; which there are."""
    database.write("DELETE FROM settings WHERE name = 'pepper'", {})
    columns = _columns(database)
    for table, rows in _rows(home):
        numbered = {"number"} if table == "files" else set()  # by the database itself
        names = sorted((columns.get(table, set()) & rows[0].keys()) - numbered)
        holes, named = (", ".join(form.format(name) for name in names) for form in (":{}", '"{}"'))
        for row in rows if names else ():
            values = {name: row[name] for name in names}
            database.write(f"INSERT INTO {table} ({named}) VALUES ({holes})", values)
    return columns


def _without(value: Any, names: Collection[str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _without(entry, names) for name, entry in value.items() if name not in names}
    return [_without(item, names) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("version", range(1, NEWEST + 1))
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_database_of_an_earlier_version_is_brought_up_to_date(
    version: int, dialect: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Whatever was in it is there afterwards, and what came later begins empty. Then it is written to."""
    home, expected = HOMES[NEWEST], _expected(NEWEST)
    where = tmp_path / "connector.db" if dialect == "sqlite" else request.getfixturevalue("postgres_url")
    with pytest.MonkeyPatch.context() as patch, closing(Database(where)) as database:
        patch.setattr(migrations, "NEWEST", version)
        columns = _fill(database, home)

    found = read(home, expected["shown"], where)

    assert found["fingerprint"] == expected["found"]["fingerprint"]
    for part, table in TABLES.items():
        if table not in columns:
            assert not found[part]
            continue
        lacking = dict(_rows(home))[table][0].keys() - columns[table]
        lacking |= {"children"} if "parent" in lacking else set()
        lacking |= {"is_let_in"} if "signed" in lacking else set()
        known = _without(expected["found"][part], lacking)
        assert _as_known(_without(found[part], lacking), known) == known
    with closing(Database(where)) as database:
        given = dict.fromkeys(("action", "title", "integration", "connection", "environment"), "x")
        opened = History(database).open(given | {"inputs": {}, "options": {}, "token_name": "x"})[0]
        assert History(database).get(opened.id) == opened


def test_an_idempotency_key_stands_for_the_run_that_it_stood_for(tmp_path: Path) -> None:
    """Whoever asks once more after an upgrade, by its key and for the same, gets the run of before."""
    home, runs = tmp_path / "home", _expected(NEWEST)["found"]["runs"]
    shutil.copytree(HOMES[NEWEST], home)
    [before] = [run for run in runs if run["idempotency_key"]]
    with closing(Database(home / "connector.db")) as database:
        found, is_new = History(database).open(before, before["idempotency_key"])
    assert (found.id, is_new) == (before["id"], False)
