"""A browser, a host and an upstream for each process of the tests, and a visitor for each test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from browser.served import Served, Upstream, host, upstream
from browser.visitor import Visitor

# Patience with a machine that has much else to do; nothing waits so long where it is as it should be.
expect.set_options(timeout=60_000)

# The shell has no windows of its own to draw: it takes two thirds of the time.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--no-sandbox",  # the tests may run as root, as they do in containers
    "--disable-gpu",
    "--enable-unsafe-swiftshader",  # 3D all the same, drawn by the processor
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)
# Nobody sees the list below the address bar, yet each window draws it with pages of its own, which takes a
# third of the time.
_UNSEEN = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup", "AimEnabled")
# Playwright turns these off, by a flag that ours replaces.
_UNWANTED = (
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where the browser is. Without one these tests are skipped, but where it is meant to be."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        said = "no Chromium was found; `apt-get install chromium-headless-shell` brings one"
        pytest.fail(said) if os.environ.get("CI") == "true" else pytest.skip(said)
    return found


# Playwright keeps an event loop in this thread for as long as it runs, so it must end with this folder's
# tests: those of other folders have loops of their own.
@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        features = f"--disable-features={','.join(_UNSEEN + _UNWANTED)}"
        yield playwright.chromium.launch(executable_path=chromium, args=[*_FLAGS, features])


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A host that all tests of this process share."""
    with host(tmp_path_factory.mktemp("browser") / "home") as running:
        yield running


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Served]:
    """A host that nobody has used yet."""
    with host(tmp_path / "home") as running:
        yield running


@pytest.fixture(scope="package")
def far() -> Iterator[Upstream]:
    """An upstream that a connection can be made to."""
    with upstream() as running:
        yield running


@pytest.fixture(scope="package")
def session(browser: Browser, served: Served) -> Any:
    """What the browser keeps of somebody who signed in by the link that the host printed, and who used the
    sandbox when they were here last."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(served.link)
        expect(page).to_have_title("Integrations")
        page.evaluate("localStorage.setItem('console.place.stabilityai', '/sandbox')")
        return context.storage_state()


@pytest.fixture
def options() -> dict[str, Any]:
    """What is special about the browser of a test."""
    return {}


@pytest.fixture
def visitor(browser: Browser, served: Served, session: Any, options: dict[str, Any]) -> Iterator[Visitor]:
    """Somebody who is signed in, whose browser stays with the host and has nothing to complain of."""
    usual = {"viewport": {"width": 1280, "height": 900}, "storage_state": session}
    with browser.new_context(**(usual | options)) as context:
        came = Visitor(context, served)
        yield came
        assert came.strangers() == []
        assert came.complaints == []
