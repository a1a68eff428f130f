"""The product's own path: a tile, a connection for two environments, and a picture with something erased."""

from __future__ import annotations

import io
import re

from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import expect

from browser.served import SAMPLES, Upstream
from browser.visitor import Brush, Visitor

# The vase of the sample, and a part of the wall that nobody paints on.
VASE, WALL = (440, 300, 500, 420), (610, 240, 760, 340)


def fill_connection(visitor: Visitor, far: Upstream, name: str, *keys: str) -> None:
    """The form of a new connection: production by the first key, staging by the second."""
    visitor.open("/")
    visitor.go(visitor("tile-stabilityai"))
    visitor.go(visitor("add-connection"))
    visitor("connection-name").fill(name)
    visitor("add-configuration").click()
    for at, key in enumerate(keys):
        one = visitor("configuration").nth(at)
        one.get_by_test_id("credential-api_key").fill(key)
        one.get_by_text("More", exact=True).click()
        one.get_by_label("Base URL").fill(far.url)


def erase_vase(visitor: Visitor, place: str) -> None:
    """Chooses where, gives the picture, and paints over the vase."""
    visitor.go(visitor("nav-actions"))
    visitor.go(visitor("action-erase"))
    visitor("place").select_option(label=place)
    visitor.choose_sample("image", "room.png")
    brush = Brush(visitor)
    visitor("mask-size").fill("120")
    brush.stroke((0.6, 0.2), (0.61, 0.55), (0.61, 0.85))
    expect(brush.said).to_contain_text("% of the picture is painted")


def changed(made: Image.Image, part: tuple[int, int, int, int]) -> float:
    """How far a part of the picture is from what it was, on the mean of its pixels."""
    with Image.open(SAMPLES / "room.png") as room:
        apart = ImageChops.difference(made.crop(part), room.convert("RGB").crop(part))
    return sum(ImageStat.Stat(apart).mean)


def test_from_the_tile_to_the_erased_picture(visitor: Visitor, far: Upstream) -> None:
    """Somebody connects, sees that both keys work, paints a mask, and gets the picture without the vase."""
    keys = far.key(1000), far.key(250)
    fill_connection(visitor, far, "studio", *keys)
    expect(visitor("configuration").nth(0).get_by_label("production")).to_be_checked()
    expect(visitor("configuration").nth(1).get_by_label("staging")).to_be_checked()
    visitor("test").click()
    for at, credits in enumerate((1000, 250)):
        seen = visitor("configuration").nth(at).get_by_test_id("seen-ok")
        expect(seen).to_contain_text(f"the balance is {credits} credits")
    visitor("create").click()
    expect(visitor("connection-studio")).to_contain_text("staging")
    for credits in (1000, 250):
        expect(visitor("connection-studio")).to_contain_text(f"the balance is {credits} credits")
    expect(visitor("made")).to_contain_text("studio is kept")
    expect(visitor("next-step")).to_have_attribute("href", re.compile("connection=studio"))

    erase_vase(visitor, "studio - production")
    expect(visitor("balance")).to_have_text("1,000 left")
    expect(visitor("price")).to_have_text("5 credits")
    view = visitor.run()
    expect(view).to_contain_text("studio - production")
    expect(visitor("cost")).to_have_text("5 credits")
    expect(visitor("request-id")).to_have_text(far.paid(keys[0])[0]["request_id"])
    expect(visitor("balance")).to_have_text("995 left")
    made = visitor.picture(visitor("picture"))
    assert changed(made, VASE) > 40
    assert changed(made, WALL) < 4
    assert int(visitor("seed").inner_text()) > 0


def test_a_second_environment_is_used_and_says_so(visitor: Visitor, far: Upstream) -> None:
    """The run is that environment's, and is paid with its key."""
    first, second = far.key(), far.key()
    fill_connection(visitor, far, "second", first, second)
    visitor("create").click()
    expect(visitor("connection-second")).to_be_visible()
    erase_vase(visitor, "second - staging")
    expect(visitor("balance")).to_contain_text("left")
    expect(visitor.run()).to_contain_text("second - staging")
    assert [len(far.paid(key)) for key in (first, second)] == [0, 1]


def test_a_result_is_saved_and_used_again(visitor: Visitor) -> None:
    """What is downloaded is the picture that is shown, and it goes on into another action in place."""
    visitor.open("/actions/fast-upscale?example=0")
    expect(visitor("field-image")).to_contain_text("Fits")
    visitor.run()
    shown = visitor.picture(visitor("picture").first)
    with visitor.page.expect_download() as saving:
        visitor("download").click()
    with Image.open(io.BytesIO(saving.value.path().read_bytes())) as saved:
        assert ImageChops.difference(saved.convert("RGB"), shown).getbbox() is None
    visitor("use-as").click()
    visitor.go(visitor("use-outpaint"))
    expect(visitor("field-image")).to_contain_text(f"{shown.width} x {shown.height} px")
    expect(visitor("handle-left")).to_be_visible()


def test_a_secret_is_never_shown_again(visitor: Visitor, far: Upstream) -> None:
    """Neither a page, nor what its fields hold, nor the log has it once it is stored."""
    keys = far.key(), far.key()
    fill_connection(visitor, far, "sealed", *keys)
    visitor("create").click()
    expect(visitor("connection-sealed")).to_be_visible()
    for path in ("/integrations/stabilityai", "/integrations/stabilityai/connections/sealed", "/settings"):
        page = visitor.open(path)
        typed = page.evaluate("[...document.querySelectorAll('input')].map((each) => each.value).join()")
        kept = page.evaluate("JSON.stringify({ ...localStorage, ...sessionStorage })")
        assert not [key for key in keys if key in page.content() + typed + kept]
    visitor.open("/integrations/stabilityai/connections/sealed")
    secret = visitor("credential-api_key").first
    visitor.page.get_by_role("button", name="Show what is typed").first.click()
    expect(secret).to_have_value("")
    expect(secret).to_have_attribute("placeholder", "stored; leave empty to keep it")
    assert not [key for key in keys if key in visitor.served.log.read_text()]


def test_a_header_s_secret_stays_where_it_is(visitor: Visitor, far: Upstream) -> None:
    """It is sent to no page again, and saving the form anew keeps it; what may be shown stays shown."""
    fill_connection(visitor, far, "guarded", far.key(10), far.key(10))
    visitor.page.locator("[data-drop-configuration]").nth(1).click()
    one = visitor("configuration").nth(0)
    for name, value in (("x-token", "tk-of-a-header"), ("accept-language", "de")):
        one.get_by_role("button", name="Add", exact=True).last.click()
        one.get_by_label("Header: name").last.fill(name)
        one.get_by_label("Header: value").last.fill(value)
    visitor("create").click()
    expect(visitor("connection-guarded")).to_be_visible()
    for _ in range(2):
        visitor.go(visitor("connection-guarded").get_by_role("link", name="Edit"))
        values = visitor("configuration").nth(0).get_by_label("Header: value")
        expect(values.nth(0)).to_have_value("")
        expect(values.nth(0)).to_have_attribute("placeholder", "stored; leave empty to keep it")
        expect(values.nth(1)).to_have_value("de")
        assert "tk-of-a-header" not in visitor.page.content()
        visitor("create").click()
        expect(visitor("connection-guarded")).to_be_visible()
    (found,) = [
        each
        for each in visitor.served.ask("GET", "/api/connections").json()["connections"]
        if each["name"] == "guarded"
    ]
    assert found["configurations"][0]["headers"] == {"x-token": {"stored": True}, "accept-language": "de"}
