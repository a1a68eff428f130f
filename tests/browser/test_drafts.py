"""Nothing that was typed is lost, and nothing is paid by mistake: over a reload, another tab, a sign-in."""

from __future__ import annotations

import re
import time
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

from browser.served import Upstream
from browser.visitor import Brush, Visitor

_PATIENCE = 60


# What is told once the upstream has taken the job.
_IS_JOB = re.compile(r"job has started|Check \d")


def until(visitor: Visitor, expression: str) -> None:
    """Waits until an expression is true in the page."""
    end = time.monotonic() + _PATIENCE
    while not visitor.page.evaluate(expression):
        assert time.monotonic() < end, expression
        visitor.page.wait_for_timeout(50)


def keeps(api: str, more: str = "") -> str:
    """Whether the browser keeps a draft of a form, as JavaScript."""
    return f"JSON.parse(localStorage.getItem('console.draft.{api}') || 'null'){more} != null"


def just_now(visitor: Visitor) -> None:
    """However slow this machine is, the last run was begun this moment."""
    key = "console.started./api/actions/stable-image-core"
    told = f"{{...JSON.parse(localStorage.getItem('{key}')), at: Date.now()}}"
    visitor.page.evaluate(f"localStorage.setItem('{key}', JSON.stringify({told}))")


def test_what_is_filled_in_is_there_again(visitor: Visitor) -> None:
    """The file, the painted mask and the fields, at the form's plain address too; until it is cleared."""
    visitor.open("/actions/erase")
    expect(visitor("restored")).to_be_hidden()
    visitor.choose_sample("image", "room.png")
    brush = Brush(visitor)
    visitor("mask-size").fill("120")
    brush.stroke((0.6, 0.2), (0.61, 0.85))
    share = brush.share()
    assert share > 0
    visitor.field("seed").fill("7")
    until(visitor, keeps("/api/actions/erase", "?.masks.mask"))
    for _ in range(2):
        visitor.page.reload()
        visitor.settle()
        expect(visitor("restored")).to_be_visible()
        expect(visitor("field-image")).to_contain_text("room.png")
        expect(visitor.field("seed")).to_have_value("7")
        expect(visitor("mask-said")).to_contain_text(f"{share} %")
    visitor.open("/actions/stable-image-core")
    expect(visitor("restored")).to_be_hidden()
    visitor.open("/actions/erase")
    expect(visitor("mask-said")).to_contain_text(f"{share} %")
    visitor("start-over").click()
    visitor.page.wait_for_load_state()
    visitor.settle()
    expect(visitor.field("seed")).to_have_value("")
    expect(visitor("mask-said")).to_have_count(0)


def test_each_kind_of_field_comes_back(visitor: Visitor) -> None:
    """Choices, lists, and what was filled in over an example, which is its own."""
    visitor.open("/workflows/variations")
    visitor.field("prompt").fill("a boat")
    visitor.field("seeds").fill("1\n2")
    visitor("field-ultra").locator("input").last.check()
    visitor.open("/actions/stable-diffusion-3?example=0")
    visitor.field("prompt").fill("a house")
    visitor.field("model").fill("sd3.5-flash")
    visitor.open("/request")
    visitor.field("path").fill("/v1/boats")
    visitor.open("/workflows/variations")
    expect(visitor.field("seeds")).to_have_value("1\n2")
    expect(visitor("field-ultra").locator("input").last).to_be_checked()
    visitor.open("/actions/stable-diffusion-3?example=0")
    expect(visitor.field("prompt")).to_have_value("a house")
    expect(visitor.field("model")).to_have_value("sd3.5-flash")
    visitor.open("/request")
    expect(visitor.field("path")).to_have_value("/v1/boats")
    visitor.open("/actions/stable-diffusion-3?example=1")
    expect(visitor("restored")).to_be_hidden()


def test_no_secret_of_a_row_is_kept(visitor: Visitor) -> None:
    """A header by hand may have a key in it; the others are kept."""
    page = visitor.open("/request")
    for name, value in (("x-api-key", "sk-of-a-row"), ("accept-language", "de")):
        visitor("field-headers").get_by_role("button", name="Add", exact=True).click()
        page.get_by_label("Headers: name").last.fill(name)
        page.get_by_label("Headers: value").last.fill(value)
    until(visitor, "JSON.stringify(localStorage).includes('accept-language')")
    assert "sk-of-a-row" not in page.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })")
    page.reload()
    visitor.settle()
    expect(page.get_by_label("Headers: name")).to_have_value("accept-language")


