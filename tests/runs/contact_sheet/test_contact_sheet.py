"""A contact sheet shows whatever it is given, says what it is, and never fails for one bad file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from connector import media
from connector.runs.contact_sheet.layout import Tile, TooManyTiles, draw
from connector.runs.contact_sheet.tile import fitted
from connector.spec.loader import default_folder

SAMPLES = default_folder() / "actions" / "samples"
ROOM = media.from_path(SAMPLES / "room.png")
BOX = (300, 200)


def _colours(picture: Any) -> int:
    return len(picture.convert("RGB").getcolors(1 << 24))


def test_pictures_stand_in_rows_under_a_title() -> None:
    """Each under its own, as many beside each other as asked for."""
    tiles = [Tile(f"Picture {number}", "made of nothing", ROOM) for number in range(5)]

    one, two = draw(tiles, columns=5), draw(tiles, columns=2, title="All of them")

    assert one.width > one.height
    assert two.height > two.width
    assert _colours(one) > 1000


def test_a_box_has_the_shape_of_its_pictures() -> None:
    """So that tall ones are not small."""
    tall = media.from_bytes(_png((400, 600)))

    assert draw([Tile("", "", tall)]).height > draw([Tile("", "", ROOM)]).height


def test_long_captions_go_on_in_the_next_line() -> None:
    """And end where there would be too many of them."""
    short = draw([Tile("A room", "", ROOM)], columns=1)
    long = draw([Tile("A room with a view " * 9, "", ROOM)], columns=1)
    longer = draw([Tile("A room with a view " * 900, "", ROOM)], columns=1)

    assert short.height < long.height
    assert longer.height - short.height <= 2 * (long.height - short.height)


def test_an_empty_tile_says_in_red_why() -> None:
    """What failed is seen at once."""
    failed = draw([Tile("A house", "refused: moderated", None, failed=True)])

    assert any(red > 150 and green < 80 for _, (red, green, _) in failed.getcolors(1 << 24))


@pytest.mark.parametrize("name", ["room.png", "style.jpg", "subject.png", "tone.mp3", "tone.wav", "icon.svg"])
def test_every_kind_of_file_looks_like_something(name: str) -> None:
    """Pictures, sounds, and what is only text."""
    look = fitted(media.from_path(SAMPLES / name), BOX)

    assert (look.width <= BOX[0], look.height <= BOX[1]) == (True, True)
    assert _colours(look) > 1


def test_transparency_shows_as_chequers() -> None:
    """A cut-out does not look as though it stood before black."""
    clear = media.from_bytes(_png((60, 40), (0, 0, 0, 0)))

    assert _colours(fitted(clear, BOX)) == 2


@pytest.mark.parametrize("cut", [60, 2000])
@pytest.mark.parametrize("name", ["room.png", "style.jpg", "tone.mp3", "tone.wav"])
def test_a_damaged_file_is_named_in_words(name: str, cut: int) -> None:
    """The others on the sheet are drawn all the same."""
    whole = (SAMPLES / name).read_bytes()

    assert fitted(media.from_bytes(whole[:cut]), BOX).width > 0


def test_a_picture_that_would_fill_the_memory_is_not_opened() -> None:
    """It is named in words."""
    header = bytearray(_png((8, 8)))
    header[16:24] = (60000).to_bytes(4, "big") * 2

    assert fitted(media.from_bytes(bytes(header)), BOX).size == BOX


def test_a_part_is_shown_as_large_as_the_whole() -> None:
    """So that two can be compared."""
    assert fitted(ROOM, BOX, (0.1, 0.1, 0.2, 0.2)).width == fitted(ROOM, BOX).width


def test_too_many_are_refused() -> None:
    """Before they are drawn."""
    with pytest.raises(TooManyTiles, match="more columns"):
        draw([Tile(str(number), "", ROOM) for number in range(400)], columns=1)


def test_other_alphabets_are_drawn() -> None:
    """With whatever font there is."""
    assert draw([Tile("灯台と海 \N{GREEK SMALL LETTER ALPHA} — “quoted”", "żółć", ROOM)]).width > 0


def _png(size: tuple[int, int], colour: tuple[int, ...] = (200, 30, 30, 255)) -> bytes:
    from io import BytesIO

    target = BytesIO()
    Image.new("RGBA", size, colour).save(target, "PNG")
    return target.getvalue()


def test_a_sheet_can_be_saved(tmp_path: Path) -> None:
    """It is a picture like any other."""
    draw([Tile("A room", "768 x 512", ROOM)]).save(tmp_path / "sheet.png")

    assert media.from_path(tmp_path / "sheet.png").type == "image/png"
