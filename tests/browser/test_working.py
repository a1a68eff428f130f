"""Working with what was run: found, picked, kept as an archive, deleted; and batches after their end."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect

from browser.looks import look
from browser.served import Served
from browser.visitor import Visitor

CORE = "stable-image-core"


def boats(served: Served, *words: str) -> list[str]:
    runs = [served.run(CORE, prompt=f"a {word} skiff", seed=number) for number, word in enumerate(words, 1)]
    for run in runs:
        served.look(run)
    return runs


def test_runs_are_found_and_paged(visitor: Visitor) -> None:
    """By words and a day in the reader's zone; the address keeps them, and the gallery shows pictures."""
    red, blue = boats(visitor.served, "crimson", "azure")
    page = visitor.open("/runs")
    words = page.get_by_role("searchbox", name="Words")
    words.fill("SKIFF crimson")
    page.get_by_label("From", exact=True).fill("2020-01-01")
    words.press("Enter")
    page.wait_for_url(re.compile("text=SKIFF"))
    expect(visitor(f"run-{red}")).to_be_visible()
    expect(visitor(f"run-{blue}")).to_have_count(0)
    expect(visitor("count")).to_have_text("1 run")
    visitor.go(visitor("view-gallery"))
    expect(page.get_by_role("searchbox")).to_have_value("SKIFF crimson")
    assert visitor.picture(visitor(f"run-{red}").locator("img")).width > 0
    look(page, "runs-found")
    page.get_by_label("State").select_option("failed")
    page.wait_for_url(re.compile("state=failed"))
    expect(page.get_by_text("No run matches.")).to_be_visible()
    look(page, "runs-none")
    visitor.go(page.get_by_role("link", name="Clear"))
    visitor("pick-all").check()
    look(page, "runs-gallery")
    visitor.go(visitor("view-list"))
    visitor("pick-all").check()
    look(page, "runs-picked")


def test_what_left_and_came_back_is_seen(visitor: Visitor) -> None:
    """The request of a run with its answer and times; its key is nowhere."""
    [run] = boats(visitor.served, "ivory")
    page = visitor.open(f"/runs/{run}")
    told = visitor("exchanges")
    expect(told).to_contain_text("POST")
    expect(told).to_contain_text("a ivory skiff")
    expect(told).to_contain_text("********")
    expect(visitor("timing")).to_contain_text("First byte")
    look(page, "run-requests")


def test_runs_are_downloaded_done_again_and_deleted_together(visitor: Visitor) -> None:
    """An archive has their files; what costs and what goes for good is asked first."""
    runs = boats(visitor.served, "teal", "ochre")
    page = visitor.open("/runs?text=skiff")
    for run in runs:
        visitor(f"run-{run}").get_by_role("checkbox").check()
    expect(visitor("compare-picked")).to_be_visible()
    with page.expect_download() as saving:
        visitor("download-picked").click()
    names = zipfile.ZipFile(saving.value.path()).namelist()
    assert len(names) == 2
    assert all(re.fullmatch(rf"{CORE}-\d{{8}}-\d{{6}}(-2)?\.png", name) for name in names)
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    visitor("again-picked").click()
    page.wait_for_url(re.compile("/runs$"))
    page = visitor.open("/runs?text=teal")
    expect(visitor("count")).to_have_text("2 runs")
    visitor(f"run-{runs[0]}").get_by_role("checkbox").check()
    visitor("delete-picked").click()
    expect(visitor(f"run-{runs[0]}")).to_have_count(0)
    expect(visitor("count")).to_have_text("1 run")
    assert asked == [
        "Run all 2 again? By what they cost last: free.",
        "Delete 1 run, inputs and files too? The cost stays counted.",
    ]


def test_a_batch_that_was_stopped_goes_on(visitor: Visitor) -> None:
    """What is left and its price stand beside the button; no row is paid twice."""
    items = [{"prompt": f"dinghy {number}"} for number in range(8)]
    asked = {"subject": CORE, "environment": "sandbox", "items": items, "concurrency": 1}
    batch = visitor.served.ask("POST", "/api/batches", json=asked).json()["id"]
    page = visitor.open(f"/batches/{batch}")
    page.on("dialog", lambda dialog: dialog.accept())
    visitor("cancel-batch").click()
    expect(visitor("batch-state")).to_have_text("cancelled")
    expect(visitor("batch-left")).to_contain_text(re.compile(r"[1-8] rows? left, free[.:]"))
    look(page, "batch-stopped")
    page.set_viewport_size({"width": 1280, "height": 900})
    visitor("batch-retry").click()
    expect(visitor("batch-state")).to_have_text("done", timeout=60_000)
    expect(visitor("batch-done")).to_have_text("8 of 8")
    expect(visitor("batch-credits")).to_have_text("24 (free here)")
    asked |= {"items": items[:3], "limit_credits": 4}
    batch = visitor.served.ask("POST", "/api/batches", json=asked).json()["id"]
    visitor.open(f"/batches/{batch}")
    expect(visitor("batch-state")).to_have_text("limited", timeout=60_000)
    expect(visitor("batch-left")).to_contain_text("2 rows left, free.")
    look(page, "batch-limited")
    limit = page.get_by_label("Credits it may spend in all")
    expect(limit).to_have_value("9")
    limit.fill("4")
    with visitor.refused(422):
        visitor("batch-retry").click()
        expect(page.get_by_text("give more than that")).to_be_visible()
    limit.fill("9")
    visitor("batch-retry").click()
    expect(visitor("batch-state")).to_have_text("done", timeout=60_000)
    expect(visitor("batch-credits")).to_have_text("9 of 9 (free here)")


def test_a_batch_that_has_ended_is_taken_home(visitor: Visitor, tmp_path: Path) -> None:
    """Its time is told before, its files and its table after; another one of it is a click away."""
    rows = tmp_path / "two.csv"
    rows.write_text("prompt,seed,aspect_ratio\na green buoy,1,3:2\na white buoy,2,3:2\n")
    page = visitor.open(f"/batches?subject={CORE}")
    page.get_by_label("Rows", exact=True).set_input_files(rows)
    page.get_by_label("Where").select_option("/sandbox")
    expect(visitor("checked")).to_contain_text(re.compile(r"About \d+ s: "))
    visitor("begin").click()
    page.wait_for_url(re.compile(r"/batches/\w+"))
    expect(visitor("batch-state")).to_have_text("done", timeout=60_000)
    with page.expect_download() as saving:
        visitor("batch-archive").click()
    assert zipfile.ZipFile(saving.value.path()).namelist() == [
        "0001-a-green-buoy.png",
        "0002-a-white-buoy.png",
    ]
    with page.expect_download() as saving:
        visitor("batch-table").click()
    assert "a white buoy" in Path(saving.value.path()).read_text(encoding="utf-8")
    with page.expect_download() as saving:
        visitor("batch-sheet").click()
    assert saving.value.suggested_filename.endswith(".png")
    with Image.open(saving.value.path()) as sheet:
        assert sheet.width > 1000
    page.reload()
    shown = visitor("batch-rows").locator("li")
    expect(shown.nth(1)).to_contain_text("2. prompt: a white buoy, seed: 2")
    assert visitor.picture(shown.nth(1).locator("img")).width > 100
    visitor.picture(shown.nth(0).locator("img"))
    expect(visitor("batch-retry")).to_have_count(0)
    look(page, "batch-ended")
    visitor.go(page.get_by_role("link", name="Another batch of it"))
    expect(page.get_by_label("What is done with each row")).to_have_value(CORE)
