"""A photo that a phone stored on its side is edited where it was seen."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageOps
from playwright.sync_api import expect

from browser.served import SAMPLES
from browser.visitor import Brush, Visitor

BACK = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
SEEN = (320, 480)
# What is painted, in parts of the width and the height: near the upper right corner, which no turn keeps.
LEFT, TOP, RIGHT, BOTTOM = 0.55, 0.1, 0.9, 0.3


def photo(folder: Path, turn: int, form: str) -> tuple[Path, Image.Image]:
    """A picture that is stored turned, and how it is seen."""
    seen = ImageOps.fit(Image.open(SAMPLES / "room.png").convert("RGB"), SEEN)
    tag = Image.Exif()
    tag[0x0112] = turn
    path = folder / f"photo.{form}"
    seen.transpose(BACK[turn]).save(path, exif=tag, **({"lossless": True} if form == "webp" else {}))
    return path, seen


def result(visitor: Visitor) -> Image.Image:
    run = visitor("run-id").inner_text()
    file = visitor.served.ask("GET", f"/api/runs/{run}").json()["run"]["file"]
    answer = visitor.served.ask("GET", f"/api/files/{file}/content")
    path = Path(visitor.served.home, f"{run}.png")
    path.write_bytes(answer.content)
    return Image.open(path).convert("RGB")


def changed(before: Image.Image, after: Image.Image) -> tuple[float, float, float, float]:
    """Where they differ by more than a JPEG does, in parts of the width and the height.

    Below stands what says that a sandbox made it.
    """
    between = ImageChops.difference(before, after).convert("L").point([0] * 48 + [255] * 208)
    box = between.crop((0, 0, before.width, before.height * 5 // 6)).getbbox()
    assert box is not None
    width, height = before.size
    return box[0] / width, box[1] / height, box[2] / width, box[3] / height


@pytest.mark.parametrize("form", ["jpg", "png"])
@pytest.mark.parametrize("turn", BACK)
@pytest.mark.parametrize("action", ["erase", "inpaint"])
def test_what_was_painted_is_what_is_changed(
    visitor: Visitor, tmp_path: Path, action: str, turn: int, form: str
) -> None:
    """The result stands upright, and differs from the photo where the brush went and nowhere else."""
    path, seen = photo(tmp_path, turn, form)
    visitor.open(f"/actions/{action}")
    visitor.choose_file("image", path)
    brush = Brush(visitor)
    expect(brush.said).to_have_text("Nothing is painted yet")
    visitor("mask-size").fill("24")
    for step in range(5):
        level = TOP + (BOTTOM - TOP) * step / 4
        brush.stroke((LEFT, level), (RIGHT, level))
    if action == "inpaint":
        visitor.field("prompt").fill("a red balloon")
    visitor.run()
    made = result(visitor)
    assert made.size == SEEN
    found = changed(seen, made)
    assert found[0] > LEFT - 0.1
    assert found[1] > TOP - 0.1
    assert found[2] < RIGHT + 0.1
    assert found[3] < BOTTOM + 0.1


def test_a_photo_of_too_many_pixels_is_made_to_fit(visitor: Visitor, tmp_path: Path) -> None:
    """In one click, and upright."""
    path, tag = tmp_path / "photo.jpg", Image.Exif()
    tag[0x0112] = 6
    Image.new("RGB", (4000, 3000), "tan").save(path, exif=tag)
    visitor.open("/actions/erase")
    visitor.choose_file("image", path)
    shown = visitor("field-image")
    expect(shown).to_contain_text("3000 x 4000 px")
    expect(shown).to_contain_text("Does not fit")
    shown.get_by_role("button", name="Make it fit").click()
    expect(shown).to_contain_text("2660 x 3547 px")
    expect(shown.locator(".fits")).to_have_text("Fits")
    expect(Brush(visitor).said).to_have_text("Nothing is painted yet")


@pytest.mark.parametrize("turn", BACK)
def test_edges_grow_where_they_were_drawn(visitor: Visitor, tmp_path: Path, turn: int) -> None:
    """What is added above is above, and the photo below it is as it was seen."""
    path, seen = photo(tmp_path, turn, "jpg")
    visitor.open("/actions/outpaint")
    visitor.choose_file("image", path)
    visitor.field("up").fill("100")
    expect(visitor("field-edges").locator("[data-edges-size]")).to_have_text("320 x 580 px")
    visitor.run()
    made = result(visitor)
    assert made.size == (320, 580)
    below = made.crop((40, 200, 280, 540))
    assert ImageChops.difference(below, seen.crop((40, 100, 280, 440))).convert("L").getextrema()[1] < 48


def test_a_webp_is_sent_as_the_browser_shows_it(visitor: Visitor, tmp_path: Path) -> None:
    """Where a browser does not turn it, it is painted on and sent as it is stored."""
    path, _ = photo(tmp_path, 6, "webp")
    visitor.open("/actions/erase")
    visitor.choose_file("image", path)
    brush = Brush(visitor)
    brush.stroke((LEFT, TOP), (RIGHT, BOTTOM))
    sides = visitor("mask-surface").locator("canvas").evaluate("each => [each.width, each.height]")
    visitor.run()
    assert [*result(visitor).size] == sides
