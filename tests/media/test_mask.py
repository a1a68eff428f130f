"""Masks: what is told of one that selects nothing, or everything, or is another service's."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image, ImageDraw

from connector.media import Media, from_bytes, mask


def saved(picture: Image.Image, form: str = "PNG", **options: Any) -> Media:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return from_bytes(out.getvalue(), name=f"mask.{form.lower()}")


def painted(mode: str, ground: Any, spot: Any) -> Image.Image:
    """A ground with a spot in its middle."""
    picture = Image.new(mode, (96, 64), ground)
    ImageDraw.Draw(picture).rectangle((30, 20, 60, 44), fill=spot)
    return picture


WHITE, BLACK = (255, 255, 255, 255), (0, 0, 0, 255)
NOTHING, EVERYTHING, PICTURE = "selects nothing", "selects everything", "looks like a picture"

CASES: dict[str, tuple[Media, str]] = {
    "black": (saved(Image.new("L", (96, 64), 0)), NOTHING),
    "black, lossy": (saved(Image.new("RGB", (96, 64), (2, 0, 3)), "JPEG", quality=70), NOTHING),
    "black, lossy WebP": (saved(Image.new("RGB", (96, 64), 0), "WEBP"), NOTHING),
    "black, of 16 bits": (saved(Image.new("I;16", (96, 64), 300)), NOTHING),
    "black, of one bit": (saved(Image.new("1", (96, 64), 0)), NOTHING),
    "black, with a palette": (saved(Image.new("RGB", (96, 64), 0).convert("P")), NOTHING),
    "black, and transparent": (saved(Image.new("RGBA", (96, 64), (0, 0, 0, 0))), NOTHING),
    "white": (saved(Image.new("L", (96, 64), 255)), EVERYTHING),
    "white, lossy": (saved(Image.new("RGB", (96, 64), (254, 255, 253)), "JPEG"), EVERYTHING),
    "white, of 16 bits": (saved(Image.new("I;16", (96, 64), 65535)), EVERYTHING),
    "white with a white hole": (saved(painted("RGBA", WHITE, (255, 255, 255, 0))), "counts for nothing"),
    "a picture with a hole": (saved(painted("RGBA", (90, 140, 120, 255), (0, 0, 0, 0))), PICTURE),
    "a spot": (saved(painted("L", 0, 255)), ""),
    "a spot, of 16 bits": (saved(painted("I;16", 0, 65535)), ""),
    "a grey spot": (saved(painted("L", 0, 90)), ""),
    "a spot in a lossy file": (saved(painted("RGB", (0, 0, 0), (255, 255, 255)), "JPEG"), ""),
    "a stroke on nothing": (saved(painted("RGBA", (0, 0, 0, 0), WHITE)), ""),
    "all but a spot": (saved(painted("L", 255, 0)), ""),
    "a photograph": (saved(painted("RGB", (90, 140, 120), (30, 60, 90))), ""),
    "no picture": (from_bytes(b"%PDF-1.7 nothing", name="mask.pdf"), ""),
    "a broken picture": (from_bytes(saved(painted("L", 0, 255)).bytes[:60], name="mask.png"), ""),
}


@pytest.mark.parametrize("name", CASES)
def test_a_mask_is_doubted_where_it_cannot_be_meant(name: str) -> None:
    """What is not seen by a reader of masks is told; what is uncertain, or cannot be read, is let pass."""
    given, said = CASES[name]
    told = mask.doubt(given, "white")
    assert said in told
    assert bool(told) == bool(said)


@pytest.mark.parametrize(("selects", "ground"), [("black", WHITE), ("transparent", WHITE), ("white", BLACK)])
def test_each_way_of_selecting_has_its_nothing_and_its_everything(selects: Any, ground: Any) -> None:
    """A spec says which part of a mask is worked on."""
    spot = {"black": BLACK, "white": WHITE, "transparent": (255, 255, 255, 0)}[selects]
    assert NOTHING in mask.doubt(saved(Image.new("RGBA", (96, 64), ground)), selects)
    assert EVERYTHING in mask.doubt(saved(Image.new("RGBA", (96, 64), spot)), selects)
    assert not mask.doubt(saved(painted("RGBA", ground, spot)), selects)


def test_a_picture_is_opaque_only_where_that_is_certain() -> None:
    """An alpha channel without a transparent pixel is opaque too; what cannot be read is not known to be."""
    assert mask.is_opaque(saved(Image.new("RGB", (96, 64)), "JPEG"))
    assert mask.is_opaque(saved(Image.new("RGBA", (96, 64), WHITE)))
    assert not mask.is_opaque(saved(painted("RGBA", WHITE, (255, 255, 255, 0))))
    keyed = saved(painted("L", 0, 255).convert("P"), transparency=255)
    assert not mask.is_opaque(keyed)
    broken = saved(painted("RGBA", WHITE, BLACK)).bytes[:60]
    assert not mask.is_opaque(from_bytes(broken, name="a.png"))
