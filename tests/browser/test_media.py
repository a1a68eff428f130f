"""Sound, film and models are shown by what plays them."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import httpx
from media.sounds import ape, encoded
from PIL import Image
from playwright.sync_api import Locator, expect

from browser.served import SAMPLES, Served, Upstream
from browser.visitor import Visitor

_PLAYED = "async (each) => { await each.play(); return each.paused; }"
_NO_WEBGL = "HTMLCanvasElement.prototype.getContext = () => null"


# What was asked for in a frame is drawn in the next.
_DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
_UNTOUCHED = 300  # the width of a canvas that nobody has drawn on


def seen(shown: Locator) -> Image.Image:
    return Image.open(io.BytesIO(shown.screenshot())).convert("RGB")


def test_a_sound_plays(visitor: Visitor) -> None:
    visitor.open("/actions/stable-audio-2-text-to-audio")
    visitor.field("prompt").fill("steady rain on a tin roof")
    visitor.field("duration").fill("3")
    visitor.run()
    assert visitor("audio").evaluate(_PLAYED) is False
    assert round(visitor("audio").evaluate("each => each.duration")) == 3


def test_a_given_sound_is_measured(visitor: Visitor, tmp_path: Path) -> None:
    """It can be heard, and one that is too short is told as soon as the host has looked at it."""
    visitor.open("/actions/stable-audio-2-audio-to-audio")
    visitor.choose_sample("audio", "tone.mp3")
    expect(visitor("field-audio")).to_contain_text("Fits")
    expect(visitor("field-audio").locator("audio")).to_be_visible()
    visitor.choose_file("audio", silence(tmp_path / "short.wav", seconds=2))
    expect(visitor("field-audio")).to_contain_text("it lasts 2 s; it must last at least 6 s")


def test_how_long_a_sound_lasts_is_told_by_the_host(visitor: Visitor, tmp_path: Path) -> None:
    """A browser guesses by the first frames, and knows none behind another tag."""
    rates = {"flags": "+qscale", "global_quality": "236"}
    frames = encoded("mp3", "libmp3lame", seconds=61, silent=20, muxer={"write_xing": "0"}, **rates)
    for name, before in {"plain.mp3": b"", "tagged.mp3": ape(5000)}.items():
        (tmp_path / name).write_bytes(before + frames)
        visitor.open("/actions/stable-audio-2-audio-to-audio")
        visitor.choose_file("audio", tmp_path / name)
        expect(visitor("field-audio")).to_contain_text("61 s")
        expect(visitor("field-audio")).to_contain_text("Fits")


def silence(path: Path, seconds: int) -> Path:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(b"\x80" * 8000 * seconds)
    return path


def test_a_film_plays(visitor: Visitor, served: Served, far: Upstream) -> None:
    """One that an earlier job made, fetched by its id."""
    key = far.key()
    served.connect("film", key, far.url)
    frame = {"image": ("frame.png", (SAMPLES / "frame.png").read_bytes())}
    headers = {"authorization": f"Bearer {key}"}
    started = httpx.post(f"{far.url}/v2beta/image-to-video", files=frame, headers=headers).raise_for_status()
    visitor.open("/actions/fetch-generation-result")
    visitor("place").select_option(label="film - production")
    visitor.field("id").fill(started.json()["id"])
    visitor.run()
    assert visitor("video").evaluate(_PLAYED) is False
    assert visitor("video").evaluate("each => each.videoWidth") == 1024


def test_a_model_is_turned(visitor: Visitor) -> None:
    """By keys as well as by hand."""
    visitor.open("/actions/stable-fast-3d?example=0")
    expect(visitor("field-image")).to_contain_text("Fits")
    visitor.run()
    model = visitor("model")
    expect(model).not_to_have_js_property("width", _UNTOUCHED)
    visitor.page.evaluate(_DRAWN)
    first = seen(model)
    assert len(first.getcolors(1 << 24) or ()) > 100
    model.focus()
    for _ in range(3):
        visitor.page.keyboard.press("ArrowRight")
    visitor.page.evaluate(_DRAWN)
    assert seen(model).tobytes() != first.tobytes()


def test_a_model_is_not_lost_where_it_cannot_be_drawn(visitor: Visitor) -> None:
    """A browser without WebGL says so, and offers the file."""
    visitor.context.add_init_script(_NO_WEBGL)
    visitor.open("/actions/stable-fast-3d?example=0")
    expect(visitor("field-image")).to_contain_text("Fits")
    visitor.run()
    expect(visitor("media")).to_contain_text("cannot be shown here")
    expect(visitor("download")).to_be_visible()
