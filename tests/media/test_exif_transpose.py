"""A picture is turned as its EXIF says, and nothing else of it changes."""

from __future__ import annotations

import contextlib
import io
import random
import sys

import pytest
from PIL import Image, ImageChops, ImageOps, ImageStat

from connector.media import Media, exif_transpose, from_bytes
from tests.media.test_lenient_headers import cut, exif, turned_bytes, wrong_length

PROFILE = bytes(range(256)) * 2
KINDS = {
    "jpeg": ("JPEG", "RGB", {}, 1.5),
    "jpeg, other sides": ("JPEG", "RGB", {}, 3.0),
    "jpeg, subsampled across": ("JPEG", "RGB", {"subsampling": 1, "quality": 90}, 2.0),
    "jpeg, progressive": ("JPEG", "RGB", {"progressive": True}, 1.5),
    "jpeg, grey": ("JPEG", "L", {}, 1.0),
    "jpeg, cmyk": ("JPEG", "CMYK", {}, 1.5),
    "mpo": ("MPO", "RGB", {"save_all": True, "append_images": [Image.new("RGB", (96, 64))]}, 1.5),
    "png": ("PNG", "RGBA", {}, 0.0),
    "png, grey": ("PNG", "I;16", {}, 0.0),
    "png, one bit": ("PNG", "1", {}, 0.0),
    "webp": ("WEBP", "RGB", {}, 3.0),
    "webp, lossless": ("WEBP", "RGBA", {"lossless": True, "exact": True}, 0.0),
}


def stored(form: str, mode: str, turn: int, size: tuple[int, int] = (96, 64), **options: object) -> Media:
    fractal = Image.effect_mandelbrot(size, (-2, -1.5, 1, 1.5), 60)
    bands = [fractal, *(make("L").resize(size) for make in (Image.linear_gradient, Image.radial_gradient))]
    drawn = Image.merge("RGB", bands).convert(mode) if mode != "I;16" else fractal.convert(mode)
    out = io.BytesIO()
    drawn.save(out, form, exif=exif(turn), icc_profile=PROFILE, **options)
    return from_bytes(out.getvalue(), name="photo")


def opened(media: Media) -> Image.Image:
    return Image.open(io.BytesIO(media.bytes))


@pytest.mark.parametrize("turn", range(2, 9))
@pytest.mark.parametrize("kind", KINDS)
def test_the_pixels_are_turned_and_the_rest_stays(kind: str, turn: int) -> None:
    """Form, mode, profile and EXIF are kept; what loses nothing is the same to the bit, a JPEG all but."""
    form, mode, options, tolerance = KINDS[kind]
    given = stored(form, mode, turn, (90, 61) if kind.endswith("sides") else (96, 64), **options)
    assert given.orientation == turn
    made = exif_transpose.turned(given)
    expected, found = ImageOps.exif_transpose(opened(given)), opened(made)
    assert (found.size, found.mode) == (expected.size, expected.mode)
    assert (made.type, made.name, (made.width, made.height)) == (given.type, given.name, expected.size)
    if tolerance:
        between = ImageChops.difference(expected.convert("RGB"), found.convert("RGB"))
        assert max(ImageStat.Stat(between).mean) <= tolerance
    else:
        assert expected.tobytes() == found.tobytes()
    assert made.orientation == 1
    assert found.getexif()[0x010F] == "a maker"
    assert found.info["icc_profile"] == PROFILE
    assert exif_transpose.turned(given).bytes == made.bytes


def test_a_turned_picture_keeps_to_its_limit() -> None:
    """Where it would be too large, it is written smaller; where that is not enough, it is not turned."""
    given = stored("JPEG", "RGB", 6, quality=98, size=(960, 640))
    made = exif_transpose.turned(given, given.size // 3)
    assert made.size <= given.size // 3
    assert (made.width, made.height) == (640, 960)
    with pytest.raises(exif_transpose.NotTurned, match="more than 500 bytes"):
        exif_transpose.turned(given, 500)


def test_what_cannot_be_turned_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """Damage, an animation, too many pixels, and no Pillow."""
    given = stored("JPEG", "RGB", 6)
    frames = [Image.new("RGB", (96, 64), colour) for colour in ("red", "blue")]
    moving = stored("WEBP", "RGB", 6, save_all=True, append_images=frames)
    whys = {
        "cannot be decoded": from_bytes(given.bytes[:600]),
        "an animation": moving,
        "too many pixels": from_bytes(given.bytes.replace(b"\x00\x40\x00\x60", b"\xff\xff\xff\xff", 1)),
    }
    for why, media in whys.items():
        assert media.orientation == 6
        with pytest.raises(exif_transpose.NotTurned, match=why):
            exif_transpose.turned(media)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(exif_transpose.NotTurned, match="pip install pillow"):
        exif_transpose.turned(given)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow tells that files are cut short
def test_damaged_pictures_are_turned_or_told_of() -> None:
    """Whatever is wrong with a file, there is a picture or a sentence."""
    dice = random.Random(7)
    originals = [stored(form, mode, 6, **options) for form, mode, options, _ in KINDS.values()]
    turned = 0
    for given in originals:
        for mutate in (turned_bytes, wrong_length, cut):
            for _ in range(6):
                damaged = from_bytes(mutate(given.bytes, dice))
                if damaged.type != given.type or damaged.orientation == 1:
                    continue
                with contextlib.suppress(exif_transpose.NotTurned):
                    turned += exif_transpose.turned(damaged).orientation == 1
    assert turned > 20
