"""What was filled in is used again: presets by name, link and file, and texts that were run before."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import expect

from browser.looks import look
from browser.visitor import Visitor


def kept(visitor: Visitor, name: str) -> None:
    visitor("open-presets").click()
    visitor("preset-name").fill(name)
    visitor("preset-keep").click()
    expect(visitor("presets").get_by_role("button", name=f"Use: {name}")).to_be_visible()


def closed(visitor: Visitor) -> None:
    visitor("picker").get_by_role("button", name="Close").click()


def test_a_preset_is_used_and_passed_on(visitor: Visitor, tmp_path: Path) -> None:
    """By a link or a file; files stay as they are, and what a link replaces is not lost."""
    page = visitor.open("/actions/search-and-replace")
    visitor.choose_sample("image", "room.png")
    visitor.field("prompt").fill("a blue teapot & more")
    visitor.field("search_prompt").fill("vase")
    visitor.field("grow_mask").fill("7")
    visitor.pick("output_format", "webp")
    kept(visitor, "Teapot")
    visitor("preset-keep").click()
    expect(visitor("picker")).to_contain_text("Give it a name.")
    look(page, "presets")
    with page.expect_download() as coming:
        visitor("presets").get_by_role("button", name="File: Teapot").click()
    passed = tmp_path / "teapot.json"
    coming.value.save_as(passed)
    assert json.loads(passed.read_text())["inputs"] == {
        "prompt": "a blue teapot & more",
        "search_prompt": "vase",
        "grow_mask": 7,
        "output_format": "webp",
    }
    visitor("presets").get_by_role("button", name="Link: Teapot").click()
    link = visitor("preset-link").inner_text()
    assert "file" not in link
    closed(visitor)
    visitor.field("prompt").fill("something else")
    visitor.field("grow_mask").fill("")
    visitor("open-presets").click()
    visitor("presets").get_by_role("button", name="Use: Teapot").click()
    expect(visitor.field("prompt")).to_have_value("a blue teapot & more")
    expect(visitor.field("grow_mask")).to_have_value("7")
    expect(visitor("field-image")).to_contain_text("room.png")

    visitor.field("prompt").fill("typed and not run")
    visitor("open-presets").click()
    visitor("presets").get_by_role("button", name="Delete: Teapot").click()
    expect(visitor("presets").get_by_role("listitem")).to_have_count(0)
    page.goto("about:blank")
    page.goto(link)
    visitor.settle()
    expect(visitor.field("prompt")).to_have_value("a blue teapot & more")
    expect(visitor("field-output_format").get_by_label("webp", exact=True)).to_be_checked()
    assert "#" not in page.url
    visitor("open-presets").click()
    visitor("presets").get_by_role("button", name="Use: Before a link was opened").click()
    expect(visitor.field("prompt")).to_have_value("typed and not run")

    visitor.open("/actions/stable-image-core")
    visitor("open-presets").click()
    visitor("preset-file").set_input_files(passed)
    expect(visitor("picker")).to_contain_text("This is a preset of search-and-replace")
    visitor.open("/actions/search-and-replace")
    visitor("open-presets").click()
    visitor("preset-file").set_input_files(passed)
    expect(visitor("presets").get_by_role("button", name="Use: Teapot")).to_be_visible()
    page.goto(visitor.served.url + "/actions/stable-image-core#preset=" + "%7Bno")
    visitor.settle()
    expect(page.locator(".toast")).to_contain_text("This is no preset")


def test_no_secret_is_in_a_preset(visitor: Visitor) -> None:
    """Neither a header by hand, nor a member of a body that is called like one."""
    page = visitor.open("/request")
    visitor.field("path").fill("/v1/boats")
    for name, value in (("x-api-key", "sk-by-hand"), ("accept-language", "de")):
        visitor("field-headers").get_by_role("button", name="Add", exact=True).click()
        page.get_by_label("Headers: name").last.fill(name)
        page.get_by_label("Headers: value").last.fill(value)
    visitor.field("method").select_option("POST")
    visitor.pick("body", "json")
    visitor.field("json").fill(json.dumps({"a": [{"password": "sk-in-a-body", "b": 1}]}))
    kept(visitor, "Boats")
    told = page.evaluate("localStorage.getItem('console.presets./api/actions/generic-http-request')")
    assert "sk-" not in told
    inputs = json.loads(told)[0]["inputs"]
    assert inputs["headers"] == {"accept-language": "de"}
    assert inputs["json"] == {"a": [{"b": 1}]}


def test_texts_that_were_run_are_offered(visitor: Visitor) -> None:
    """The newest first, at the same field of another action too, until they are forgotten."""
    visitor.open("/actions/stable-image-core")
    for text in ("a boat at dawn", "a boat at noon", "a boat at dawn"):
        visitor.field("prompt").fill(text)
        before = visitor.page.url
        visitor("run").click()
        visitor.page.wait_for_url(lambda address, before=before: address != before)
        visitor.finished()
    visitor.open("/actions/stable-image-ultra")
    visitor("earlier-prompt").click()
    expect(visitor("earlier-texts").get_by_role("button")).to_have_text(["a boat at dawn", "a boat at noon"])
    look(visitor.page, "earlier-texts")
    visitor("earlier-texts").get_by_role("button", name="a boat at noon").click()
    expect(visitor.field("prompt")).to_have_value("a boat at noon")
    visitor("earlier-prompt").click()
    visitor("forget-texts").click()
    visitor("earlier-prompt").click()
    expect(visitor("picker")).to_contain_text("None yet.")
