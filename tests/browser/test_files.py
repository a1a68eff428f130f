"""Files come by drop, by paste and from earlier, and new edges are drawn round a picture."""

from __future__ import annotations

import base64

from playwright.sync_api import JSHandle, expect

from browser.served import SAMPLES
from browser.visitor import Visitor

# Bytes travel to the page as base64.
_TO_BYTES = "(text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0))"
_CARRIED = f"""([text, name, type]) => {{
  const carried = new DataTransfer();
  carried.items.add(new File([({_TO_BYTES})(text)], name, {{ type }}));
  return carried;
}}"""
_COPIED = f"""async ([text, type]) =>
  navigator.clipboard.write([new ClipboardItem({{ [type]: new Blob([({_TO_BYTES})(text)], {{ type }}) }})])"""


def encoded(name: str) -> str:
    return base64.b64encode((SAMPLES / name).read_bytes()).decode()


def carried(visitor: Visitor, name: str, kind: str) -> JSHandle:
    """A file as it is held by the pointer."""
    return visitor.page.evaluate_handle(_CARRIED, [encoded(name), name, kind])


def test_a_file_is_dropped(visitor: Visitor) -> None:
    """It is shown with its size, and whether it fits."""
    visitor.open("/actions/remove-background")
    dropped = {"dataTransfer": carried(visitor, "room.png", "image/png")}
    visitor("field-image").locator("[data-drop]").dispatch_event("drop", dropped)
    expect(visitor("field-image")).to_contain_text("room.png 768 x 512 px")
    expect(visitor("field-image")).to_contain_text("Fits")
    visitor.run()
    assert visitor.picture(visitor("picture").first).size == (768, 512)


def test_a_picture_is_pasted(visitor: Visitor) -> None:
    """What is on the clipboard goes to the first place that is empty."""
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.open("/actions/style-transfer")
    visitor.choose_sample("init_image", "room.png")
    visitor.page.evaluate(_COPIED, [encoded("subject.png"), "image/png"])
    visitor.page.keyboard.press("Control+v")
    expect(visitor("field-style_image")).to_contain_text("512 x 512 px")
    expect(visitor("field-init_image")).to_contain_text("768 x 512 px")


def test_an_earlier_file_is_picked(visitor: Visitor) -> None:
    """What was uploaded once is there for every action, by its name and look."""
    visitor.served.upload("sketch.png")
    visitor.open("/actions/sketch")
    visitor("pick-image").click()
    visitor("picker").get_by_role("button", name="sketch.png").click()
    expect(visitor("picker")).to_be_hidden()
    expect(visitor("field-image")).to_contain_text("sketch.png 768 x 512 px")
    visitor.field("prompt").fill("a harbour at dusk")
    visitor.run()


def test_edges_are_pulled_outwards(visitor: Visitor) -> None:
    """The number follows the hand, each side for itself, and the new size is told."""
    visitor.open("/actions/outpaint")
    visitor.choose_sample("image", "room.png")
    size = visitor("field-edges").locator("[data-edges-size]")
    width, height = 768, 512
    for side, pull in (("left", (-60, 0)), ("right", (60, 0)), ("up", (0, -60)), ("down", (0, 60))):
        expect(size).to_have_text(f"{width} x {height} px")
        drag(visitor, side, pull)
        added = int(visitor.field(side).input_value())
        assert added >= 40
        width, height = (width + added, height) if pull[0] else (width, height + added)
    expect(size).to_have_text(f"{width} x {height} px")


def drag(visitor: Visitor, side: str, pull: tuple[int, int]) -> None:
    handle = visitor(f"handle-{side}")
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse = visitor.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + pull[0], y + pull[1], steps=5)
    mouse.up()


def test_an_edge_is_moved_by_keys(visitor: Visitor) -> None:
    """A handle is a slider; what is continued has the size that was told."""
    visitor.open("/actions/outpaint?example=0")
    expect(visitor("field-image")).to_contain_text("Fits")
    expect(
        visitor("handle-left")
    ).to_be_visible()  # it is once the picture is decoded, and takes no focus before
    visitor("handle-left").focus()
    visitor.page.keyboard.press("Shift+ArrowLeft")
    expect(visitor("handle-left")).to_have_attribute("aria-valuenow", "320")
    visitor.run()
    assert visitor.picture(visitor("picture").first).size == (768 + 320 + 192, 512)
