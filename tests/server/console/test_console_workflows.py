"""The steps beside a workflow's text: what each was given and gave, and what it would be given now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from console.markup import Element, parse
from server.support import SANDBOX, Place, picture, place

from connector import media
from connector.runs.workflow.versions import WorkflowVersion
from connector.spec.cache import default_folder

SHOTS = (Path(default_folder()) / "workflows" / "product-shots.yaml").read_text("utf-8")
TEXT = """\
id: rows
title: Rows
description: A picture for each of the words, and each of these cut out.
inputs:
  type: object
  required: [words]
  properties:
    words: {type: array, title: Words, description: What they show., items: {type: string}, minItems: 1}
steps:
  - id: picture
    action: stable-image-core
    for_each: "{{ inputs.words }}"
    inputs: {prompt: "a {{ item }}"}
    on_failed: skip
  - id: cutout
    action: remove-background
    for_each: "{{ steps.picture.items }}"
    inputs: {image: "{{ item.file }}"}
  - id: sheet
    make: sheet
    inputs:
      columns: 1
      tiles: [{for_each: "{{ steps.cutout.items }}", picture: "{{ item.file }}"}]
  - id: alone
    action: stable-image-ultra
    inputs: {prompt: "{{ inputs.words[0] }}, large"}
outputs: {sheet: "{{ steps.sheet.file }}"}
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A host with the workflow, whose run made one picture, failed at another, and is not at its end."""
    with place(tmp_path_factory.mktemp("home")) as opened:
        path = "/api/workflows/rows"
        assert opened("PUT", path, params={"after": 0}, json={"text": TEXT}).status_code == 201
        given = {"inputs": {"words": ["kite", "boat"]}}
        run = opened.post(path, params=SANDBOX, json=given).json()["run"]["id"]
        history, files = opened.host.history, opened.host.files
        made = files.put(media.from_bytes(picture(), name="made.png"))
        where = {"integration": "stabilityai", "connection": "", "environment": "sandbox", "options": {}}
        about = where | {"token_name": "", "parent": run, "durable": True, "inputs": {}}
        for at, ended in ((0, "succeeded"), (1, "failed")):
            about |= {"action": "stable-image-core", "title": "Core", "place": f"picture[{at}]"}
            step = history.open(about | {"inputs": {"prompt": "as it was"}})[0].id
            outcome = {"outcome": "success", "credits": 3.0, "billed": "no", "file": made.id}
            wrong = {"outcome": "rejected", "error": {"message": "no"}, "credits": 0.0, "billed": "no"}
            history.enter(step, ended, "it ended", **(wrong if at else outcome))
        yield opened


def seen(host: Place, text: str, id: str = "rows", wanted: str = "rows") -> Element:
    answer = host.post(f"/workflows/{id}/steps", json={"text": text, "id": wanted})
    assert answer.status_code == 200, answer.text[:400]
    return parse(answer.text)


def given(shown: Element, step: str) -> Any:
    """What a step would be given; None where nobody can tell."""
    buttons = shown.one(data_testid=f"step-{step}").all(data_testid=f"run-{step}")
    return json.loads(buttons[0].get("data-inputs")) if buttons else None


def test_each_step_shows_what_it_gave_and_would_be_given(host: Place) -> None:
    """By the text as it is typed, with the inputs of the last run and the files that its steps made."""
    [made] = [each for each in host.host.files.list() if each.name == "made.png"]
    shown = seen(host, TEXT.replace("a {{ item }}", "a red {{ item }}"))
    first = shown.one(data_testid="step-picture").text
    assert "picture[0] succeeded 3 credits where it is billed" in first
    assert "picture[1] failed" in first
    assert given(shown, "picture") == {"prompt": "a red kite"}
    assert given(shown, "cutout") == {"image": made.reference}
    assert given(shown, "sheet") is None
    assert given(shown, "alone") == {"prompt": "kite, large"}


def test_what_a_step_gave_is_that_of_its_action(host: Place) -> None:
    """With another action it is to be run first, before anybody can tell what the next one is given."""
    shown = seen(host, TEXT.replace("stable-image-core", "stable-image-ultra"))
    assert given(shown, "picture") == {"prompt": "a kite"}
    assert given(shown, "cutout") is None
    assert "Once a run has come to this step" in shown.one(data_testid="step-cutout").text


def test_without_a_run_steps_are_seen_and_not_run(host: Place) -> None:
    shown = seen(host, SHOTS, "product-shots", "product-shots")
    assert shown.one(data_testid="mistakes").get("data-count") == "0"
    assert given(shown, "cutout") is None
    assert "Once the workflow was run" in shown.one(data_testid="step-cutout").text


def test_an_id_that_is_taken_is_a_mistake_at_once(host: Place) -> None:
    """Of another workflow, and of an action; a new one is none."""
    for wanted, count in (("restore", "1"), ("erase", "1"), ("anew", "0")):
        shown = seen(host, TEXT.replace("id: rows", f"id: {wanted}"), wanted=wanted)
        assert shown.one(data_testid="mistakes").get("data-count") == count, shown.text


@pytest.mark.parametrize("text", [TEXT, SHOTS], ids=["rows", "product-shots"])
def test_whatever_stands_there_while_it_is_typed_is_told(host: Place, text: str) -> None:
    """A line that is missing, and a text that ends early, are mistakes; nothing fails."""
    lines = text.splitlines(keepends=True)
    for at in range(0, len(lines), 3):
        seen(host, "".join(lines[:at] + lines[at + 1 :]))
        seen(host, text[: len("".join(lines[:at])) + 7])
    for strange in (
        "",
        "[]",
        "\x00",
        "a: &a [*a]",
        text.replace("{{", "{% for %}{{"),
        text.replace("}}", ""),
    ):
        assert seen(host, strange).one(data_testid="mistakes").get("data-count") != "0"


def test_a_text_stays_a_text(host: Place) -> None:
    shown = seen(host, TEXT.replace("a {{ item }}", "<img src=x>{{ item }}").replace("Rows", "<b>Rows"))
    assert shown.all("img", src="x") == []
    assert given(shown, "picture") == {"prompt": "<img src=x>kite"}


def test_one_with_mistakes_is_listed_to_be_mended(host: Place) -> None:
    """As where an action is gone since it was saved."""
    gone = TEXT.replace("remove-background", "is-no-more").replace("id: rows", "id: lost")
    host.host.durable.saved.add(WorkflowVersion("stabilityai", "lost", 0, text=gone), 0)
    listed = parse(host.get("/workflows").text)
    assert listed.one(data_testid="broken-lost").one("a").get("href") == "/workflows/lost/edit"
    shown = parse(host.get("/workflows/lost/edit").text)
    assert "there is no action" in shown.one(data_testid="mistakes").text
    assert shown.one("textarea", id="text").text == " ".join(gone.split())


def test_who_does_not_manage_reads(host: Place) -> None:
    shown = parse(host.get("/workflows/rows/edit", bearer="use").text)
    assert shown.one("textarea", id="text").has("readonly")
    assert shown.all(data_testid="save") == []
