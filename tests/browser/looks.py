"""How a page looks in each theme and width, and whether anybody is shut out of it.

`make screenshots` leaves a picture of each look in a folder.
"""

from __future__ import annotations

import json
import os
from importlib import resources
from typing import Any

from playwright.sync_api import Page

AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
SHOTS = os.environ.get("SCREENSHOTS")
WIDE, NARROW = 1280, 360
LOOKS = [("light", WIDE), ("dark", WIDE), ("light", NARROW), ("dark", NARROW)]
# Each theme and each width once.
AUDITED = [LOOKS[0], LOOKS[3]]
GRAVE = ("serious", "critical")

_AUDIT = "axe.run(document, {resultTypes: ['violations']}).then(({violations}) => JSON.stringify(violations))"
# A lazy picture that is out of sight is never loaded, and is waited for in vain.
_SETTLED = """() => Promise.all([
  ...[...document.images].map((each) => Promise.race([
    each.decode().catch(() => {}),
    new Promise((done) => setTimeout(done, each.loading === "lazy" ? 3000 : 60000)),
  ])),
  new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
])"""
_TALLEST = 2600
# Whatever is chosen or typed needs room to be read.
_SQUEEZED = """() => [...document.querySelectorAll("select, input:not([type=checkbox], [type=radio])")]
  .filter((each) => each.checkVisibility() && !each.closest(".visually-hidden"))
  .filter((each) => each.clientWidth > 1 && each.clientWidth < 36)
  .map((each) => each.outerHTML.slice(0, 120))"""


def dress(page: Page, theme: str, width: int) -> None:
    """Shows the whole page in one theme and width."""
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 900})
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": width, "height": max(900, min(height, _TALLEST))})
    page.evaluate(_SETTLED)


def grave(page: Page) -> list[str]:
    """What shuts people out. Axe goes in beside the page's policy, which lets no such script in."""
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE})
    asked = {"expression": _AUDIT, "awaitPromise": True, "returnByValue": True}
    told: Any = session.send("Runtime.evaluate", asked)
    session.detach()
    return [
        f"{each['id']}: {[(node['html'][:200], node['failureSummary']) for node in each['nodes']]}"
        for each in json.loads(told["result"]["value"])
        if each["impact"] in GRAVE
    ]


def look(page: Page, name: str) -> None:
    """Goes through the looks of a page: where nobody wants pictures, those that are audited."""
    for theme, width in LOOKS if SHOTS else AUDITED:
        dress(page, theme, width)
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over == 0, f"{name} is {over} px wider than a screen of {width}"
        assert page.evaluate(_SQUEEZED) == [], f"{name} has no room for them at {width} px"
        if (theme, width) in AUDITED:
            assert grave(page) == [], f"{name}, {theme}, {width} px"
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/{name}-{theme}{'-narrow' if width == NARROW else ''}.png")
