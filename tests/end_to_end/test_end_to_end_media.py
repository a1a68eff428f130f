"""What the sandbox's own studio delivers over a real port opens, in the format and size that were asked for.

The slow ones (video, 4K, and the other sounds and models) are made by the same code elsewhere in the suite.
"""

import io
import json
import struct

import av
import pytest
from declared import ACTIONS, CASES, EXAMPLES, load_yaml
from PIL import Image
from port import port

from connector.engine.arguments import beside
from connector.sandbox import studio

MEDIA = load_yaml(CASES.parent / "end_to_end" / "media.yaml")


@pytest.fixture(scope="module")
def far():
    with port(studio) as opened:
        yield opened


@pytest.fixture(scope="module")
def connector(far, tmp_path_factory):
    with far.connector(tmp_path_factory.mktemp("home")) as made:
        yield made


def invoked(connector, case):
    action = case["action"]
    example = next(given for found, _, given in EXAMPLES if found == action)
    given = {name: value for name, value in (example | case.get("with", {})).items() if value is not None}
    return connector.invoke(action, beside(connector.action(action), given, ACTIONS))


def named(case):
    return f"{case['action']}-{case['format']}"


@pytest.mark.parametrize("case", [case for case in MEDIA if case["format"].isupper()], ids=named)
def test_a_picture_opens_and_has_its_size(connector, case):
    """Decoded to its last row; what the connector says of it is so."""
    media = invoked(connector, case).media
    with Image.open(io.BytesIO(media.bytes)) as picture:
        picture.load()
        assert picture.format == case["format"]
        assert picture.size == (media.width, media.height)
        assert is_asked_size(picture.size, case)
        assert has_clear_parts(picture) == case.get("transparent", False)


def is_asked_size(size, case):
    if "size" in case:
        return list(size) == case["size"]
    wide, high = size
    pixels = wide * high / (case["megapixels"] * 1_000_000)
    return 0.8 < pixels < 1.2 and wide / high == pytest.approx(case["aspect"], rel=0.02)


def has_clear_parts(picture):
    return "A" in picture.mode and picture.getchannel("A").getextrema()[0] == 0


@pytest.mark.parametrize("case", [case for case in MEDIA if "seconds" in case], ids=named)
def test_a_sound_plays_as_long_as_it_should(connector, case):
    """Decoded from its first frame to its last."""
    media = invoked(connector, case).media
    with av.open(io.BytesIO(media.bytes)) as opened:
        assert opened.format.name == case["format"]
        heard = sum(frame.samples / frame.sample_rate for frame in opened.decode(audio=0))
    assert heard == pytest.approx(case["seconds"], abs=0.1)
    assert media.seconds == pytest.approx(case["seconds"], abs=0.1)


@pytest.mark.parametrize("case", [case for case in MEDIA if case["format"] == "glb"], ids=named)
def test_a_model_is_a_whole_file_with_a_mesh(connector, case):
    """The lengths in its head are right, and its first part describes a mesh."""
    content = invoked(connector, case).bytes
    magic, version, length, described = struct.unpack_from("<4sIII", content)
    assert (magic, version, length) == (b"glTF", 2, len(content))
    assert json.loads(content[20 : 20 + described])["meshes"]