def test_a_run_is_found_again(visitor: Visitor) -> None:
    """After a reload, from another tab, and by the way back; its end is shown where it was begun."""
    visitor.open("/actions/start-creative-upscale?example=0")
    expect(visitor("field-image")).to_contain_text("Fits")
    visitor("run").click()
    expect(visitor("progress")).to_contain_text(_IS_JOB)
    [run] = parse_qs(urlsplit(visitor.page.url).query)["run"]
    visitor.page.reload()
    expect(visitor("progress")).to_contain_text(_IS_JOB)
    expect(visitor("run")).to_have_attribute("aria-disabled", "true")
    visitor.open("/actions/start-creative-upscale")
    visitor.page.locator(f'[data-testid=under-way] a[href="?run={run}"]').click()
    expect(visitor("progress")).to_contain_text(_IS_JOB)
    visitor.page.once("dialog", lambda asked: asked.accept())
    visitor("cancel").click()
    visitor.finished("cancelled")
    visitor.open("/")
    visitor.page.go_back()
    visitor.finished("cancelled")


def test_the_same_paid_run_at_once_is_asked_about(visitor: Visitor, far: Upstream) -> None:
    """A second one of the same inputs within moments; not where they changed, nor where it is free."""
    key = far.key()
    visitor.served.connect("twice", key, far.url)
    visitor.open("/actions/stable-image-core?environment=production&connection=twice")
    visitor.field("prompt").fill("a boat at dawn")
    visitor.run()
    expect(visitor("result")).to_be_focused()
    just_now(visitor)
    visitor("run").click()
    expect(visitor("confirming")).to_contain_text("The same was run")
    expect(visitor("confirming")).to_contain_text("3 credits once more")
    assert len(far.paid(key)) == 1
    visitor("confirming").get_by_role("button").click()
    expect(visitor("progress")).to_be_visible()
    visitor.finished()
    assert len(far.paid(key)) == 2
    visitor.field("prompt").fill("a boat at noon")
    visitor("run").click()
    expect(visitor("progress")).to_be_visible()
    visitor.finished()
    assert len(far.paid(key)) == 3


def test_several_of_the_same_at_once_are_asked_about_too(visitor: Visitor, far: Upstream) -> None:
    """They cost more than one does."""
    key = far.key()
    visitor.served.connect("several", key, far.url)
    visitor.open("/actions/stable-image-core?environment=production&connection=several")
    visitor.field("prompt").fill("two boats at dawn")
    visitor("count").select_option("2")
    visitor("run").click()
    expect(visitor("batch-done")).to_have_text("2 of 2")
    expect(visitor("run")).not_to_have_attribute("aria-disabled", "true")
    just_now(visitor)
    visitor("run").click()
    expect(visitor("confirming")).to_contain_text("The same was run")
    assert len(far.paid(key)) == 2


def test_what_was_run_is_no_draft(visitor: Visitor) -> None:
    """Also after somebody looked at the result, which is a part of the form."""
    page = visitor.open("/actions/stable-image-core")
    visitor.field("prompt").fill("a boat in the rain")
    visitor("run").click()
    visitor.finished()
    visitor("zoom-in").click()
    visitor("results").get_by_role("checkbox").first.check()
    visitor.open("/actions/stable-image-core")
    expect(visitor("restored")).to_be_hidden()
    assert page.evaluate("localStorage.getItem('console.draft./api/actions/stable-image-core')") is None


def test_a_batch_that_is_not_there_is_told(visitor: Visitor) -> None:
    """And not asked for again and again."""
    with visitor.refused(404):
        page = visitor.open("/actions/stable-image-core?batch=nope")
        expect(page.locator(".toast")).to_contain_text("nope")


def test_a_session_that_ends_loses_nothing(visitor: Visitor) -> None:
    """The token is revoked while somebody fills in a form: they sign in again, and go on with it."""
    visitor.open("/actions/stable-image-core")
    visitor.field("prompt").fill("a boat at dusk")
    until(visitor, keeps("/api/actions/stable-image-core"))
    visitor.context.clear_cookies()
    with visitor.refused(401):
        visitor("run").click()
        expect(visitor("has-ended")).to_be_visible()
    visitor.page.get_by_label("Token").fill(visitor.served.token)
    visitor.page.get_by_role("button", name="Sign in").click()
    expect(visitor.field("prompt")).to_have_value("a boat at dusk")
