"""The pages beside the actions' forms: a request of one's own, runs, settings, and the way in."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect

from browser.served import Served
from browser.visitor import Visitor


def test_a_request_of_ones_own_is_answered(visitor: Visitor) -> None:
    """A free one, with a query and a header; the answer is shown as it came."""
    visitor.open("/request")
    visitor.field("path").fill("/v1/user/balance")
    for group, name, value in (("query", "page", "2"), ("headers", "x-note", "mine")):
        visitor(f"field-{group}").get_by_role("button", name="Add").click()
        visitor(f"field-{group}").get_by_placeholder("name").fill(name)
        visitor(f"field-{group}").get_by_placeholder("value").fill(value)
    expect(visitor("price")).to_have_text("free")
    visitor("preview").click()
    expect(visitor("request-view")).to_contain_text("/v1/user/balance?page=2")
    expect(visitor("request-view")).to_contain_text("x-note: mine")
    expect(visitor("request-view")).to_contain_text("Bearer ****")
    visitor("request-view").get_by_role("button", name="Close").click()
    visitor.run()
    expect(visitor("value")).to_contain_text('"credits":')


def test_a_request_with_a_body_gets_a_picture(visitor: Visitor) -> None:
    """A form written by hand makes what the action for it would make."""
    visitor.open("/request?example=1")
    visitor.run()
    assert visitor.picture(visitor("picture")).width > 0


def test_the_same_call_is_shown_for_other_places(visitor: Visitor) -> None:
    """As curl, as Python and as HTTP; none of them has the token in it."""
    visitor.open("/actions/stable-image-core?example=0")
    view = visitor.run()
    for name, sign in (
        ("curl", "curl "),
        ("python", "from connector import"),
        ("http", "POST /api/actions/"),
    ):
        visitor(f"call-{name}").click()
        expect(view.get_by_role("tabpanel")).to_contain_text(sign)
    assert visitor.served.token not in visitor.page.content()


def test_a_run_is_kept_with_its_look_and_run_again(visitor: Visitor) -> None:
    """The history shows its picture and what was asked for; again gives the same picture by the same seed."""
    run = visitor.served.run("stable-image-core", prompt="a red lighthouse in the fog", seed=11)
    small = visitor.served.look(run)
    visitor.open("/runs?action=stable-image-core")
    row = visitor(f"run-{run}")
    expect(row).to_contain_text("a red lighthouse in the fog")
    expect(row.locator("img")).to_have_attribute("src", small)
    visitor.go(row.get_by_role("link"))
    first = visitor.picture(visitor("picture"))
    visitor("again").click()
    visitor.page.wait_for_url(re.compile(f"/runs/(?!{run})"))
    visitor.finished()
    expect(visitor.page.locator("[data-ended]")).to_be_visible()
    assert visitor.picture(visitor("picture")).tobytes() == first.tobytes()


def test_runs_are_filtered(visitor: Visitor) -> None:
    """By what was run and how it ended, as soon as that is chosen."""
    made = visitor.served.run("stable-image-core", prompt="a jetty")
    failed = visitor.served.run("stable-image-core", prompt="a jetty, sandbox-refuse")
    visitor.open("/runs")
    visitor.page.get_by_label("State").select_option("failed")
    expect(visitor(f"run-{failed}")).to_be_visible()
    expect(visitor(f"run-{made}")).to_have_count(0)
    visitor.go(visitor.page.get_by_role("link", name="Clear"))
    expect(visitor(f"run-{made}")).to_be_visible()


def test_an_earlier_run_fills_the_form(visitor: Visitor) -> None:
    """Its inputs, and where it was run."""
    run = visitor.served.run("stable-image-core", prompt="a mill by a stream", aspect_ratio="16:9", seed=5)
    visitor.open(f"/runs/{run}")
    visitor.go(visitor("open-form"))
    expect(visitor.field("prompt")).to_have_value("a mill by a stream")
    expect(visitor.field("seed")).to_have_value("5")
    expect(visitor("field-aspect_ratio").get_by_label("16:9")).to_be_checked()


def test_a_token_is_made_shown_once_and_revoked(visitor: Visitor, browser: Browser) -> None:
    """It signs in, may use and not manage, and lets nobody in after it was revoked."""
    page = visitor.open("/settings")
    page.get_by_label("Name").fill("workshop")
    visitor("new-token").get_by_role("button", name="Create a token").click()
    expect(visitor("token")).to_be_visible()
    token = visitor("token").inner_text()
    with browser.new_context() as context:
        guest = Visitor(context, visitor.served)
        guest.page.goto(visitor.served.url)
        guest.page.get_by_label("Token").fill(token)
        guest.page.get_by_role("button", name="Sign in").click()
        expect(guest.page.get_by_role("heading", name="Integrations")).to_be_visible()
        guest.open("/settings")
        expect(guest("new-token")).to_have_count(0)
        visitor.open("/settings")
        assert token not in page.content()
        page.once("dialog", lambda dialog: dialog.accept())
        page.get_by_role("row", name="workshop").get_by_role("button", name="Revoke").click()
        expect(page.get_by_role("row", name="workshop")).to_have_count(0)
        guest.page.goto(f"{visitor.served.url}/runs")
        expect(guest.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_token_for_one_action_in_the_sandbox(visitor: Visitor) -> None:
    """It is listed with its limits at once; a name that is taken is told at its field."""
    page = visitor.open("/settings")
    visitor("limits").locator("summary").click()

    def made() -> None:
        page.get_by_label("Name").fill("shop-window")
        page.get_by_label("Ends").select_option("in 30 days")
        page.get_by_label("Actions and workflows").select_option("stable-image-core")
        page.get_by_label("sandbox").check()
        page.get_by_label("Credits a day").fill("30")
        visitor("new-token").get_by_role("button", name="Create a token").click()

    made()
    row = page.get_by_role("row", name="shop-window")
    for said in ("stable-image-core", "sandbox", "30 credits a day"):
        expect(row).to_contain_text(said)
    expect(row.locator("time")).to_have_attribute("title", re.compile("^20"))  # in the reader's own time
    with visitor.refused(422):
        made()
        problem = visitor("new-token").locator("[data-field=name] .problem")
        expect(problem).to_contain_text("choose another name")
    expect(visitor("token")).to_be_hidden()


def test_whoever_has_no_token_is_told_how_to_get_in(browser: Browser, served: Served) -> None:
    """A wrong one is told as that, at its field."""
    with browser.new_context() as context:
        stranger = Visitor(context, served)
        stranger.page.goto(f"{served.url}/actions")
        stranger.page.get_by_label("Token").fill("not-a-token")
        with stranger.refused(401):
            stranger.page.get_by_role("button", name="Sign in").click()
            expect(stranger.page.get_by_role("alert")).to_contain_text("No such token")
        assert stranger.strangers() == []


def test_what_is_not_there_is_told_as_a_page(visitor: Visitor) -> None:
    """With a way back."""
    with visitor.refused(404):
        visitor.open("/actions/nothing")
        expect(visitor("page-problem")).to_be_visible()
    visitor.go(visitor("page-problem").get_by_role("link"))
    expect(visitor("tiles")).to_be_visible()


def test_a_connection_is_deleted(visitor: Visitor) -> None:
    """Once that was confirmed."""
    visitor.served.connect("gone", "sk-short-lived", "http://127.0.0.1:9")
    page = visitor.open("/integrations/stabilityai")
    page.once("dialog", lambda dialog: dialog.accept())
    visitor("connection-gone").get_by_test_id("remove").click()
    expect(visitor("connection-gone")).to_have_count(0)


def test_actions_are_found_by_what_people_call_them(visitor: Visitor) -> None:
    """By words of their own and the API's; favourites stand first, and are kept in this browser."""
    page = visitor.open("/actions")
    shown = page.locator("[data-action]:visible")
    every = shown.count()
    for words, found in (
        ("Text-to-image", "stable-image-core"),
        ("conservative", "conservative"),
        ("cutout", "remove-background"),
        ("fetch result", "replace-background-and-relight"),
    ):
        visitor("search").fill(words)
        expect(visitor(f"tile-{found}")).to_be_visible()
        assert shown.count() < every
    visitor("search").fill("nothing of the kind")
    expect(page.get_by_text("No action matches.")).to_be_visible()
    visitor("search").fill("")
    picture = visitor("tile-outpaint").locator("img")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("naturalWidth", 320)
    star = visitor("tile-outpaint").get_by_role("button", name="Favourite")
    star.click()
    visitor.open("/actions")
    expect(visitor("favourites").get_by_test_id("tile-outpaint")).to_be_visible()
    expect(star).to_have_attribute("aria-pressed", "true")
    star.click()
    expect(visitor("favourites")).to_be_hidden()
    expect(star).to_be_focused()


def test_the_theme_is_chosen_and_there_from_the_first_paint(visitor: Visitor) -> None:
    """Whatever the system has; every page after has it before its body is read."""
    page = visitor.open("/settings")
    page.emulate_media(color_scheme="light")
    canvas = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(canvas)
    visitor("theme").select_option("dark")
    dark = page.evaluate(canvas)
    assert dark != light
    chosen = "document.documentElement.style.colorScheme"
    page.add_init_script(f"addEventListener('DOMContentLoaded', () => (window.first = {chosen}))")
    visitor.open("/actions/erase")
    assert page.evaluate("window.first") == "dark"
    assert page.evaluate(canvas) == dark
    visitor.open("/settings")
    expect(visitor("theme")).to_have_value("dark")
    visitor("theme").select_option("as in the system")
    assert page.evaluate(canvas) == light
