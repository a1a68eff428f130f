"""Every main page in light and dark, wide and narrow: nothing sticks out, nobody is shut out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, expect

from browser.looks import grave, look
from browser.served import Served, Upstream
from browser.visitor import Brush, Visitor


@dataclass(frozen=True)
class Place:
    """A page in a state worth seeing: its address, with the ids of runs in it, and what is done there."""

    path: str
    prepare: Callable[[Visitor], object] = lambda visitor: None


def paint(visitor: Visitor) -> None:
    expect(Brush(visitor).said).to_contain_text("% of the picture is painted")


def fits(visitor: Visitor) -> None:
    expect(visitor("field-image")).to_contain_text("Fits")


def two_configurations(visitor: Visitor) -> None:
    visitor("add-configuration").click()


def refused(visitor: Visitor) -> None:
    visitor.field("seed").fill("-1")
    visitor("run").click()
    expect(visitor.problem("prompt")).to_be_visible()


def made(visitor: Visitor) -> None:
    visitor.run()
    visitor.picture(visitor("picture").first)


def picked(visitor: Visitor) -> None:
    visitor("pick-image").click()
    expect(visitor("picker").get_by_role("button", name="room.png").first).to_be_visible()


def previewed(visitor: Visitor) -> None:
    visitor("preview").click()
    expect(visitor("request-view")).to_contain_text("curl")


def probed(visitor: Visitor) -> None:
    for name in ("works", "refused"):
        visitor(f"connection-{name}").get_by_test_id("test").click()
    expect(visitor("seen-ok")).to_be_visible()
    expect(visitor("seen-bad")).to_be_visible()


def limits(visitor: Visitor) -> None:
    visitor("limits").locator("summary").click()


def tried(visitor: Visitor) -> None:
    visitor("send").click()
    expect(visitor("answered")).to_contain_text("200 OK")


def drawn(visitor: Visitor) -> None:
    expect(visitor("model")).not_to_have_js_property("width", 300)


PLACES: Mapping[str, Place] = {
    "home": Place("/"),
    "reference": Place("/reference"),
    "operation": Place("/reference/invoke.stable-image-core", tried),
    "connection": Place("/integrations/stabilityai/connections/new", two_configurations),
    "connected": Place("/integrations/stabilityai", probed),
    "actions": Place("/actions"),
    "problems": Place("/actions/stable-image-core", refused),
    "mask": Place("/actions/erase?example=0", paint),
    "edges": Place("/actions/outpaint?example=0", fits),
    "request": Place("/request?example=1"),
    "result": Place("/actions/stable-image-core?example=0", made),
    "picker": Place("/actions/erase", picked),
    "preview": Place("/actions/stable-image-core?example=0", previewed),
    "runs": Place("/runs"),
    "erased": Place("/runs/{erased}"),
    "sound": Place("/runs/{sound}"),
    "model": Place("/runs/{model}", drawn),
    "refused": Place("/runs/{refused}"),
    "settings": Place("/settings", limits),
    "lost": Place("/runs/lost"),
}


@pytest.fixture(scope="package")
def runs(served: Served, far: Upstream) -> dict[str, str]:
    """Some of everything, for pages to show."""
    room, mask = served.upload("room.png"), served.upload("room-mask.png")
    made = {
        "erased": served.run("erase", image=room, mask=mask, seed=4),
        "words": served.run("stable-image-core", prompt="a paper boat on a pond in autumn", seed=9),
        "sound": served.run("stable-audio-2-text-to-audio", prompt="rain on a tin roof", duration=3),
        "model": served.run("stable-fast-3d", image=served.upload("subject.png")),
        "refused": served.run("stable-image-core", prompt="a boat, sandbox-refuse"),
    }
    served.connect("works", far.key(), far.url)
    served.connect("refused", "none", far.url)
    for name in ("erased", "words"):
        served.look(made[name])
    return made


@pytest.mark.parametrize("name", PLACES)
def test_a_page_is_for_everybody(visitor: Visitor, runs: dict[str, str], name: str) -> None:
    """It has no serious finding by axe and no sideways scroll, whatever the theme and the screen."""
    place = PLACES[name]
    visitor.page.goto(visitor.served.url + place.path.format(**runs))
    visitor.settle()
    place.prepare(visitor)
    look(visitor.page, name)
    if name == "lost":
        visitor.complaints.clear()  # the browser tells of the 404


def test_the_way_in_is_for_everybody(browser: Browser, served: Served) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(served.url)
        look(page, "login")


def test_the_audit_finds_what_is_wrong(visitor: Visitor) -> None:
    """A picture without words, a button without a name, and grey on grey are found."""
    page = visitor.open("/")
    wrong = "<img src='/static/mark.svg'><button></button><p class='wrong'>faint</p>"
    page.evaluate(f"document.querySelector('main').innerHTML = {json.dumps(wrong)}")
    page.evaluate("document.querySelector('.wrong').style.color = '#dddddd'")
    found = " ".join(grave(page))
    assert [name for name in ("image-alt", "button-name", "color-contrast") if name not in found] == []
