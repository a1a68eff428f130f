"""Headers are read as leniently as a decoder reads them: Pillow, and our reader, on files of every sort."""

from __future__ import annotations

import io
import os
import random
import struct
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from connector.media import from_bytes

_ORIENTATION = 0x0112
# Folders of pictures on this machine, such as Pillow's own Tests/images, with a colon between them.
_COLLECTIONS = [Path(name) for name in os.environ.get("PICTURES", "").split(":") if name]


def exif(turn: int, *, order: str = "<") -> bytes:
    made = Image.Exif()
    made.endian = order
    made[_ORIENTATION] = turn
    made[0x010F] = "a maker"
    return made.tobytes()


def picture(form: str, mode: str = "RGB", turn: int = 1, **options: object) -> bytes:
    out = io.BytesIO()
    drawn = Image.effect_mandelbrot((90, 60), (-2, -1.5, 1, 1.5), 60).convert(mode)
    drawn.save(out, form, exif=exif(turn, order=">" if turn % 2 else "<"), **options)
    return out.getvalue()


def sources() -> Iterator[bytes]:
    for turn in range(1, 9):
        for form in ("JPEG", "PNG", "WEBP"):
            yield picture(form, turn=turn)
        yield picture("MPO", turn=turn, save_all=True, append_images=[Image.new("RGB", (90, 60))])
    yield from (picture("JPEG", mode, 6) for mode in ("L", "CMYK"))
    yield picture("JPEG", turn=6, progressive=True, comment=b"\xff\xc0" * 50, icc_profile=b"\xff" * 70_000)
    yield from (picture("PNG", mode, 8) for mode in ("1", "L", "LA", "RGBA", "I;16"))
    yield from (picture("WEBP", mode, 5, lossless=kind) for mode in ("RGB", "RGBA") for kind in (0, 1))


def junk_between_segments(data: bytes, dice: random.Random) -> bytes:
    """Bytes that are no marker, an escaped FF or padding in front of one of the first segments."""
    place = 2
    for _ in range(dice.randint(0, 4)):
        if data[place : place + 1] != b"\xff" or place + 4 > len(data):
            break
        place += 2 + struct.unpack_from(">H", data, place + 2)[0]
    junk = dice.choice([b"\xff\x00", b"\xff" * 300, b"\0", dice.randbytes(3), b"\x12" * 70_000, b"\xff\xd0"])
    return data[:place] + junk + data[place:]


def wrong_length(data: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(4, 30)
    return data[:place] + bytes([dice.choice([0, 1, 2, 5, 40])]) + data[place + 1 :]


def many_segments(data: bytes, dice: random.Random) -> bytes:
    return data[:2] + b"\xff\xfe\x00\x03." * dice.choice([3, 999, 9_999]) + data[2:]


def turned_bytes(data: bytes, dice: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        changed[dice.randrange(2, min(len(data), 700))] = dice.choice([0, 1, 6, 0xFF, dice.randrange(256)])
    return bytes(changed)


def cut(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(20, len(data))]


def own_chunk_first(data: bytes, dice: random.Random) -> bytes:
    chunk = struct.pack(">I4sI", 0, b"CgBI", zlib.crc32(b"CgBI"))
    return data[:8] + chunk + data[8:] if data[1:4] == b"PNG" else data


ODD = (junk_between_segments, many_segments, own_chunk_first)
DAMAGED = (wrong_length, turned_bytes, cut)
# Where there is no EXIF Pillow looks there for an orientation as well, and browsers do not.
_ELSEWHERE = {"xmp", "Raw profile type exif"}


def seen_by_pillow(data: bytes) -> tuple[tuple[int, int], int] | None:
    """Sides and orientation, or None where it will not have the file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data), formats=["JPEG", "PNG", "WEBP"]) as opened:
                if _ELSEWHERE & set(opened.info) and "exif" not in opened.info:
                    return opened.size, 1
                try:
                    turn = opened.getexif().get(_ORIENTATION, 1)
                except (OSError, SyntaxError, ValueError):
                    turn = 1
                return opened.size, turn if turn in range(1, 9) else 1
        except (OSError, SyntaxError, ValueError, struct.error, Image.DecompressionBombError):
            return None


def compare(data: bytes, *, sides_alone: bool = False) -> bool:
    """Whether Pillow has the file; then we read the same of it."""
    expected = seen_by_pillow(data)
    if expected is None:
        return False
    media = from_bytes(data)
    stored = media.as_stored()
    turn = expected[1] if sides_alone else media.orientation
    assert ((stored.width, stored.height), turn) == expected, data[:200]
    return True


@pytest.mark.parametrize("mutate", ODD + DAMAGED, ids=lambda mutate: mutate.__name__)
def test_what_pillow_decodes_has_the_same_sides_and_orientation_here(mutate) -> None:
    """A file that a decoder has is no file whose header cannot be read, however it was written.

    What is left of a damaged EXIF is anybody's guess.
    """
    dice = random.Random(12)
    originals = list(sources())
    assert all(map(compare, originals))
    changed = (mutate(data, dice) for data in originals for _ in range(8))
    assert sum(compare(data, sides_alone=mutate in DAMAGED) for data in changed) > 40


@pytest.mark.skipif(not _COLLECTIONS, reason="PICTURES names no folders of pictures")
def test_collected_pictures_have_the_same_sides_and_orientation_here() -> None:
    """So have the odd files that others have collected, where they are on this machine."""
    found = [path for folder in _COLLECTIONS for path in folder.rglob("*") if path.is_file()]
    assert sum(compare(path.read_bytes()) for path in found) > 50
