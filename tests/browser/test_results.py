"""Results stay: beside the form they were made with, several at once, and any two of them compared."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from browser.looks import look
from browser.visitor import Visitor


def test_results_stay_beside_the_form_and_two_are_compared(visitor: Visitor) -> None:
    """A click brings back inputs and result; two are laid over each other, zoomed together."""
    page = visitor.open("/actions/stable-image-core?example=0")
    for prompt in ("a red boat at dawn", "a blue boat at noon"):
        visitor.field("prompt").fill(prompt)
        visitor("run").click()
        expect(visitor("progress")).to_be_visible()
        visitor.finished()
        expect(visitor("results").get_by_role("link", name=prompt).first).to_be_visible()
    look(page, "results")
    visitor("results").get_by_role("link", name="a red boat at dawn").first.click()
    visitor.settle()
    expect(visitor.field("prompt")).to_have_value("a red boat at dawn")
    visitor.finished()
    visitor("zoom-in").click()
    expect(visitor("media").locator("[data-zoom-said]")).to_have_text("150 %")
    boxes = visitor("results").get_by_role("checkbox")
    boxes.nth(0).check()
    expect(visitor("compare-picked")).to_be_hidden()
    boxes.nth(1).check()
    visitor("compare-picked").click()
    expect(visitor("differences")).to_contain_text("a red boat at dawn")
    expect(visitor("differences")).to_contain_text("a blue boat at noon")
    expect(visitor("differences")).not_to_contain_text("Aspect ratio")  # which is the same
    visitor("zoom-in").click()
    moved = [visitor(f"picture-{at}").evaluate("each => each.style.transform") for at in (0, 1)]
    assert moved[0] == moved[1] != ""
    look(page, "compare")
    visitor("tab-slider").click()
    expect(visitor("compare")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    laid = page.locator("#slider img").evaluate_all(
        "all => all.map((each) => Object.values(each.getBoundingClientRect().toJSON()).map(Math.round))"
    )
    assert laid[0] == laid[1], "one picture lies exactly over the other"


def test_several_are_made_at_once(visitor: Visitor) -> None:
    """Each with a seed of its own; they go on without the page, and are there again after a reload."""
    page = visitor.open("/actions/stable-image-core?example=0")
    visitor.field("prompt").fill("a paper boat")
    visitor("count").select_option("4")
    expect(visitor("balance")).to_have_text("4 calls, 12 credits where it is billed")
    visitor("run").click()
    expect(visitor("batch-done")).to_contain_text("of 4")
    page.reload()
    expect(visitor("batch-done")).to_have_text("4 of 4")
    expect(visitor.field("prompt")).to_have_value("a paper boat")
    pictures = visitor("batch-rows").locator("img")
    expect(pictures).to_have_count(4)
    runs = visitor.served.ask("GET", "/api/runs", params={"limit": 4}).json()["runs"]
    assert {run["inputs"]["prompt"] for run in runs} == {"a paper boat"}
    assert len({run["inputs"]["seed"] for run in runs}) == 4


def test_a_form_is_code_and_json_before_it_is_run(visitor: Visitor) -> None:
    """The call in other languages as it is filled in, and the inputs as JSON, which fill the form."""
    visitor.open("/actions/erase?example=0")
    expect(visitor("field-image")).to_contain_text("Fits")
    visitor("preview").click()
    visitor("tab-code").click()
    view = visitor("request-view")
    for name, sign in (
        ("python", "'image': 'room.png'"),
        ("javascript", "await fetch("),
        ("curl", "/api/actions/erase"),
    ):
        visitor(f"call-{name}").click()
        expect(view.locator("[data-code]").get_by_role("tabpanel")).to_contain_text(sign)
    visitor("tab-json").click()
    text = visitor("json-inputs").input_value()
    assert json.loads(text)["seed"] == 4
    visitor("json-inputs").fill("{")
    visitor("apply-json").click()
    expect(view).to_contain_text("This cannot be filled in")
    visitor("json-inputs").fill(json.dumps(json.loads(text) | {"seed": 9, "output_format": "webp"}))
    visitor("apply-json").click()
    expect(view).to_be_hidden()
    expect(visitor.field("seed")).to_have_value("9")
    expect(visitor("field-output_format").get_by_label("webp", exact=True)).to_be_checked()
    expect(visitor("field-image")).to_contain_text("room.png")
