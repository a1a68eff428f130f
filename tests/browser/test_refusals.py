"""What cannot be sent is told at its field, in the engine's words, before anything is sent."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import expect

from browser.served import SAMPLES
from browser.visitor import Visitor
from connector.media.file import from_bytes
from connector.media.rules import problems
from connector.spec.cache import default_folder
from connector.spec.loader import load

INTEGRATION = load(default_folder())


def picture(folder: Path, width: int, height: int, kind: str = "png") -> Path:
    path = folder / f"given.{kind}"
    Image.new("RGB", (width, height), "teal").save(path)
    return path


def sent(visitor: Visitor) -> list[str]:
    """The runs that were asked for."""
    paths = [urlsplit(each).path for each in visitor.asked]
    return [path for path in paths if path.startswith("/api/actions/") and path.count("/") == 3]


def engine_says(visitor: Visitor, action: str, inputs: dict[str, Any]) -> dict[str, str]:
    path = f"/api/actions/{action}/check?environment=sandbox"
    found = visitor.served.ask("POST", path, json={"inputs": inputs}).json()["problems"]
    return {each["field"]: each["message"] for each in found}


def test_what_is_missing_is_told_at_its_field(visitor: Visitor) -> None:
    """The first such field has the focus, and what is typed into it takes the words away."""
    visitor.open("/actions/stable-image-core")
    visitor("run").click()
    expect(visitor.problem("prompt")).to_contain_text(engine_says(visitor, "stable-image-core", {})["prompt"])
    expect(visitor.field("prompt")).to_be_focused()
    expect(visitor.field("prompt")).to_have_attribute("aria-invalid", "true")
    assert sent(visitor) == []
    visitor.field("prompt").fill("a lighthouse")
    expect(visitor.problem("prompt")).to_be_hidden()
    visitor.run()


def test_several_mistakes_are_told_at_once(visitor: Visitor) -> None:
    """Each at its own field."""
    visitor.open("/actions/outpaint?example=0")
    expect(visitor("field-image")).to_contain_text("Fits")
    wrong = {"left": 2001, "creativity": 1.5, "seed": -1}
    for name, value in wrong.items():
        visitor.field(name).fill(str(value))
    visitor("run").click()
    reference = visitor.served.upload("room.png")
    for name, message in engine_says(visitor, "outpaint", {"image": reference, **wrong}).items():
        expect(visitor.problem(name)).to_contain_text(message)
        expect(visitor.problem(name)).to_be_visible()
    assert sent(visitor) == []


@pytest.mark.parametrize(
    ("action", "width", "height", "kind"),
    [
        ("erase", 40, 80, "png"),
        ("search-and-replace", 800, 100, "gif"),
    ],
)
def test_a_file_that_does_not_fit_is_told_at_once(
    visitor: Visitor, tmp_path: Path, action: str, width: int, height: int, kind: str
) -> None:
    """Where it was chosen, in the engine's words, and it is not even uploaded."""
    given = picture(tmp_path, width, height, kind)
    visitor.open(f"/actions/{action}")
    visitor.choose_file("image", given)
    rules = INTEGRATION.actions[action].parameters["image"]["file"]
    for message in problems(from_bytes(given.read_bytes()), rules):
        expect(visitor("field-image")).to_contain_text(f"it {message}")
        visitor("run").click()
        expect(visitor.problem("image")).to_contain_text(f"Image {message}")
    assert not [each for each in visitor.asked if each.endswith("/api/files")]
    assert sent(visitor) == []


def test_what_is_typed_must_be_json(visitor: Visitor) -> None:
    """A body that is none is told at its field."""
    visitor.open("/request")
    visitor.field("method").select_option("POST")
    visitor.field("path").fill("/v1/engines/list")
    visitor.pick("body", "json")
    visitor.field("json").fill("{half")
    visitor("run").click()
    expect(visitor.problem("json")).to_be_visible()
    assert sent(visitor) == []


