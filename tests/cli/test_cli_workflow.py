"""Workflows are priced, run and looked at in a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from port import TinyStudio

from connector.sandbox import Sandbox

WORKFLOW = """\
id: two
title: Two
description: Draws two pictures, and enlarges neither of them.
inputs:
  type: object
  required: [words]
  properties:
    words: {type: array, description: What is drawn., items: {type: string}}
    cron: {type: string, description: A name that others have too., default: plain}
steps:
  - id: draw
    action: stable-image-core
    for_each: "{{ inputs.words }}"
    inputs: {prompt: "{{ item }}, {{ inputs.cron }}"}
    on_failed: %s
outputs:
  pictures: "{{ steps.draw.files }}"
"""
TWO = "workflow run two.yaml -e sandbox --words boat --words"


@pytest.fixture(autouse=True)
def two(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sandbox, "studio", TinyStudio())  # how the sandbox draws is tested elsewhere
    (place / "two.yaml").write_text(WORKFLOW % "stop")


def test_it_is_run_and_what_it_makes_is_saved(run: Any) -> None:
    """Where no worker is alive this command is one; each step is told, and what it cost."""
    ended = run(f"{TWO} cat -o out")
    assert ended.code == 0, ended
    assert ended.out.splitlines() == ["out/pictures.png", "out/pictures-2.png"]
    assert all(Path(one).read_bytes()[:4] == b"\x89PNG" for one in ended.out.splitlines())
    assert "Two will cost 6 credits." in ended.err
    assert "(draw[1]): done, 3 credits" in ended.err
    assert "No worker is alive" not in ended.err
    listed = run("workflow status --json").document["runs"]
    assert [(one["action"], one["state"], one["credits"]) for one in listed] == [("two", "succeeded", 6.0)]
    told = run(f"workflow status {listed[0]['id']}").out
    assert all(text in told for text in ("draw[0]", "draw[1]", "3 credits", "6 credits", "success"))


def test_what_stops_it_is_its_end(run: Any) -> None:
    """The exit code is that of the step; what was made is saved, and the way on is told."""
    ended = run(f"{TWO} sandbox-refuse -o out")
    assert ended.code == 4, ended
    assert "content moderation" in ended.err
    assert "connector jobs retry" in ended.err


def test_what_may_be_left_out_is_told(run: Any, place: Path) -> None:
    """A run that lost some of its steps is a success that says so."""
    (place / "two.yaml").write_text(WORKFLOW % "skip")
    ended = run(f"{TWO} sandbox-refuse --json")
    assert ended.code == 0, ended
    document = ended.document
    assert (document["outcome"], document["credits"]) == ("partial", 3.0)
    assert document["files"] == ["two/pictures.png"]
    states = {step["place"]: step["state"] for step in document["steps"]}
    assert states == {"draw[0]": "succeeded", "draw[1]": "failed"}


def test_it_can_be_left_to_a_worker(run: Any) -> None:
    """Then its id is printed at once, and nothing is done without a worker."""
    left = run(f"{TWO} cat --no-wait --limit-credits 6")
    assert left.code == 0
    assert "No worker is alive" in left.err
    shown = run(f"jobs show {left.out.strip()} --json").document
    assert (shown["kind"], shown["state"], shown["options"]["limit_credits"]) == ("workflow", "queued", 6.0)


def test_a_broken_file_is_told_by_file_line_and_path(run: Any, place: Path) -> None:
    """Every problem at once, in the form of `check`; and nothing runs."""
    broken = (WORKFLOW % "stop").replace("stable-image-core", "stable-image-cor").replace("item }}", "itm }}")
    (place / "two.yaml").write_text(broken)
    told = run("workflow check two.yaml")
    assert told.code == 1
    assert "two.yaml:12: steps.0.action: " in told.out
    assert "did you mean 'stable-image-core'?" in told.out
    refused = run(f"{TWO} cat")
    assert refused.code == 10
    assert "two.yaml:12: steps.0.action" in refused.err
    assert run("workflow status").err == "No workflow was run yet. Begin with: connector workflow list\n"


def test_its_inputs_are_options_beside_the_commands_own(run: Any) -> None:
    """One that has the name of an option of the command has another name."""
    assert "--cron TEXT" in run("workflow run two.yaml --help").out
    kept = run("schedule add twice two.yaml -e sandbox --words a --input-cron b --cron '0 8 * * *'")
    assert kept.code == 0, kept
    assert 'cron = "b"' in run("schedule show twice").out


@pytest.mark.parametrize("name", ["list", "show", "check", "run", "status"])
def test_each_word_has_help_that_fits(name: str, run: Any) -> None:
    """Help does nothing, and fits into 80 columns."""
    shown = run(f"workflow {name} --help")
    assert shown.code == 0
    assert f"connector workflow {name}" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80
