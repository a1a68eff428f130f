"""A mask is painted, mended and given, by hand and by keys."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.served import SAMPLES
from browser.visitor import Brush, Visitor

ACROSS = ((0.2, 0.5), (0.8, 0.5))


@pytest.fixture
def brush(visitor: Visitor) -> Brush:
    """A brush over a picture."""
    visitor.open("/actions/erase")
    visitor.choose_sample("image", "room.png")
    found = Brush(visitor)
    expect(found.said).to_have_text("Nothing is painted yet")
    return found


def painted(brush: Brush) -> int:
    expect(brush.said).to_contain_text("% of the picture is painted")
    return brush.share()


def test_what_was_painted_is_taken_back_and_done_again(visitor: Visitor, brush: Brush) -> None:
    """Undo, redo and clear, each of which can be taken back too."""
    brush.stroke(*ACROSS)
    first = painted(brush)
    brush.use("undo")
    expect(brush.said).to_have_text("Nothing is painted yet")
    expect(visitor("mask-undo")).to_be_disabled()
    brush.use("redo")
    assert painted(brush) == first
    brush.use("trash")
    expect(brush.said).to_have_text("Nothing is painted yet")
    brush.use("undo")
    assert painted(brush) == first


def test_the_rest_is_painted_instead(brush: Brush) -> None:
    """Invert paints what was not, and leaves what was."""
    brush.stroke(*ACROSS)
    first = painted(brush)
    brush.use("invert")
    assert painted(brush) == 100 - first


def test_a_larger_brush_paints_more_and_the_eraser_takes_away(visitor: Visitor, brush: Brush) -> None:
    brush.stroke(*ACROSS)
    thin = painted(brush)
    visitor("mask-size").fill("200")
    brush.stroke(*ACROSS)
    assert (thick := painted(brush)) > 2 * thin
    brush.use("eraser")
    visitor("mask-size").fill("80")
    brush.stroke(*ACROSS)
    assert 0 < painted(brush) < thick


def test_a_picture_can_be_the_mask(visitor: Visitor, brush: Brush) -> None:
    """Its light parts are painted, and more can be painted to it."""
    visitor("mask-file").set_input_files(SAMPLES / "room-mask.png")
    given = painted(brush)
    assert 10 < given < 20
    brush.stroke((0.1, 0.1), (0.1, 0.9))
    assert painted(brush) > given


def test_a_mask_is_painted_by_keys(visitor: Visitor, brush: Brush) -> None:
    """Arrows move the brush, Space paints, a bracket makes it larger, and Control Z takes back."""
    keyboard = visitor.page.keyboard
    brush.surface.focus()
    for key in ("]", "]", "Shift+ArrowLeft"):
        keyboard.press(key)
    keyboard.down("Space")
    for _ in range(4):
        keyboard.press("ArrowRight")
    keyboard.up("Space")
    assert painted(brush) > 1
    keyboard.press("e")
    expect(visitor("mask-eraser")).to_have_attribute("aria-pressed", "true")
    keyboard.press("Control+z")
    expect(brush.said).to_have_text("Nothing is painted yet")


def test_the_painted_mask_is_what_is_sent(visitor: Visitor, brush: Brush) -> None:
    """In the size of the picture, white where it was painted."""
    visitor("mask-size").fill("120")
    brush.stroke((0.6, 0.2), (0.6, 0.8))
    visitor.run()
    run = visitor("run-id").inner_text()
    inputs = visitor.served.ask("GET", f"/api/runs/{run}").json()["run"]["inputs"]
    visitor.open(f"/runs/{run}")
    sent = visitor.picture(visitor.page.locator(".given-file img").nth(1)).convert("L")
    assert inputs["mask"]["type"] == "image/png"
    assert sent.size == (768, 512)
    assert sent.getpixel((460, 256)) == 255
    assert sent.getpixel((100, 256)) == 0


def test_a_blank_mask_is_asked_about_before_it_is_paid_for(visitor: Visitor, brush: Brush) -> None:
    """The doubt stands at the mask, and a second button goes on all the same."""
    visitor("run").click()
    expect(visitor("confirming")).to_be_visible()
    expect(visitor("field-mask")).to_contain_text("no transparent part")
    assert visitor.page.locator("[data-run-view]").count() == 0
    visitor("confirming").get_by_role("button").click()
    expect(visitor("run-view")).to_have_attribute("data-state", "succeeded")
    expect(visitor("confirming")).to_be_hidden()


def test_another_picture_begins_anew(visitor: Visitor, brush: Brush) -> None:
    """Of another size, that is; without a picture there is nothing to paint on."""
    brush.stroke(*ACROSS)
    painted(brush)
    visitor.choose_sample("image", "subject.png")
    expect(brush.said).to_have_text("Nothing is painted yet")
    visitor("field-image").get_by_role("button", name="Remove").click()
    expect(visitor("mask-editor")).to_contain_text("Choose the picture first")
