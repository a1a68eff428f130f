"""What a model sees of a picture: small enough, whatever the picture is."""

from __future__ import annotations

import io
import os

import pytest
from PIL import Image

from connector.media import from_bytes, thumbnail


def _media(mode, size, form="PNG", noise=True):
    raw = os.urandom(size[0] * size[1] * len(mode)) if noise else None
    picture = Image.frombytes(mode, size, raw) if raw else Image.new(mode, size)
    written = io.BytesIO()
    picture.save(written, form)
    return from_bytes(written.getvalue())


@pytest.mark.parametrize(("mode", "size"), [("RGB", (2000, 900)), ("RGBA", (1200, 1200)), ("L", (40, 3000))])
def test_a_picture_fits_its_bounds(mode, size):
    """Also one that hardly compresses."""
    content, kind = thumbnail.glimpse(_media(mode, size))
    seen = Image.open(io.BytesIO(content))
    assert max(seen.size) <= thumbnail.GLIMPSE_SIDE
    assert len(content) <= thumbnail.GLIMPSE_BYTES
    assert seen.get_format_mimetype() == kind


def test_one_sees_through_where_the_picture_is_transparent():
    content, kind = thumbnail.glimpse(_media("RGBA", (800, 800), noise=False))
    assert kind == "image/png"
    assert Image.open(io.BytesIO(content)).getpixel((5, 5))[3] == 0


def test_nothing_is_seen_of_what_is_no_picture():
    """Nor of one that is damaged."""
    whole = _media("RGB", (300, 300)).bytes
    assert thumbnail.glimpse(from_bytes(b"words")) is None
    assert thumbnail.glimpse(from_bytes(whole[:2000])) is None
