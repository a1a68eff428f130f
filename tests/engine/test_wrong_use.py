"""Whatever a program hands in works or is told at its field: no mistake comes out of the engine's insides."""

import datetime
import decimal
import enum
import fractions
import io
import pathlib

import pytest
from upstream import World, answer

from connector import errors

CORE = "stable-image-core"
GENERIC = "generic-http-request"


class Format(str, enum.Enum):  # noqa: UP042 - a StrEnum writes itself as its value
    JPEG = "jpeg"


class Seed(enum.Enum):
    SEVEN = 7


DEEP = []
for _ in range(5000):
    DEEP = [DEEP]
ROUND = {}
ROUND["again"] = ROUND
# No request can carry these, wherever they are given.
UNSENDABLE = {
    "not a number": float("nan"),
    "endless": float("inf"),
    "very many digits": 10**5000,
    "half a character": "a \ud800 cat",
    "bytes": b"bytes",
    "complex": 1j,
    "Decimal": decimal.Decimal("NaN"),
    "Fraction": fractions.Fraction(1, 2),
    "a path": pathlib.Path("a"),
    "a moment": datetime.datetime(2026, 1, 2),
    "a set": {1},
    "a generator": (n for n in [1]),
    "an open text": io.StringIO("x"),
    "deep": DEEP,
    "without end": ROUND,
}
PLACES = {
    "text": (CORE, "prompt", lambda value: {"prompt": value}),
    "number": (CORE, "seed", lambda value: {"prompt": "x", "seed": value}),
    "enum": (CORE, "aspect_ratio", lambda value: {"prompt": "x", "aspect_ratio": value}),
    "open enum": ("stable-diffusion-3", "model", lambda value: {"prompt": "x", "model": value}),
    "query": (GENERIC, "query.a", lambda value: {"path": "/x", "query": {"a": value}}),
    "header": (GENERIC, "headers.a", lambda value: {"path": "/x", "headers": {"a": value}}),
    "field": (
        GENERIC, "fields.a",
        lambda value: {"path": "/x", "method": "POST", "body": "multipart", "fields": {"a": value}},
    ),
    "json": (
        GENERIC, "json",
        lambda value: {"path": "/x", "method": "POST", "body": "json", "json": [value]},
    ),
}  # fmt: skip


def _kind(value):
    return type(value).__name__


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    made = World(tmp_path_factory.mktemp("home"))
    yield made
    made.connector.close()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", UNSENDABLE)
def test_what_no_request_can_carry_is_told_at_its_field(world, place, kind):
    """Before anything is sent."""
    action, path, given = PLACES[place]
    with pytest.raises(errors.InvalidArguments) as caught:
        world.connector.invoke(action, given(UNSENDABLE[kind]))
    told = [problem.path for problem in caught.value.problems]
    assert told
    assert {name.partition(".")[0] for name in told} == {path.partition(".")[0]}
    caught.value.message.encode()
    assert world.sent() == []


def test_a_member_of_an_enum_is_sent_as_what_it_stands_for(tmp_path):
    """Programs that name their constants need not unpack them."""
    world = World(tmp_path, answer(200), answer(200))
    preview = world.connector.preview(CORE, {"prompt": "x", "seed": Seed.SEVEN, "output_format": Format.JPEG})
    values = [part["value"] for part in preview.to_dict()["parts"]]
    assert values == ["x", "7", "jpeg"]


@pytest.mark.parametrize("names", [{5: "x"}, {"\ud800": "x"}, {"": "x"}], ids=["number", "half", "empty"])
@pytest.mark.parametrize("field", ["query", "headers", "fields"])
def test_odd_names_are_told_or_sent(tmp_path, field, names):
    """They never break the request that they stand in."""
    world = World(tmp_path, answer(200))
    more = {"method": "POST", "body": "multipart"} if field == "fields" else {}
    try:
        world.connector.invoke(GENERIC, {"path": "/x", field: names, **more})
    except errors.InvalidArguments as error:
        error.message.encode()
        assert world.sent() == []


@pytest.mark.parametrize(
    "file", ["~nobody-of-that-name/x.png", "http://[::1", "data:", b"", {"base64": "\ud800"}]
)
def test_a_file_that_cannot_be_had_is_told(world, file):
    """Also where its name cannot even be looked for."""
    with pytest.raises(errors.InvalidArguments) as caught:
        world.connector.invoke("remove-background", {"image": file})
    assert [problem.path for problem in caught.value.problems] == ["image"]


def test_a_query_that_no_server_takes_is_told(world):
    """Rather than taken for a network that fails."""
    with pytest.raises(errors.InvalidArguments) as caught:
        world.connector.invoke(GENERIC, {"path": "/x", "query": {"a": "x" * 70_000}})
    assert [problem.path for problem in caught.value.problems] == ["query"]


@pytest.mark.parametrize("name", ["environment", "connection", "accept", "timeout", "arguments"])
@pytest.mark.parametrize("value", [(1, 2), b"x", object(), "\ud800", 1j, float("nan"), -1, True], ids=_kind)
def test_what_is_no_name_and_no_time_is_told(world, name, value):
    """By the name of the parameter."""
    with pytest.raises(errors.InvalidArguments) as caught:
        world.connector.invoke("balance", **{name: value})
    assert name in {problem.path for problem in caught.value.problems}


@pytest.mark.parametrize("name", [None, 5, b"balance", ["balance"]])
def test_an_action_is_named_by_text(world, name):
    """And an example is told."""
    with pytest.raises(errors.UnknownName, match="stable-image-ultra"):
        world.connector.invoke(name)
