"""The store of workflow versions: each is kept, the last one counts, and nobody writes over another's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from connector.runs.workflow.versions import WorkflowVersion, WorkflowVersions
from connector.storage.database.database import Database


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WorkflowVersions]:
    is_file = request.param == "sqlite"
    where = tmp_path / "connector.db" if is_file else request.getfixturevalue("postgres_url")
    with closing(Database(where)) as database:
        yield WorkflowVersions(database)


def save(
    store: WorkflowVersions, text: str | None, after: int, workflow: str = "twice"
) -> WorkflowVersion | None:
    return store.add(WorkflowVersion("studio", workflow, 0, 1000.0, "anna", text), after)


def test_the_last_version_counts_and_all_are_kept(store: WorkflowVersions) -> None:
    """Each integration has its own. One that was taken back leaves the file to count."""
    assert (store.current("studio"), store.history("studio", "twice")) == ({}, [])
    first = save(store, "one", 0)
    second = save(store, "two", 1)
    assert first is not None
    assert first.to_dict() == {
        "integration": "studio",
        "workflow": "twice",
        "version": 1,
        "created": "1970-01-01T00:16:40.000Z",
        "token_name": "anna",
        "removed": False,
    }
    assert store.history("studio", "twice") == [second, first]
    assert store.current("studio") == {"twice": second}
    assert store.current("parcels") == {}
    taken_back = save(store, None, 2)
    assert store.current("studio") == {}
    again = save(store, "three", 0)
    assert again is not None
    assert again.version == 4
    assert store.history("studio", "twice") == [again, taken_back, second, first]


@pytest.mark.parametrize("after", [1, -1, 9])
def test_a_text_that_was_made_from_another_version_is_not_taken(store: WorkflowVersions, after: int) -> None:
    save(store, "one", 0)
    save(store, "two", 1)
    assert save(store, "mine", after) is None
    assert save(store, "mine", 0) is None
    assert [each.text for each in store.history("studio", "twice")] == ["two", "one"]


def test_of_those_who_save_at_once_one_is_first(store: WorkflowVersions) -> None:
    save(store, "one", 0)
    made: list[WorkflowVersion | None] = []
    line = threading.Barrier(4)

    def run(name: str) -> None:
        line.wait()
        made.append(save(store, name, 1))

    threads = [threading.Thread(target=run, args=(name,)) for name in "abcd"]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    [won] = [each for each in made if each is not None]
    assert store.history("studio", "twice")[0] == won
    assert len(store.history("studio", "twice")) == 2
