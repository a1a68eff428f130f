"""Somebody at a browser: what they can do with a page, and all that their browser asks and complains of."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, expect

from browser.served import SAMPLES, Served

# What the browser itself makes, and nobody is asked for.
_OWN = ("blob", "data")
_WORTH_TELLING = ("error", "warning")
# Where the processor draws 3D it tells that it is slow.
_OF_THE_DRIVER = "GL Driver Message"


class Visitor:
    """A visitor with a page of their own. A path is opened once its scripts have set it up."""

    def __init__(self, context: BrowserContext, served: Served) -> None:
        self.context = context
        self.served = served
        self.asked: list[str] = []
        self.complaints: list[str] = []
        context.on("request", lambda request: self.asked.append(request.url))
        context.on("console", self._hear)
        context.on("weberror", lambda failure: self.complaints.append(str(failure.error)))
        self.page: Page = context.new_page()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in _WORTH_TELLING and _OF_THE_DRIVER not in message.text:
            self.complaints.append(f"{message.text} ({message.location.get('url', '')})")

    def open(self, path: str) -> Page:
        self.page.goto(self.served.url + path)
        self.settle()
        return self.page

    def go(self, link: Locator) -> None:
        """Follows a link, and waits for where it leads."""
        wanted = self.served.url + (link.get_attribute("href") or "")
        link.click()
        self.page.wait_for_url(lambda address: address == wanted)
        self.settle()

    def settle(self) -> None:
        """Waits for the scripts of a form; those of other pages are done when it is loaded."""
        expect(self.page.locator("html[data-ready], html:not(:has(form[data-action]))")).to_have_count(1)

    def __call__(self, testid: str) -> Locator:
        """The part of the page with that test id."""
        return self.page.get_by_test_id(testid)

    def field(self, name: str) -> Locator:
        """What is typed into, of an input."""
        return self(f"field-{name}").locator(f"[name={name}]")

    def pick(self, name: str, choice: str) -> None:
        """Chooses one of the values that stand beside each other."""
        self(f"field-{name}").get_by_label(choice, exact=True).check()

    def problem(self, name: str) -> Locator:
        return self(f"field-{name}").locator("[data-problem]")

    def choose_file(self, name: str, path: Path) -> None:
        """Gives a file to an input, and waits until it is there."""
        self(f"file-{name}").set_input_files(path)
        expect(self(f"field-{name}").locator("[data-drop-name]")).to_have_text(path.name)

    def choose_sample(self, name: str, sample: str) -> None:
        self.choose_file(name, SAMPLES / sample)

    def run(self) -> Locator:
        """Presses Run and waits for the end; gives the view of the run, and not of the one before."""
        earlier = self("run-id").text_content() if self("run-id").count() else None
        self("run").click()
        if earlier is not None:
            expect(self("run-id")).not_to_have_text(earlier)
        return self.finished()

    def finished(self, state: str = "succeeded") -> Locator:
        view = self("run-view")
        expect(view).to_have_attribute("data-state", state, timeout=60_000)
        return view

    def picture(self, shown: Locator) -> Image.Image:
        """The picture that an element shows, once the browser has read it."""
        expect(shown).to_have_js_property("complete", True)
        assert shown.evaluate("each => each.naturalWidth") > 0
        source = shown.get_attribute("src") or ""
        answer = self.context.request.get(self.served.url + source)
        return Image.open(io.BytesIO(answer.body())).convert("RGB")

    def strangers(self) -> list[str]:
        """Whoever was asked beside the host."""
        return [each for each in self.asked if not self._is_ours(each)]

    def _is_ours(self, address: str) -> bool:
        whole = urlsplit(address)
        return whole.scheme in _OWN or f"{whole.scheme}://{whole.netloc}" == self.served.url

    @contextmanager
    def refused(self, status: int) -> Iterator[None]:
        """The browser tells of a refusal by the host, which the page tells too: here it belongs."""
        before = len(self.complaints)
        yield
        told = self.complaints[before:]
        assert told, "nothing was refused"
        assert all(f"status of {status}" in each for each in told), told
        del self.complaints[before:]


class Brush:
    """The mask editor under somebody's hand; places are parts of the picture's width and height."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self.surface = visitor("mask-surface")
        self.said = visitor("mask-said")

    def stroke(self, *places: tuple[float, float]) -> None:
        """Draws from place to place."""
        self.surface.scroll_into_view_if_needed()
        box = self.surface.bounding_box()
        assert box is not None
        mouse = self._visitor.page.mouse
        at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
        mouse.move(*at[0])
        mouse.down()
        for each in at[1:]:
            mouse.move(*each, steps=4)
        mouse.up()

    def use(self, tool: str) -> None:
        self._visitor(f"mask-{tool}").click()

    def share(self) -> int:
        """How much is painted, in hundredths, as it is said."""
        return int(self.said.inner_text().partition(" ")[0])
