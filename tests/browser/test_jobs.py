"""What takes long: it is followed, it can be cancelled, and it is found again."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, expect

from browser.served import host
from browser.visitor import Visitor


def start(visitor: Visitor) -> None:
    """A job that takes longer than anybody waits here."""
    visitor.open("/actions/start-creative-upscale?example=0")
    expect(visitor("field-image")).to_contain_text("Fits")
    visitor("run").click()
    expect(visitor("progress")).to_contain_text("job")
    expect(visitor("copy-job")).to_be_visible()


def test_a_job_is_cancelled(visitor: Visitor) -> None:
    """It says so, and names the job, by which the upstream's result can be fetched all the same."""
    start(visitor)
    visitor.page.once("dialog", lambda asked: asked.accept())
    visitor("cancel").click()
    view = visitor.finished("cancelled")
    expect(visitor("failure")).to_contain_text("Cancelled")
    run = visitor.served.ask("GET", f"/api/runs/{visitor('run-id').inner_text()}").json()["run"]
    assert run["state"] == "cancelled"
    expect(view.locator("dt", has_text="Job").locator("+ dd code")).to_have_text(run["job_id"])
    expect(visitor("run")).to_be_enabled()


def test_a_run_that_goes_on_is_followed_on_its_own_page(visitor: Visitor) -> None:
    """Whoever comes later sees its steps so far, and can cancel it there."""
    start(visitor)
    visitor.open("/runs?state=running")
    visitor.go(visitor("runs").get_by_role("link", name="Creative upscale").first)
    expect(visitor("progress")).to_contain_text("job")
    visitor.page.once("dialog", lambda asked: asked.accept())
    visitor("cancel").click()
    visitor.finished("cancelled")
    expect(visitor.page.get_by_role("heading", name="Inputs")).to_be_visible()


def test_a_host_that_is_away_is_told_and_found_again(browser: Browser, tmp_path: Path) -> None:
    """The page says that nobody answers while the host is gone, and follows the run once it is back."""
    home = tmp_path / "home"
    with browser.new_context() as context:
        with host(home) as first:
            visitor = Visitor(context, first)
            visitor.page.goto(first.link)
            start(visitor)
            expect(visitor("away")).to_be_hidden()
            first.process.kill()
            first.process.wait()
            expect(visitor("away")).to_be_visible()
        with host(home, urlsplit(first.url).port or 0):
            expect(visitor("away")).to_be_hidden()
            expect(visitor("progress")).to_contain_text("the host is back")
            visitor.page.close()
