"""Workflows are changed in the console: steps beside the text, mistakes at their lines, no text lost."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, expect

from browser.looks import look
from browser.served import Served
from browser.visitor import Visitor

TWO = """\
id: two-boats
title: Two boats
description: A picture of the words that are given, and the same cut out.
inputs:
  type: object
  required: [prompt]
  properties:
    prompt: {type: string, title: Prompt, description: What the picture shows., minLength: 1}
steps:
  - id: picture
    title: Make the picture
    action: stable-image-core
    inputs:
      prompt: "{{ inputs.prompt }}"
outputs:
  picture: "{{ steps.picture.file }}"
"""
STEP = """\
  - id: cutout
    title: Cut it out
    action: remove-background
    inputs:
      image: "{{ steps.picture.file }}"
"""
PATH = "/api/workflows/two-boats"


def save(served: Served, text: str, after: int, path: str = PATH) -> None:
    served.ask("PUT", path, params={"after": after}, json={"text": text}).raise_for_status()


def edit(visitor: Visitor, id: str = "two-boats") -> Locator:
    visitor.page.goto(f"{visitor.served.url}/workflows/{id}/edit")
    expect(visitor.page.locator("html[data-edits]")).to_have_count(1)
    return visitor("text")


def at(text: Locator, before: str) -> None:
    """Puts the caret before the first place of some words."""
    text.evaluate("(area, at) => { area.focus(); area.setSelectionRange(at, at); }", TWO.index(before))


def test_a_step_is_added_and_run(visitor: Visitor) -> None:
    """From the form to the editor and back: mistakes at once, then the run, then one step alone."""
    save(visitor.served, TWO, 0)
    page = visitor.open("/workflows/two-boats")
    visitor("edit").click()
    text = visitor("text")
    expect(page.locator("html[data-edits]")).to_have_count(1)
    expect(visitor("step-picture")).to_contain_text("{{ inputs.prompt }}")
    at(text, "outputs:")
    page.keyboard.insert_text(STEP.replace("picture.file", "picure.file"))
    expect(visitor("mistakes").get_by_role("button")).to_have_count(1)
    expect(visitor("mistakes")).to_contain_text("Line 19")
    expect(visitor("said")).to_have_text("1 mistake.")
    expect(visitor("step-cutout")).to_contain_text("Cut it out")
    visitor("save").click()
    expect(page.get_by_text("It is not saved")).to_be_visible()
    assert text.evaluate("area => area.value.slice(area.selectionStart, area.selectionEnd)").strip() == (
        'image: "{{ steps.picure.file }}"'
    )
    look(page, "workflow-mistake")
    page.reload()
    expect(visitor("restored")).to_be_visible()
    expect(visitor("mistakes")).to_contain_text("picure")
    text.fill(text.input_value().replace("picure", "picture"))
    expect(visitor("said")).to_have_text("No mistakes; not saved yet.")
    visitor("run-it").click()
    page.wait_for_url(re.compile("/workflows/two-boats$"))
    visitor.settle()
    visitor.field("prompt").fill("a red skiff")
    visitor.run()
    text = edit(visitor)
    expect(page.get_by_text("Version 2, saved")).to_be_visible()
    expect(visitor("step-picture")).to_contain_text("a red skiff")
    expect(visitor("step-cutout").locator(".state")).to_have_text("succeeded")
    before = len(visitor.served.ask("GET", "/api/runs?limit=200").json()["runs"])
    text.fill(text.input_value().replace('"{{ inputs.prompt }}"', '"{{ inputs.prompt }} at dusk"'))
    expect(visitor("step-picture")).to_contain_text("a red skiff at dusk")
    visitor("run-picture").click()
    expect(visitor("step-picture").get_by_test_id("picture")).to_be_visible()
    after = visitor.served.ask("GET", "/api/runs?limit=200").json()["runs"]
    assert len(after) == before + 1
    assert after[0]["inputs"]["prompt"] == "a red skiff at dusk"
    look(page, "workflow-editor")


def test_two_who_edit_lose_nothing(visitor: Visitor, tmp_path: Path) -> None:
    """What came between stands beside one's own text, also after a reload; then mine is put over it."""
    path, other = f"{PATH}-1", TWO.replace("two-boats", "two-boats-1")
    save(visitor.served, other, 0, path)
    page, text = visitor.page, edit(visitor, "two-boats-1")
    text.fill(other.replace("title: Two boats", "title: Mine"))
    save(visitor.served, other.replace("title: Two boats", "title: Theirs"), 1, path)
    with visitor.refused(409):
        visitor("save").click()
        expect(visitor("conflict")).to_be_visible()
    expect(visitor("other-text")).to_have_value(re.compile("title: Theirs"))
    look(page, "workflow-conflict")
    page.reload()
    expect(visitor("other-text")).to_have_value(re.compile("title: Theirs"))
    expect(text).to_have_value(re.compile("title: Mine"))
    visitor("exchange").click()
    expect(text).to_have_value(re.compile("title: Theirs"))
    visitor("exchange").click()
    visitor("save").click()
    expect(page.get_by_text("Version 3, saved")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    visitor("versions").click()
    look(page, "workflow-versions")
    visitor("version-2").click()
    expect(text).to_have_value(re.compile("title: Theirs"))
    visitor("more").click()
    with page.expect_download() as saving:
        visitor("download").click()
    assert saving.value.suggested_filename == "two-boats-1.yaml"
    assert "title: Theirs" in Path(saving.value.path()).read_text("utf-8")
    new = tmp_path / "another.yaml"
    new.write_text(other.replace("two-boats-1", "restore"), "utf-8")
    visitor("file").set_input_files(new)
    expect(visitor("mistakes")).to_contain_text("there is a workflow 'restore' already")
    visitor("more").click()
    visitor("copy-as-new").click()
    expect(visitor("said")).to_have_text("No mistakes; not saved yet.")
    expect(visitor("save")).to_have_text("Save as two-boats-1-copy")
    visitor("save").click()
    page.wait_for_url(re.compile("/workflows/two-boats-1-copy/edit$"))
    visitor("more").click()
    visitor("take-back").click()
    page.wait_for_url(re.compile("/workflows$"))
    expect(page.get_by_test_id("workflow-two-boats-1-copy")).to_have_count(0)


def test_the_text_is_left_by_keyboard(visitor: Visitor) -> None:
    """Tab and Shift+Tab move lines, Enter keeps the indentation, and Escape lets Tab go on."""
    page, text = visitor.page, edit(visitor, "variations")
    text.evaluate("area => { area.focus(); area.setSelectionRange(0, 0); }")
    first = text.input_value()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert text.input_value().startswith("  \n  #")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    assert text.input_value() == first
    text.evaluate("area => area.setSelectionRange(0, area.value.length)")
    page.keyboard.press("Tab")
    assert text.input_value().startswith("  #")
    page.keyboard.press("Shift+Tab")
    assert text.input_value() == first
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(text).not_to_be_focused()