def test_fields_come_and_go_with_what_is_chosen(visitor: Visitor) -> None:
    """A picture and a strength belong to image-to-image, an aspect ratio to text-to-image."""
    visitor.open("/actions/stable-diffusion-3")
    expect(visitor("field-aspect_ratio")).to_be_visible()
    expect(visitor("field-image")).to_be_hidden()
    expect(visitor("tab-source")).to_be_hidden()
    visitor.pick("mode", "image-to-image")
    expect(visitor("field-aspect_ratio")).to_be_hidden()
    expect(visitor("field-image")).to_be_visible()
    expect(visitor("field-strength").locator("[data-need]")).to_be_visible()
    visitor.field("prompt").fill("the same room as a watercolour")
    visitor("run").click()
    expect(visitor.problem("image")).to_be_visible()
    expect(visitor.problem("strength")).to_be_visible()
    visitor.pick("mode", "text-to-image")
    expect(visitor("field-strength")).to_be_hidden()
    visitor.run()


def test_the_price_follows_the_model(visitor: Visitor) -> None:
    visitor.open("/actions/stable-diffusion-3")
    expect(visitor("balance")).to_have_text("6.5 credits where it is billed")
    visitor.field("model").fill("sd3.5-flash")
    expect(visitor("balance")).to_have_text("2.5 credits where it is billed")
    expect(visitor("price")).to_have_text("free")


def test_a_refusal_by_the_upstream_is_told_with_what_it_cost(visitor: Visitor) -> None:
    """A moderated prompt ends in a sentence, the code, and that nothing was billed."""
    visitor.open("/actions/stable-image-core")
    visitor.field("prompt").fill("a lighthouse, sandbox-refuse")
    visitor("run").click()
    visitor.finished("failed")
    expect(visitor("failure")).to_contain_text("moderated")
    expect(visitor("failure")).to_contain_text("Nothing was billed.")


def encoded(width: int, height: int, kind: str) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (width, height)).save(written, kind)
    return written.getvalue()


FILES = {
    "png": encoded(300, 20, "png"),
    "jpeg": encoded(64, 64, "jpeg"),
    "webp": encoded(1024, 576, "webp"),
    "gif": encoded(3, 900, "gif"),
    "bmp": encoded(200, 100, "bmp"),
    "tiff": encoded(20, 20, "tiff"),
    "broken": encoded(64, 64, "png")[:20],
    "mp3": (SAMPLES / "tone.mp3").read_bytes(),
    "wav": (SAMPLES / "tone.wav").read_bytes(),
    "text": b"no picture\n",
    "binary": bytes(range(256)),
    "pdf": b"%PDF-1.7\n",
    "glb": b"glTF" + struct.pack("<II", 2, 12),
    "empty": b"",
}
RULES: tuple[dict[str, Any], ...] = (
    {"formats": ["jpeg", "png", "webp"], "min_side": 64, "min_pixels": 4096, "max_pixels": 9_437_184},
    {"formats": ["mp3", "wav"], "min_seconds": 6, "max_seconds": 190, "max_bytes": 1000},
    {"min_aspect": 0.4, "max_aspect": 2.5, "max_side": 500, "max_bytes": 2_500_000},
    {"min_width": 100, "max_width": 700, "min_height": 32, "max_height": 400, "max_pixels": 1_048_576},
    {"dimensions": ["1024x576", "576x1024", "768x768"]},
    {"formats": ["gif"]},
)
_JUDGED = """async ([files, rules]) => {
  const { faults, typeOf } = await import("/static/faults.js");
  return files.map(({ head, facts }) => {
    const type = typeOf(Uint8Array.from(head));
    return rules.map((each) => faults(each, { ...facts, type }));
  });
}"""


def test_the_page_judges_files_as_the_engine_does(visitor: Visitor) -> None:
    """Sentence by sentence, for files of all kinds and all rules."""
    page = visitor.open("/actions")
    seen = [from_bytes(content) for content in FILES.values()]
    facts = [
        {"bytes": each.size, "width": each.width, "height": each.height, "seconds": each.seconds}
        for each in seen
    ]
    told = [
        {
            "head": list(content[:4096]),
            "facts": {name: value for name, value in one.items() if value is not None},
        }
        for content, one in zip(FILES.values(), facts, strict=True)
    ]
    expected = [[problems(each, rules) for rules in RULES] for each in seen]
    judged = page.evaluate(_JUDGED, [told, json.loads(json.dumps(RULES))])
    assert dict(zip(FILES, judged, strict=True)) == dict(zip(FILES, expected, strict=True))
