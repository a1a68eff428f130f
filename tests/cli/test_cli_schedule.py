"""Schedules are made, looked at and stopped in a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.runs.workflow import load

BOATS = "schedule add boats stable-image-core -e sandbox --prompt boat --cron '0 8 * * *'"
FAR = "Europe/Berlin"


def test_its_next_times_are_shown_when_it_is_made(run: Any) -> None:
    """In its own zone; and that a worker is needed."""
    made = run(f"{BOATS} --timezone {FAR} --limit-daily 6")
    assert made.code == 0, made
    times = made.out.splitlines()
    assert len(times) == 3
    assert all(" 08:00 CE" in one for one in times)
    assert f"stable-image-core in sandbox at '0 8 * * *' in {FAR}" in made.err
    assert "It may spend 6 credits for a UTC day." in made.err
    assert "No worker is alive" in made.err
    assert times[0] in run("schedule list").out
    assert run("schedule next boats -n 3").out.splitlines() == times
    shown = run("schedule show boats")
    assert all(text in shown.out for text in ("0 8 * * * in Europe/Berlin", 'prompt = "boat"', times[0]))
    assert "None of its times has come yet." in shown.err


def test_a_name_is_taken_once(run: Any) -> None:
    """Nothing is changed unawares."""
    run(BOATS)
    again = run(BOATS)
    assert again.code == 2
    assert "there is a schedule 'boats' already; replace it" in again.err


def test_it_is_replaced_where_that_is_asked_for(run: Any) -> None:
    """Its history stays, and it is paused where it was; the first time, it is new."""
    assert run(f"{BOATS} --replace").code == 0
    run("schedule run boats")
    run("schedule pause boats")
    changed = run(f"{BOATS.replace('0 8', '30 9').replace('boat ', 'ship ')} --timezone {FAR} --replace")
    assert changed.code == 0
    assert all(" 09:30 CE" in one for one in changed.out.splitlines())
    shown = run("schedule show boats --json").document
    assert (shown["cron"], shown["inputs"]["prompt"], shown["paused"]) == ("30 9 * * *", "ship", True)
    assert [one["why"] for one in shown["ticks"]] == ["hand"]
    run("schedule resume boats")
    assert " 09:30 CE" in run("schedule next boats -n 1").out


def test_it_is_done_now_where_somebody_asks_for_it(run: Any) -> None:
    """It is a run like any other, and in the schedule's history; what it may spend holds."""
    run(f"{BOATS} --limit-daily 4")
    first = run("schedule run boats")
    assert first.code == 0
    assert run(f"jobs show {first.out.strip()} --json").document["action"] == "stable-image-core"
    second = run("schedule run boats")
    assert second.code == 5
    assert "of 4 for the day 3 are spent" in second.err
    shown = run("schedule show boats").out
    assert first.out.strip() in shown
    assert "limited: it costs at least 3 credits" in shown
    ticks = run("schedule show boats --json").document["ticks"]
    assert [(one["state"], one["why"]) for one in ticks] == [("limited", "hand"), ("begun", "hand")]


def test_it_is_paused_resumed_and_removed(run: Any) -> None:
    """What is paused has no next time; what is removed leaves its runs."""
    run(BOATS)
    run_id = run("schedule run boats -q").out.strip()
    assert "paused" in run("schedule pause boats").err
    assert run("schedule list --json").document["schedules"][0]["next"] is None
    assert "paused" in run("schedule list").out
    assert "its next time is" in run("schedule resume boats").err
    assert run("schedule list --json").document["schedules"][0]["next"]
    assert "its runs stay" in run("schedule remove boats").err
    assert run("schedule show boats").code == 2
    assert run(f"jobs show {run_id}").code == 0


def test_a_workflow_is_kept_as_it_is_now(run: Any) -> None:
    """Its file may change or go; its inputs are its own options, and its files are kept."""
    made = run(
        "schedule add shots product-shots -e sandbox --picture small.png --scenes beach --scenes desk "
        "--cron '0 6 * * mon' --limit-credits 50"
    )
    assert made.code == 0, made
    assert "It runs as the workflow is now" in made.err
    Path("small.png").unlink()
    shown = run("schedule show shots").out
    assert all(text in shown for text in ("picture = small.png", '["beach", "desk"]', "as it was on"))
    begun = run("schedule run shots -q").out.strip()
    told = run(f"jobs show {begun} --json").document
    assert (told["kind"], told["options"]["limit_credits"]) == ("workflow", 25.0)
    assert load.kept(told["definition"]).id == "product-shots"


@pytest.mark.parametrize("name", ["add", "list", "show", "next", "run", "pause", "resume", "remove"])
def test_each_word_has_help_that_fits(name: str, run: Any) -> None:
    """Help does nothing, and fits into 80 columns."""
    shown = run(f"schedule {name} --help")
    assert shown.code == 0
    assert f"connector schedule {name}" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80
