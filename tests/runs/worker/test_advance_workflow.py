"""A workflow's run: each step is a run of its own, found again by whoever goes on, and never paid twice."""

import asyncio
import json
from pathlib import Path

import pytest
from runs.atelier import CONTINUE, DRAW, ENLARGE, LARGE, SHEET, SKIP, STOP, Atelier, Same
from runs.desk import work
from upstream import PNG, picture

from connector.errors import InvocationError


@pytest.fixture
def studio(tmp_path):
    return Atelier(tmp_path)


def test_each_step_is_a_run_of_its_own(studio):
    """With the workflow's run as its parent, its place, and where that one is done."""
    run = studio.begin(STOP, ENLARGE, SHEET, given={"words": ["a boat", "a cat"]})

    ended = studio.follow(run)

    children = studio.history.list(parent=run.id)
    assert {child.place for child in children} == {"draw[0]", "draw[1]", "enlarge[0]", "enlarge[1]"}
    assert {(child.state, child.durable, child.environment) for child in children} == {
        ("succeeded", True, "production")
    }
    assert studio.posts() == ["core", "core", "conservative", "conservative"]
    assert (ended.state, ended.outcome, ended.credits, ended.billed) == ("succeeded", "success", 86, "yes")


def test_what_it_gives_back_is_in_its_result(studio):
    """Its first file stands for it; files are references."""
    ended = studio.follow(studio.begin(STOP, SHEET, given={"words": ["a boat", "a cat"]}))

    outputs = ended.result["outputs"]
    assert outputs["sheet"] == f"file:{ended.file}"
    assert (len(outputs["files"]), outputs["failed"]) == (2, 0)
    assert studio.files.get(ended.file).name == "test-sheet.png"
    assert ended.thumbnail is not None
    assert {"workflow": "test", "outcome": "success", "credits": 6}.items() <= ended.result.items()


def test_files_go_from_step_to_step_by_reference(studio):
    """The database holds no picture."""
    run = studio.begin(STOP, ENLARGE, SHEET)
    studio.follow(run)

    enlarged = next(child for child in studio.history.list(parent=run.id) if child.place == "enlarge[0]")
    drawn = next(child for child in studio.history.list(parent=run.id) if child.place == "draw[0]")
    assert enlarged.inputs["image"]["file"] == f"file:{drawn.file}"
    assert LARGE in studio.upstream.requests[1].content


def test_what_happens_is_told_on_the_run(studio):
    """Each step as it ends, with what it cost."""
    run = studio.begin(CONTINUE, SHEET, given={"words": ["a boat", "forbidden"]})
    studio.follow(run)

    events = [event for event in studio.history.events(run.id) if event.kind == "step"]
    told = [(one.data["place"], one.data["outcome"], one.data.get("credits")) for one in events]
    assert told == [("draw[0]", "success", 3), ("draw[1]", "moderated", 0), ("sheet", "success", 0)]
    assert [(one.data["done"], one.data["of"]) for one in events] == [(0, 2), (1, 2), (2, 2)]
    assert "draw (draw[1]): moderated" in studio.sentences(run)[3]
    assert studio.sentences(run)[-1] == "it is done, 3 credits; some of its steps gave nothing"


def test_whoever_goes_on_pays_for_nothing_twice(studio):
    """A new worker at every look, and each thing done once."""
    run = studio.begin(STOP, ENLARGE, SHEET, given={"words": ["a boat", "a cat", "a dog"]})

    while (ended := studio.course(run).look()) is None:
        studio.course(run).look()
        studio.work()
    again = studio.course(run).look()

    assert (ended.outcome, again.outcome) == ("success", "success")
    assert sorted(studio.posts()) == ["conservative"] * 3 + ["core"] * 3
    assert len(studio.history.children(run.id)) == 6


def test_a_worker_that_dies_anywhere_leaves_a_run_that_goes_on(studio, monkeypatch):
    """Each act on the database in turn is its last."""
    for number in range(1, 60):
        run = studio.begin(STOP, SHEET, given={"words": [f"boat {number}", "a cat"]})
        before = len(studio.posts())
        survived = _die_at(studio, run, number, monkeypatch)
        _adopt_strays(studio, run)
        ended = studio.follow(run)
        assert (ended.outcome, len(studio.posts()) - before) == ("success", 2), number
        if survived:
            return
    pytest.fail("it was to survive at last")


