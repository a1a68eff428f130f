"""Runs are found by words, times and places, and are paged through both ways."""

import pytest
from given_run import GIVEN
from upstream import Clock

from connector.storage.runs import search
from connector.storage.runs.history import History

PICTURE = {"file": "file:1", "name": "Portrait of Zoë.png", "type": "image/png", "bytes": 70, "sha256": "abc"}
DAY = 24 * 3600.0


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def history(database, clock):
    return History(database, clock)


def ids_of(page):
    return [run.id for run in page.runs]


def made(history, clock, **given):
    clock.now += 1
    return history.open(GIVEN | given)[0].id


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("RED", True),
        ("boat red", True),
        ("a  boat", True),
        ("STRAßE", True),
        ("日本", True),
        ("zoë.PNG", True),
        ('"quoted\\', True),
        ("50%", True),
        ("made-9", True),
        ("%", True),
        ("boat green", False),
        ("50_", False),
        ("prompt", False),  # the name of an input is none of its words
        ("image/png", False),
        ("file:1", False),
    ],
)
def test_words_are_looked_for_in_texts_and_names_of_files(history, clock, text, is_found):
    """Whatever the case and the order; all of them must be there."""
    inputs = {"prompt": 'a red boat, 50% in der Straße 日本 "quoted\\', "image": PICTURE, "seed": 7}
    wanted = made(history, clock, inputs=inputs)
    history.enter(wanted, "succeeded", "done", result={"media": PICTURE | {"name": "made-9.png"}, "seed": 1})
    made(history, clock)
    page = history.search(text)
    assert (ids_of(page), page.total) == (([wanted], 1) if is_found else ([], 0))


def test_a_run_is_found_by_its_id(history, clock):
    wanted = made(history, clock)
    clock.now += 100
    made(history, clock)
    assert [run.id for run in history.search(wanted[:12]).runs] == [wanted]


@pytest.mark.parametrize("text", ["", "cat"])
def test_pages_lead_both_ways(history, clock, text):
    """Each says whether there is more on either side, with the filters kept."""
    ids = [made(history, clock, environment="sandbox") for _ in range(7)][::-1]
    made(history, clock)

    def page(**where):
        found = history.search(text, limit=3, environment="sandbox", **where)
        assert found.total == 7
        ends = (ids_of(found)[:1] if found.after else [], ids_of(found)[-1:] if found.before else [])
        assert ends == ([found.after] if found.after else [], [found.before] if found.before else [])
        return ids_of(found), bool(found.after), bool(found.before)

    assert page() == (ids[:3], False, True)
    assert page(before=ids[2]) == (ids[3:6], True, True)
    assert page(before=ids[5]) == (ids[6:], True, False)
    assert page(after=ids[6]) == (ids[3:6], True, True)
    assert page(after=ids[3]) == (ids[:3], False, True)


def test_filters_are_met_together(history, clock):
    clock.now = 1_772_445_600.0
    old = made(history, clock, token_name="eve", connection="studio")
    clock.now += DAY
    new = made(history, clock, connection="studio")
    made(history, clock, token_name="eve")

    def found(*text, **asked):
        return [run.id for run in history.search(*text, **asked).runs]

    assert found(token_name="eve", connection="studio") == [old]
    assert found(connection="studio", since="2026-03-03") == [new]
    assert found(connection="studio", until="2026-03-02") == [old]
    assert found("cat", connection="studio", until="2026-03-02T11:00+02:00") == []
    assert (history.seen("token_name"), history.seen("connection")) == (["ci", "eve"], ["studio"])


def test_what_is_not_looked_through_is_said(history, database, clock):
    """Words are looked for in the newest runs alone, and no more are counted."""
    first = made(history, clock, inputs={"prompt": "a dog"})
    second = made(history, clock)
    columns = (
        "created, updated, action, title, integration, connection, environment, inputs, options, state, "
    )
    columns += "billed, token_name, digest, writer"
    database.write(
        "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :most) "
        f"INSERT INTO runs (id, {columns}) SELECT 'z' || (100000 + n), {columns} FROM runs, numbers "
        "WHERE id = :id",
        {"most": search.WINDOW - 1, "id": second},
    )
    page = history.search("cat")
    assert (page.total, page.is_cut) == (search.WINDOW, True)
    assert [run.id for run in history.search("dog").runs] == []
    assert history.search().total is None
    early = history.search("dog", until="2030-01-01")
    assert ([run.id for run in early.runs], early.is_cut) == ([first], False)


def test_what_was_deleted_is_found_no_more(history, clock):
    """Nor is it what uses a file."""
    run = made(history, clock, inputs={"image": PICTURE | {"file": "file:" + "a" * 32}})
    history.enter(run, "succeeded", "done", billed="no", file="b" * 32)
    assert history.uses("a" * 32)
    assert history.uses("b" * 32)
    history.delete([run])
    assert not history.uses("a" * 32)
    assert not history.uses("b" * 32)
    assert (history.find(run), history.search().total, history.events(run)) == (None, 0, [])
