"""The mask is painted closely, in shapes, softly and again; what is seen of it is what goes out."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw
from playwright.sync_api import CDPSession, expect

from browser.looks import look
from browser.served import SAMPLES
from browser.visitor import Brush, Visitor

# As a camera stores a photo that is held upright, in sides that nothing divides.
STORED, SEEN, TURNED = (517, 333), (333, 517), 6
_ALPHA = """canvas => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', {willReadFrequently: true});
  copy.drawImage(canvas, 0, 0);
  const {data} = copy.getImageData(0, 0, canvas.width, canvas.height);
  let text = '';
  for (let at = 3; at < data.length; at += 4) text += String.fromCharCode(data[at]);
  return btoa(text);
}"""


def photo(folder: Path) -> Path:
    tag = Image.Exif()
    tag[0x0112] = TURNED
    path = folder / "photo.jpg"
    Image.open(SAMPLES / "room.png").convert("RGB").resize(STORED).save(path, exif=tag)
    return path


def seen(visitor: Visitor) -> Image.Image:
    """The mask as it is on the screen, each pixel of the picture as light as it is painted."""
    canvas = visitor("mask-surface").locator("canvas")
    size = canvas.evaluate("each => [each.width, each.height]")
    return Image.frombytes("L", tuple(size), base64.b64decode(canvas.evaluate(_ALPHA)))


def arrived(visitor: Visitor) -> Image.Image:
    """The mask of the run that is shown, by the bytes that the host was given."""
    run = visitor("run-id").inner_text()
    mask = visitor.served.ask("GET", f"/api/runs/{run}").json()["run"]["inputs"]["mask"]["file"]
    content = visitor.served.ask("GET", f"/api/files/{mask.removeprefix('file:')}/content").content
    found = Image.open(io.BytesIO(content))
    assert found.format == "PNG"
    return found.convert("L")


def sent(visitor: Visitor) -> Image.Image:
    """Runs it; gives the mask that arrived, which is the one that is seen."""
    shown = seen(visitor)
    visitor.run()
    found = arrived(visitor)
    assert found.size == shown.size
    assert ImageChops.difference(found, shown).getextrema() == (0, 0)
    visitor("tab-source").click()
    return found


def box(mask: Image.Image) -> tuple[int, int, int, int]:
    found = mask.getbbox()
    assert found is not None
    return found


def test_what_is_seen_is_what_goes_out(visitor: Visitor, tmp_path: Path) -> None:
    """To the pixel: by brush, rectangle and lasso, painted and erased, zoomed, moved, and by keys; a
    mask that was sent before, or is given as JSON, comes in place of it."""
    page = visitor.open("/actions/erase")
    visitor.choose_file("image", photo(tmp_path))
    brush, keyboard = Brush(visitor), page.keyboard
    expect(brush.said).to_have_text("Nothing is painted yet")
    expect(visitor("field-mask")).to_contain_text("Paint what is to go")
    assert seen(visitor).size == SEEN

    brush.use("rectangle")
    brush.stroke((0.25, 0.25), (0.75, 0.5))
    whole = box(seen(visitor))
    assert [round(each / side, 2) for each, side in zip(whole, SEEN * 2, strict=True)] == [
        0.25, 0.25, 0.75, 0.5,
    ]  # fmt: skip
    assert seen(visitor).crop(whole).getextrema() == (255, 255)

    for _ in range(2):
        visitor("mask-in").click()
    expect(visitor("mask-zoom")).to_have_text("225 %")
    brush.use("eraser")
    brush.stroke((0.5, 0.45), (0.9, 0.55))
    rest = ImageChops.difference(seen(visitor), Image.new("L", SEEN, 255)).crop(whole)
    hole = box(rest)
    assert abs((hole[2] - hole[0]) - 0.4 * SEEN[0] / 2.25) < 2  # the hand went so far, closely seen
    keyboard.down("Space")
    brush.stroke((0.5, 0.5), (0.3, 0.4))
    keyboard.up("Space")
    assert box(ImageChops.difference(seen(visitor), Image.new("L", SEEN, 255)).crop(whole)) == hole
    brush.use("lasso")
    brush.use("paint")
    brush.stroke((0.2, 0.2), (0.8, 0.3), (0.5, 0.9))
    look(page, "mask-tools")
    visitor("mask-fit").click()
    expect(visitor("mask-zoom")).to_have_text("100 %")
    brush.surface.focus()
    for key in ("b", "+", "[", "Shift+ArrowDown"):
        keyboard.press(key)
    keyboard.down("Space")
    keyboard.press("ArrowRight")
    keyboard.up("Space")
    for key in ("0", "i"):
        keyboard.press(key)
    first = sent(visitor)

    brush.use("trash")
    brush.use("rectangle")
    brush.stroke((0.1, 0.1), (0.2, 0.2))
    assert ImageChops.difference(sent(visitor), first).getbbox()
    brush.use("earlier")
    expect(visitor("earlier-masks").get_by_role("button")).to_have_count(2)
    visitor("earlier-masks").get_by_role("button").last.click()
    expect(brush.said).not_to_contain_text("1 %")
    assert ImageChops.difference(seen(visitor), first).getextrema() == (0, 0)

    given = Image.new("L", SEEN)
    ImageDraw.Draw(given).polygon([(10, 10), (200, 40), (90, 400)], fill=255)
    given.save(tmp_path / "given.png")
    files = {"file": ("given.png", (tmp_path / "given.png").read_bytes())}
    reference = visitor.served.ask("POST", "/api/files", files=files).json()["file"]
    visitor("preview").click()
    visitor("tab-json").click()
    inputs = json.loads(visitor("json-inputs").input_value())
    visitor("json-inputs").fill(json.dumps(inputs | {"mask": reference}))
    visitor("apply-json").click()
    expect(visitor("request-view")).to_be_hidden()
    assert ImageChops.difference(sent(visitor), given).getextrema() == (0, 0)
    visitor("preview").click()
    visitor("json-inputs").fill(json.dumps({"image": inputs["image"]}))
    visitor("apply-json").click()
    expect(brush.said).to_have_text("Nothing is painted yet")


def test_an_edge_is_as_soft_as_it_looks(visitor: Visitor, tmp_path: Path) -> None:
    """Over so many pixels on either side, where no input of the action does that; there, what it adds is
    shown and does not go out."""
    visitor.open("/workflows/restore")
    visitor.choose_file("image", photo(tmp_path))
    visitor.field("prompt").fill("a wooden table by a window")
    brush = Brush(visitor)
    brush.use("rectangle")
    brush.stroke((0.4, 0.4), (1, 0.6))
    hard = box(seen(visitor))
    visitor("mask-soft").fill("20")
    soft = seen(visitor)
    assert abs(hard[0] - box(soft)[0] - 20) <= 1
    middle = (hard[1] + hard[3]) // 2
    assert [soft.getpixel((x, middle)) for x in (hard[0] + 20, SEEN[0] - 1)] == [255, 255]
    slope = [soft.getpixel((x, middle)) for x in range(hard[0] - 20, hard[0] + 20)]
    assert slope == sorted(slope)
    assert abs(slope[20] - 128) < 8
    visitor.run()
    assert ImageChops.difference(arrived(visitor), soft).getextrema() == (0, 0)
    visitor.open("/actions/erase")
    visitor.choose_file("image", photo(tmp_path))
    expect(visitor("mask-surface")).to_be_visible()
    expect(visitor("mask-soft")).to_be_hidden()
    visitor.field("grow_mask").fill("12")
    expect(visitor("mask-editor")).to_have_attribute("data-grown", "12")


class TestInTheHand:
    """On a phone, held upright."""

    @pytest.fixture
    def options(self) -> dict[str, Any]:
        return {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

    def test_two_fingers_look_and_one_paints(self, visitor: Visitor, tmp_path: Path) -> None:
        page = visitor.open("/actions/erase")
        visitor.choose_file("image", photo(tmp_path))
        surface = visitor("mask-surface")
        surface.scroll_into_view_if_needed()
        area = surface.bounding_box()
        assert area is not None
        touch = page.context.new_cdp_session(page)

        def fingers(kind: str, *places: tuple[float, float]) -> None:
            points = [
                {"x": area["x"] + x * area["width"], "y": area["y"] + y * area["height"], "id": at}
                for at, (x, y) in enumerate(places)
            ]
            _touch(touch, kind, points)

        fingers("touchStart", (0.4, 0.5))
        fingers("touchStart", (0.4, 0.5), (0.6, 0.5))
        for step in range(1, 6):
            fingers("touchMove", (0.4 - step * 0.04, 0.5), (0.6 + step * 0.04, 0.5))
        fingers("touchEnd")
        expect(visitor("mask-zoom")).to_have_text("300 %")
        expect(visitor("mask-said")).to_have_text("Nothing is painted yet")
        fingers("touchStart", (0.2, 0.5))
        fingers("touchMove", (0.8, 0.5))
        fingers("touchEnd")
        expect(visitor("mask-said")).to_contain_text("% of the picture is painted")
        left, _, right, _ = box(seen(visitor))
        assert abs((left + right) / 2 - SEEN[0] / 2) < 3
        look(page, "mask-in-the-hand")
        sent(visitor)


def _touch(session: CDPSession, kind: str, points: list[dict[str, float]]) -> None:
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