class Died(Exception):
    """The process ends here."""


def _die_at(studio, run, number, monkeypatch):
    """Whether the run got to its first pause with so many writes to the database."""
    left = [number]
    transaction, write = studio.database.transaction, studio.database.write

    def counted(act):
        def wrapped(*given, **how):
            left[0] -= 1
            if left[0] == 0:
                raise Died
            return act(*given, **how)

        return wrapped

    with monkeypatch.context() as patch:
        patch.setattr(studio.database, "transaction", counted(transaction))
        patch.setattr(studio.database, "write", counted(write))
        try:
            course = studio.course(run)
            while course.look() is None:
                waiting, studio.handed.runs = studio.handed.runs, []
                with monkeypatch.context() as alive:
                    alive.setattr(studio.database, "transaction", transaction)
                    alive.setattr(studio.database, "write", write)
                    for child in waiting:
                        asyncio.run(work(studio.actions(), child))
        except Died:
            return False
    return True


def _adopt_strays(studio, run):
    """What was written down and not handed over is found by a worker."""
    known = {child.id for child in studio.handed.runs}
    for child in studio.history.list(parent=run.id, state="queued"):
        if child.id not in known:
            studio.handed.add(child)


def test_a_failure_stops_it_and_says_where(studio):
    """What was under way ends and is counted; nothing more is begun."""
    run = studio.begin(STOP, ENLARGE, SHEET, given={"words": ["forbidden", "a cat"]})

    ended = studio.follow(run)

    assert (ended.state, ended.outcome, ended.credits, ended.billed) == ("failed", "moderated", 3, "yes")
    assert ended.error["message"].startswith("draw[0]: ")
    assert "not that" in ended.error["message"]
    assert studio.posts() == ["core", "core"]
    assert studio.sentences(run)[-1] == "it stopped at draw[0] (moderated), after 3 credits"


@pytest.mark.parametrize(("policy", "shown"), [(SKIP, 1), (CONTINUE, 2)], ids=["skip", "continue"])
def test_a_run_goes_on_without_what_failed(studio, policy, shown):
    """It is said to be partial; what it drew is on the sheet, and with continue the reason too."""
    run = studio.begin(policy, SHEET, given={"words": ["forbidden", "a cat"]})

    ended = studio.follow(run)

    assert (ended.state, ended.outcome, ended.credits) == ("succeeded", "partial", 3)
    assert (len(ended.result["outputs"]["files"]), ended.result["outputs"]["failed"]) == (1, 1)
    assert (studio.files.get(ended.file).width > 1000) == (shown == 2)


def test_a_filtered_picture_is_used_where_that_is_asked_for(studio):
    """And is not, where it is not."""
    used = studio.follow(studio.begin(CONTINUE, SHEET, given={"words": ["blurred"]}))
    skipped = studio.follow(studio.begin(SKIP, SHEET, given={"words": ["blurred", "a cat"]}))
    stopped = studio.follow(studio.begin(STOP, SHEET, given={"words": ["blurred"]}))

    assert (used.outcome, len(used.result["outputs"]["files"])) == ("partial", 1)
    assert (skipped.outcome, len(skipped.result["outputs"]["files"])) == ("partial", 1)
    assert (stopped.state, stopped.outcome) == ("failed", "filtered")


def test_an_empty_account_stops_it_whatever_the_steps_say(studio):
    """The rest would only be refused too."""
    ended = studio.follow(studio.begin(SKIP, SHEET, given={"words": ["poor", "poor"]}))

    assert (ended.state, ended.outcome, ended.credits) == ("failed", "out_of_credits", 0)


def test_an_unknown_outcome_is_told_and_never_sent_again(studio):
    """The step is listed for a person to decide upon; the run cannot go on before."""
    run = studio.begin(STOP, SHEET, given={"words": ["lost"]})
    ended = studio.follow(run)

    [child] = studio.runs.unknown.list()
    assert (child.run.parent, child.run.place) == (run.id, "draw[0]")
    assert (ended.state, ended.outcome, ended.billed) == ("failed", "unknown", "unknown")
    assert studio.posts() == ["core"]
    with pytest.raises(InvocationError, match="nobody knows"):
        studio.runs.resume(run.id)


