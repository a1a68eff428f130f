"""Inputs are varied: each combination is a call, priced before it is run, and stands in a table."""

from __future__ import annotations

from playwright.sync_api import expect

from browser.looks import look
from browser.visitor import Visitor


def test_two_inputs_are_varied(visitor: Visitor) -> None:
    """Their combinations are one batch with one seed; the table is there after a reload, and leads back."""
    page = visitor.open("/actions/stable-diffusion-3")
    visitor("vary").click()
    visitor("vary-across").select_option("model")
    visitor("vary-across-values").fill("sd3.5-large\nsd3.5-flash")
    visitor("vary-down").select_option("prompt")
    visitor("vary-down-values").fill("a red boat\na blue boat")
    expect(visitor("run")).to_contain_text("4 calls, free")
    expect(visitor("balance")).to_have_text("4 calls, 18 credits where it is billed")
    look(page, "vary")
    visitor("vary-down-values").fill("a red boat\n\N{ZERO WIDTH SPACE}")
    with visitor.refused(422):
        visitor("run").click()
        expect(visitor.problem("prompt")).to_be_visible()
    assert "batch=" not in page.url
    visitor("vary-down-values").fill("a red boat\na blue boat")
    visitor("run").click()
    expect(visitor("grid-said")).to_contain_text("4 of 4 done")
    look(page, "grid")
    page.reload()
    visitor.settle()
    grid = visitor("grid")
    expect(grid.locator("img")).to_have_count(4)
    expect(grid.get_by_role("columnheader")).to_have_text(["sd3.5-large", "sd3.5-flash"])
    expect(grid.get_by_role("rowheader")).to_have_text(["a red boat", "a blue boat"])
    runs = visitor.served.ask("GET", "/api/runs", params={"limit": 4}).json()["runs"]
    made = {(run["inputs"]["model"], run["inputs"]["prompt"]): run for run in runs}
    assert len(made) == 4
    assert len({run["inputs"]["seed"] for run in runs}) == 1
    below = grid.get_by_role("row").nth(2).get_by_role("link")
    wanted = made["sd3.5-flash", "a blue boat"]["id"]
    expect(below.nth(1)).to_have_attribute("href", f"?run={wanted}")
    grid.get_by_role("checkbox").nth(0).check()
    grid.get_by_role("checkbox").nth(3).check()
    visitor("grid-compare").click()
    expect(visitor("differences")).to_contain_text("a blue boat")
    page.go_back()
    visitor.settle()
    grid.get_by_role("row").nth(2).get_by_role("link").nth(1).click()
    visitor.settle()
    expect(visitor.field("prompt")).to_have_value("a blue boat")
    expect(visitor.field("model")).to_have_value("sd3.5-flash")


def test_choices_and_several_of_each_are_varied(visitor: Visitor) -> None:
    """What can be chosen is a box; each cell has as many as are asked for, with the same seeds."""
    visitor.open("/actions/stable-image-core?example=0")
    visitor.field("prompt").fill("a paper boat")
    visitor("vary").click()
    visitor("vary-across").select_option("aspect_ratio")
    for ratio in ("1:1", "9:16"):
        visitor.page.locator("[data-values]").get_by_label(ratio, exact=True).check()
    visitor("count").select_option("2")
    expect(visitor("balance")).to_have_text("4 calls, 12 credits where it is billed")
    visitor("run").click()
    expect(visitor("grid-said")).to_contain_text("4 of 4 done")
    runs = visitor.served.ask("GET", "/api/runs", params={"limit": 4}).json()["runs"]
    assert len({run["inputs"]["seed"] for run in runs}) == 2
    assert sorted(run["inputs"]["aspect_ratio"] for run in runs) == ["1:1", "1:1", "9:16", "9:16"]
    visitor("vary").click()
    expect(visitor("balance")).to_have_text("2 calls, 6 credits where it is billed")
