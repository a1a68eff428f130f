"""Everything can be done without a pointer."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from browser.served import SAMPLES
from browser.visitor import Brush, Visitor

# More stops than any page has.
_FAR = 80


def tab_to(visitor: Visitor, wanted: Locator) -> None:
    """Goes from stop to stop until there."""
    element = wanted.element_handle()
    for _ in range(_FAR):
        visitor.page.keyboard.press("Tab")
        if element.evaluate("each => each === document.activeElement"):
            return
    raise AssertionError(f"Tab does not reach {wanted}")


def test_an_action_is_found_filled_in_and_run(visitor: Visitor) -> None:
    """The slash goes to the search, Enter to the first action that is found, and Enter on Run runs it."""
    page = visitor.open("/actions")
    page.keyboard.press("/")
    expect(visitor("search")).to_be_focused()
    page.keyboard.type("image core")
    page.keyboard.press("Enter")
    page.wait_for_url("**/actions/stable-image-core")
    visitor.settle()
    tab_to(visitor, visitor.field("prompt"))
    page.keyboard.type("a paper boat on a pond")
    tab_to(visitor, visitor("run"))
    page.keyboard.press("Enter")
    visitor.finished()


def test_a_picture_is_chosen_painted_on_and_erased(visitor: Visitor) -> None:
    """From the file chooser over the mask to the run."""
    page = visitor.open("/actions/erase")
    # The browser is told at once that the chooser is listened for, and not in the moment of the key.
    page.on("filechooser", lambda chooser: None)
    tab_to(visitor, visitor("file-image"))
    with page.expect_file_chooser() as choosing:
        page.keyboard.press("Space")
    choosing.value.set_files(SAMPLES / "room.png")
    brush = Brush(visitor)
    tab_to(visitor, brush.surface)
    page.keyboard.down("Space")
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    page.keyboard.up("Space")
    expect(brush.said).to_contain_text("% of the picture is painted")
    page.keyboard.press("Control+Enter")
    visitor.finished()


def test_the_content_is_reached_at_once(visitor: Visitor) -> None:
    """The first stop skips what is the same on every page."""
    page = visitor.open("/runs")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_tabs_and_menus_are_moved_through(visitor: Visitor) -> None:
    """Arrows choose the language of the same call; Escape closes a menu."""
    visitor.open("/actions/stable-image-core?example=0")
    visitor.run()
    visitor("call-curl").focus()
    visitor.page.keyboard.press("ArrowRight")
    expect(visitor("call-cli")).to_be_focused()
    expect(visitor("run-view").get_by_role("tabpanel")).to_contain_text("stable-image-core")
    visitor("use-as").focus()
    visitor.page.keyboard.press("Enter")
    expect(visitor("use-erase")).to_be_visible()
    visitor.page.keyboard.press("Escape")
    expect(visitor("use-erase")).to_be_hidden()
