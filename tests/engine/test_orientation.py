"""A picture is sent as people see it, whichever way it is used."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from connector.engine.connector import Connector
from connector.errors import InvalidArguments
from connector.media import Media, adopt, from_bytes
from connector.spec import file_options
from tests.media.test_exif_transpose import stored

GREY = {"mask": Path(__file__).parents[2] / "actions/samples/room-mask.png"}


@pytest.fixture
def connector(tmp_path: Path) -> Any:
    with Connector(home=tmp_path, environ={}) as made:
        yield made


def parts(
    connector: Connector, action: str, given: dict[str, Any]
) -> tuple[dict[str, Media], tuple[str, ...]]:
    """The files that would be sent, and what would be said of them."""
    preview = connector.preview(action, given, environment="sandbox")
    sent = {
        part.name: adopt(part.value) for part in preview.request.body.parts if isinstance(part.value, Media)
    }
    return sent, tuple(map(str, preview.warnings))


@pytest.mark.parametrize("turn", [3, 6, 8])
def test_pictures_and_masks_are_sent_upright_and_it_is_told(connector: Connector, turn: int) -> None:
    """What goes out has the sides that people see, and its EXIF no longer says otherwise."""
    photo, mask = stored("JPEG", "RGB", turn), stored("PNG", "L", turn)
    sent, warnings = parts(connector, "erase", {"image": photo, "mask": mask})
    for name, given in (("image", photo), ("mask", mask)):
        upright = (64, 96) if turn in (6, 8) else (96, 64)
        assert (sent[name].width, sent[name].height) == upright
        assert Image.open(io.BytesIO(sent[name].bytes)).getexif().get(0x0112, 1) == 1
        assert sent[name].type == given.type
        assert any(said.startswith(f"{name}: is sent upright") for said in warnings)


def test_the_rules_are_held_against_what_people_see(connector: Connector) -> None:
    """A picture that is too wide as it is stored is not too wide as a portrait, and the other way round."""
    wide = stored("JPEG", "RGB", 1, (240, 80))
    with pytest.raises(InvalidArguments, match="240 x 80"):
        parts(connector, "outpaint", {"image": wide, "left": 10})
    lying = stored("JPEG", "RGB", 6, (240, 80))
    with pytest.raises(InvalidArguments, match="80 x 240"):
        parts(connector, "outpaint", {"image": lying, "left": 10})


def test_who_wants_the_bytes_as_they_are_says_so(connector: Connector) -> None:
    """Of one file, by what stands beside it; nothing is told then."""
    photo = stored("JPEG", "RGB", 6)
    kept = {"file": photo, "keep_orientation": True}
    sent, warnings = parts(connector, "erase", {"image": kept, **GREY})
    assert sent["image"].bytes == photo.bytes
    assert not warnings
    with pytest.raises(InvalidArguments, match="keep_orientation") as caught:
        parts(connector, "erase", {"image": {"file": photo, "keep_orientation": "yes"}, **GREY})
    assert [problem.path for problem in caught.value.problems] == ["image.keep_orientation"]


def test_what_cannot_be_turned_is_refused_where_it_matters_and_told_elsewhere(
    connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Pillow a mask would lie beside what it is for; a prompt alone does not mind."""
    photo = stored("JPEG", "RGB", 6)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(InvalidArguments, match=r"pip install pillow.*keep_orientation"):
        parts(connector, "outpaint", {"image": photo, "left": 10})
    sent, [warning] = parts(
        connector, "search-and-replace", {"image": photo, "prompt": "a", "search_prompt": "b"}
    )
    assert sent["image"].bytes == photo.bytes
    assert "image: is sent as it is stored" in warning


def test_a_turned_file_keeps_to_the_limits_of_bytes(connector: Connector) -> None:
    """A file as large as it may be is still no larger once it is turned."""
    noise = Image.frombytes("RGB", (1640, 1640), Image.effect_noise((1640, 4920), 90).tobytes())
    out, tag = io.BytesIO(), Image.Exif()
    tag[0x0112] = 6
    noise.save(out, "WEBP", quality=99, exif=tag.tobytes())
    large = from_bytes(out.getvalue())
    padded = from_bytes(large.bytes + bytes(10_485_760 - 70_000 - large.size))
    sent, _ = parts(connector, "outpaint", {"image": padded, "left": 10})
    assert sent["image"].size <= 10_485_760


def test_what_is_said_of_a_file_is_told_apart_from_the_file() -> None:
    """A mapping is a file with options only where it has one of their names; options join one another."""
    for plain in ("a.png", {"base64": "..."}, {"file": "file:1"}, None, 3):
        assert file_options.split(plain) == (plain, {})
    said = {"file": "a.png", "keep_orientation": True}
    assert file_options.split(said) == ("a.png", {"keep_orientation": True})
    assert file_options.joined("a.png", {"keep_orientation": True}) == said
    assert file_options.joined({"file": "file:1", "name": "a"}, {"keep_orientation": True}) == {
        "file": "file:1",
        "name": "a",
        "keep_orientation": True,
    }
