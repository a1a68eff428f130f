"""What outlasts a call, in a browser: workflows, batches, schedules, and outcomes that nobody knows."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from browser.looks import look
from browser.served import Served
from browser.visitor import Visitor
from connector.storage.database.database import Database
from connector.storage.runs.history import History

CORE = "stable-image-core"
PATIENCE = 60_000


def lost(served: Served, prompt: str) -> str:
    """A run whose answer never came, as a host leaves it whose line went dead."""
    history = History(Database(served.home / "connector.db"))
    place = {"integration": "stabilityai", "connection": "", "environment": "sandbox", "token_name": ""}
    given = {"action": CORE, "title": "Stable Image Core", "inputs": {"prompt": prompt}, "options": {}}
    run, _ = history.open(given | place)
    error = {"code": "unknown", "message": "the line went dead", "billed": "unknown", "retryable": False}
    history.enter(run.id, "unknown", "no answer came", outcome="unknown", error=error, credits=3.0)
    return run.id


def test_a_workflow_runs_and_shows_its_pictures(visitor: Visitor) -> None:
    """Step by step as they are made, then side by side with their cost; its page shows them again."""
    visitor.open("/workflows")
    visitor.go(visitor("workflow-variations"))
    look(visitor.page, "workflow")
    visitor.field("prompt").fill("a lighthouse on a cliff at dusk")
    visitor.field("seeds").fill("1\n2")
    visitor.field("models").fill("sd3.5-flash")
    expect(visitor("price")).to_have_text("free")
    expect(visitor("balance")).to_have_text("11 credits where it is billed")
    visitor("run").click()
    expect(visitor("progress-pictures").locator("img").first).to_be_visible(timeout=PATIENCE)
    expect(visitor("progress")).to_contain_text(re.compile(r"\d of 4 steps: "))
    view = visitor.finished()
    expect(visitor("steps").locator("li")).to_have_count(4)
    expect(visitor("cost")).to_have_text("free (11 credits where it is billed)")
    assert visitor.picture(visitor("picture")).width > 100
    assert visitor.picture(visitor("steps").locator("img").first).width > 0
    visitor.go(view.get_by_role("link", name="Open the run"))
    expect(visitor("steps").locator("li")).to_have_count(4)
    look(visitor.page, "workflow-run")
    visitor.go(visitor("open-form"))
    expect(visitor.field("seeds")).to_have_value("1\n2")
    visitor.open("/workflows")
    look(visitor.page, "workflows")


def test_a_workflow_tells_what_is_wrong_at_its_field(visitor: Visitor) -> None:
    visitor.open("/workflows/variations")
    visitor.field("seeds").fill("0")
    visitor("run").click()
    expect(visitor.problem("prompt")).to_be_visible()
    expect(visitor.problem("seeds")).to_be_visible()


def test_a_webhook_is_made_shown_once_and_removed(visitor: Visitor) -> None:
    """By the call that is shown a program runs the workflow; then nobody does."""
    page = visitor.open("/workflows/storyboard")
    visitor.field("lines").fill("a boat that's red")
    visitor("make-hook").click()
    call = visitor("hook-call")
    expect(call).to_contain_text("X-Hook-Secret")
    said = shlex.split(call.inner_text().replace("\\\n", " "))
    given = json.loads(said[said.index("--data") + 1])  # what was filled in, as a shell takes it
    assert given == {"lines": ["a boat that's red"]}
    look(page, "webhook")
    found = re.search(r"(/hooks/\w+)[^:]*: ([\w-]+)", call.inner_text())
    assert found is not None
    path, secret = found.groups()
    headers = {"x-hook-secret": secret}
    assert httpx.post(visitor.served.url + path, headers=headers, json=given).status_code == 202
    visitor.open("/workflows/storyboard")
    assert secret not in page.content()
    page.once("dialog", lambda asked: asked.accept())
    visitor("remove-hook").click()
    expect(visitor("remove-hook")).to_have_count(0)
    assert httpx.post(visitor.served.url + path, headers=headers, json=given).status_code == 401


def test_a_batch_is_begun_and_followed(visitor: Visitor, tmp_path: Path) -> None:
    """How many are done, what they cost, and a picture for each row; what failed says why."""
    rows = tmp_path / "boats.csv"
    rows.write_text('prompt,seed\na red boat,1\na blue boat,2\n"a boat, sandbox-refuse",3\n')
    page = visitor.open("/batches")
    page.get_by_label("What is done with each row").select_option(CORE)
    page.get_by_label("Rows", exact=True).set_input_files(rows)
    page.get_by_label("Where").select_option("/sandbox")
    expect(visitor("checked")).to_contain_text("3 rows, free")  # until then the button moves
    page.get_by_role("button", name="Start the batch").click()
    page.wait_for_url(re.compile(r"/batches/\w+"))
    expect(visitor("batch-done")).to_have_text("2 of 3", timeout=PATIENCE)
    expect(visitor("batch-failed")).to_have_text("1")
    expect(visitor("batch-credits")).to_have_text("6 (free here)")
    expect(visitor("batch-state")).to_have_text("done", timeout=PATIENCE)
    expect(visitor("cancel-batch")).to_have_count(0)
    expect(page.get_by_role("table")).to_contain_text("moderat")
    page.reload()
    expect(visitor("batch-rows").locator("img")).to_have_count(2)
    look(page, "batch")
    visitor.open("/batches")
    look(page, "batches")
    visitor.go(visitor("batches").get_by_role("link").first)
    visitor.go(visitor("batch-rows").get_by_role("link").first)
    assert visitor.picture(visitor("picture")).width > 0


def test_rows_that_are_wrong_are_named_as_soon_as_their_file_is_chosen(
    visitor: Visitor, tmp_path: Path
) -> None:
    """A mistyped column is mapped by a guess, mistakes stand in a table, the mended file has its price."""
    rows = tmp_path / "boats.csv"
    rows.write_text("promt,seed,remark\na red boat,-1,a\n,7,b\n")
    page = visitor.open("/batches")
    page.get_by_label("What is done with each row").select_option(CORE)
    with visitor.refused(422):
        page.get_by_label("Rows", exact=True).set_input_files(rows)
        columns = visitor("columns")
        expect(columns.get_by_label("promt is")).to_have_value("prompt")
        expect(columns.get_by_label("remark is")).to_have_value("")
        mistakes = visitor("mistakes").locator("tbody tr")
        expect(mistakes).to_have_count(2)
        expect(mistakes.nth(0)).to_have_text("2seedis -1; at least 0")
        expect(mistakes.nth(1)).to_contain_text("3promptis required")
        expect(visitor("checked")).to_contain_text("2 mistakes in the rows")
        look(page, "batch-mistakes")
        visitor("begin").click()
        expect(visitor("begin")).not_to_have_attribute("aria-busy", "true")
    assert page.url.endswith("/batches")
    rows = rows.with_name("mended.csv")
    rows.write_text("promt,seed,remark\na red boat,1,a\na blue boat,7,b\n")
    with visitor.refused(422):
        page.get_by_label("Rows", exact=True).set_input_files(rows)
        expect(visitor("checked")).to_contain_text("2 rows, free (6 credits where it is billed)")
        expect(visitor("mistakes")).to_be_hidden()
    visitor("begin").click()
    page.wait_for_url(re.compile(r"/batches/\w+"))
    expect(visitor("batch-done")).to_have_text("2 of 2", timeout=PATIENCE)


def test_a_sample_of_a_batch_is_one_that_can_be_begun(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.open("/batches")
    page.get_by_label("What is done with each row").select_option(CORE)
    with page.expect_download() as saving:
        page.get_by_role("button", name="A sample to fill in").click()
    assert saving.value.suggested_filename == f"{CORE}.csv"
    saving.value.save_as(tmp_path / f"{CORE}.csv")
    page.get_by_label("Rows", exact=True).set_input_files(tmp_path / f"{CORE}.csv")
    expect(visitor("checked")).to_contain_text("1 row, free (3 credits where it is billed)")


def test_a_schedule_is_kept_paused_and_run_now(visitor: Visitor) -> None:
    """From the form of what it does; a wrong line is told at its field."""
    page = visitor.open("/schedules")
    page.get_by_label("Schedule", exact=True).select_option(CORE)
    page.get_by_role("button", name="Fill in its inputs").click()
    page.wait_for_url(re.compile(f"/actions/{CORE}"))
    visitor.settle()
    visitor.field("prompt").fill("a boat at dawn")
    visitor("schedule").click()
    dialog = visitor("schedule-dialog")
    dialog.get_by_label("Name").fill("at dawn")
    expect(visitor("next")).to_contain_text("08:00; ")
    dialog.get_by_label("How often").select_option("once a week")
    dialog.get_by_label("Day", exact=True).select_option("Wednesday")
    dialog.get_by_label("At", exact=True).fill("17:30")
    expect(visitor("next")).to_contain_text(re.compile(r"Next: (Wed, [A-Z][a-z]{2} \d+, 17:30(; )?){3} \("))
    dialog.get_by_label("How often").select_option("by a cron line")
    dialog.get_by_label("Times", exact=True).fill("0 8 * * *")
    expect(visitor("next")).to_contain_text("08:00; ")
    dialog.get_by_label("Time zone").fill("Europe/Berlin")
    look(page, "schedule-dialog")
    with visitor.refused(422):
        dialog.get_by_label("Times", exact=True).fill("61 8 * * *")
        expect(visitor("next")).to_have_text("")
        visitor("schedule-keep").click()
        expect(dialog.locator("#s-cron-problem")).to_contain_text("0 to 59")
    dialog.get_by_label("Times", exact=True).fill("0 8 * * *")
    visitor("schedule-keep").click()
    page.wait_for_url(re.compile("/schedules/at-dawn"))
    expect(visitor("next-times").locator("time")).to_have_count(5)
    visitor("run-now").click()
    page.wait_for_url(re.compile("/runs/"))
    visitor.finished()
    visitor.open("/schedules/at-dawn")
    expect(visitor("ticks")).to_contain_text("by hand")
    look(page, "schedule")
    visitor.open("/schedules")
    row = visitor("schedule-at-dawn")
    expect(row).to_contain_text("succeeded")
    look(page, "schedules")
    row.get_by_role("button", name="Pause").click()
    expect(visitor("schedule-at-dawn")).to_contain_text("when it is resumed")
    visitor.open("/schedules/at-dawn")
    page.once("dialog", lambda asked: asked.accept())
    visitor("forget").click()
    page.wait_for_url(re.compile("/schedules$"))
    expect(visitor("schedule-at-dawn")).to_have_count(0)


@pytest.mark.parametrize(
    ("button", "said"), [("paid", "elsewhere it would have been billed"), ("unpaid", "Nothing was billed")]
)
def test_an_unknown_outcome_is_settled(visitor: Visitor, button: str, said: str) -> None:
    """It stands above the runs until somebody has said whether it was paid for."""
    run = lost(visitor.served, f"a boat that was {button}")
    visitor.open("/runs")
    riddle = visitor(f"unknown-{run}")
    expect(riddle).to_contain_text("up to 3 credits")
    look(visitor.page, "unknown")
    riddle.get_by_test_id(button).click()
    expect(visitor(f"unknown-{run}")).to_have_count(0)
    visitor.open(f"/runs/{run}")
    expect(visitor("failure")).to_contain_text(said)


def test_an_unknown_outcome_is_tried_again(visitor: Visitor) -> None:
    """From its own page, once somebody has agreed that it may be paid twice; and only once."""
    run = lost(visitor.served, "a boat once more")
    page = visitor.open(f"/runs/{run}")
    expect(visitor("gap")).to_contain_text("Was it paid for?")
    page.once("dialog", lambda asked: asked.accept())
    visitor("retry").click()
    page.wait_for_url(re.compile(f"/runs/(?!{run})"))
    visitor.finished()
    visitor.open(f"/runs/{run}")
    expect(visitor("gap")).to_have_count(0)
