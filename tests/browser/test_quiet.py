"""The console is light, keeps to its host, and works on a small screen that is touched."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from browser.looks import look
from browser.served import Served
from browser.visitor import Visitor

KB = 1000
# The sections that the navigation leads to.
SECTIONS = (
    "integrations",
    "actions",
    "workflows",
    "request",
    "batches",
    "schedules",
    "runs",
    "settings",
)
_IS_WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def weighed(page: Page) -> list[tuple[str, int]]:
    """What comes over the wire from now on: its kind, and its bytes with its headers."""
    found: list[tuple[str, int]] = []
    kinds: dict[str, str] = {}
    session = page.context.new_cdp_session(page)

    def finished(told: dict[str, Any]) -> None:
        found.append((kinds.get(told["requestId"], ""), int(told["encodedDataLength"])))

    session.on("Network.responseReceived", lambda told: kinds.update({told["requestId"]: told["type"]}))
    session.on("Network.loadingFinished", finished)
    session.send("Network.enable")
    return found


def test_the_first_page_is_light(browser: Browser, fresh: Served) -> None:
    """On a cold start, with nothing kept, it is 60 kB apart from pictures; so is a form with its scripts.

    No module is asked for twice, by another address.
    """
    for path in ("", "/actions/erase"):
        with browser.new_context() as context:
            page = context.new_page()
            came = weighed(page)
            page.goto(fresh.link)
            expect(page.get_by_role("heading", name="Recent results")).to_be_visible()
            page.goto(fresh.url + path, wait_until="networkidle")
            heavy = [weight for kind, weight in came if kind != "Image"]
            assert len(heavy) > 2
            assert sum(heavy) <= 60 * KB, came


def test_nothing_has_been_made_yet(browser: Browser, fresh: Served) -> None:
    """A new host says what to do first, and one press later there is a picture."""
    with browser.new_context() as context:
        visitor = Visitor(context, fresh)
        visitor.page.goto(fresh.link)
        expect(visitor.page.get_by_text("Nothing has been made yet.")).to_be_visible()
        look(visitor.page, "empty")
        visitor.go(visitor("nav-runs"))
        expect(visitor.page.get_by_text("Nothing has been run yet.")).to_be_visible()
        visitor.go(visitor("nav-integrations"))
        visitor.go(visitor.page.get_by_role("link", name="Try Stable Image Core"))
        visitor.run()
        assert visitor.picture(visitor("picture")).width > 0
        assert visitor.strangers() == visitor.complaints == []


def test_what_leaves_the_host_is_noticed(visitor: Visitor) -> None:
    """A page that asked somebody else is stopped by its policy, and a visitor would tell."""
    page = visitor.open("/")
    with page.expect_request("http://far.example/"), page.expect_console_message(_is_of_the_policy):
        page.evaluate("document.body.append(Object.assign(new Image(), {src: 'http://far.example/'}))")
    with page.expect_console_message(_is_of_the_policy):
        page.evaluate("document.body.setAttribute('onclick', 'alert(1)')")
    assert visitor.strangers() == ["http://far.example/"]
    assert len(visitor.complaints) == 2
    visitor.asked.clear()
    visitor.complaints.clear()


def _is_of_the_policy(message: ConsoleMessage) -> bool:
    return "Content Security Policy" in message.text


def test_no_page_asks_anybody_else(visitor: Visitor) -> None:
    """From section to section; a visitor's whole session is looked through when they leave."""
    visitor.open("/")
    for name in SECTIONS:
        visitor.go(visitor(f"nav-{name}"))
        expect(visitor(f"nav-{name}")).to_have_attribute("aria-current", "page")
    assert len(visitor.asked) > 2 * len(SECTIONS)


class TestInTheHand:
    """On a screen of 360 px that is touched."""

    @pytest.fixture
    def options(self) -> dict[str, Any]:
        return {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}

    def test_a_mask_is_painted_with_a_finger(self, visitor: Visitor) -> None:
        """And the result comes into view by itself."""
        visitor.open("/actions/erase")
        visitor.choose_sample("image", "room.png")
        surface = visitor("mask-surface")
        surface.scroll_into_view_if_needed()
        surface.tap()
        expect(visitor("mask-said")).to_contain_text("of the picture is painted")
        visitor("run").tap()
        visitor.finished()
        expect(visitor("picture")).to_be_in_viewport()
        assert not visitor.page.evaluate(_IS_WIDER)

    def test_everything_is_reached(self, visitor: Visitor) -> None:
        """Each section by one touch, with nothing beyond the edge."""
        visitor.open("/")
        for name in SECTIONS:
            expect(visitor(f"nav-{name}")).to_be_in_viewport(ratio=1)
            visitor(f"nav-{name}").tap()
            expect(visitor.page.get_by_role("heading", level=1)).to_be_in_viewport()
            assert not visitor.page.evaluate(_IS_WIDER), name