def test_a_run_that_failed_is_gone_on_with(studio):
    """What is done is not paid again; the rest is, and the sheet is drawn anew."""
    run = studio.begin(SKIP, SHEET, given={"words": ["a boat", "forbidden", "lost"]})
    first = studio.follow(run)
    unknown = studio.runs.unknown.list()[0]
    studio.upstream.answers = Same(lambda request: picture())
    studio.runs.unknown.settle(unknown.id, paid=False)

    studio.runs.resume(run.id)
    ended = studio.follow(run)

    assert (first.outcome, ended.state, ended.outcome) == ("partial", "succeeded", "success")
    assert len(ended.result["outputs"]["files"]) == 3
    assert studio.posts() == ["core"] * 5
    assert first.file != ended.file
    assert ended.error is None
    with pytest.raises(InvocationError, match="nothing left to do"):
        studio.runs.resume(run.id)


def test_it_never_spends_more_than_it_may(studio):
    """What would take it beyond is not begun, and what is under way counts."""
    later = ENLARGE.replace("steps.draw.items", "steps.draw.items").replace(
        "    inputs", '    when: "{{ item.seed > 0 }}"\n    inputs'
    )
    run = studio.begin(STOP, later, SHEET, given={"words": ["a boat", "a cat"]}, limit=50)

    ended = studio.follow(run)

    assert (ended.state, ended.outcome, ended.credits) == ("failed", "cap_reached", 46)
    assert "the 50 credits that it may spend" in ended.error["message"]
    assert studio.posts() == ["core", "core", "conservative"]


def test_a_cancelled_run_begins_nothing_more(studio):
    """What queued is cancelled with it, what was done is counted."""
    run = studio.begin(STOP, ENLARGE, SHEET, given={"words": ["a boat", "a cat"]})
    course = studio.course(run)
    course.look()
    one = studio.handed.runs.pop(0)
    asyncio.run(work(studio.actions(), one))

    studio.runs.cancel(run.id)
    ended = studio.follow(run, course)

    assert (ended.state, ended.credits, ended.billed) == ("cancelled", 3, "yes")
    assert sorted(studio.children(run).values()) == ["cancelled", "succeeded"]
    assert studio.posts() == ["core"]


def test_an_action_that_is_gone_is_its_steps_failure(studio):
    """The definition is as old as the run, and the specs may have changed since."""
    run = studio.begin(STOP, SHEET)
    studio.history.change(run.id, definition=run.definition.replace("stable-image-core", "gone"))

    ended = studio.follow(studio.history.get(run.id))

    assert (ended.state, ended.outcome) == ("failed", "unknown_name")
    assert "gone" in ended.error["message"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("columns: 2", 'columns: "{{ inputs.words | length }}"'), "whole number from 1 to 12"),
        (("picture:", 'when: "{{ 1 == 2 }}"\n          picture:'), "no tile is left"),
    ],
    ids=["columns", "tiles"],
)
def test_a_sheet_that_cannot_be_made_is_its_steps_failure(studio, change, said):
    """In a sentence."""
    free = DRAW.replace("stable-image-core", "engines").replace('{prompt: "{{ item }}"}', "{}") % (
        "skip",
        "skip",
    )
    steps = free.replace("draw", "drawn"), STOP, SHEET.replace(*change)
    run = studio.begin(*steps, given={"words": [f"word {number}" for number in range(13)]})

    ended = studio.follow(run)

    assert (ended.state, ended.outcome) == ("failed", "bad_input")
    assert said in ended.error["message"]


def test_a_picture_that_is_gone_is_an_empty_tile(studio):
    """The others are drawn all the same."""
    run = studio.begin(STOP, SHEET, given={"words": ["a boat", "a cat"]})
    course = studio.course(run)
    course.look()
    studio.work()
    gone = next(one for one in studio.history.list(parent=run.id) if one.place == "draw[0]")
    studio.files.remove(gone.file)

    assert studio.follow(run, course).outcome == "success"


def test_results_are_plain_json(studio):
    """Whoever shows them needs to know nothing of ours."""
    ended = studio.follow(studio.begin(STOP, SHEET))

    assert json.loads(json.dumps(ended.result)) == ended.result
    assert PNG not in Path(studio.database.path).read_bytes()
