"""Answers and requests that no document foresees are told for what they are; none breaks the engine."""

import gzip
import os

import httpx
import pytest
from upstream import JOB_ID, PNG, World, answer, picture, started

from connector import errors

CORE = "stable-image-core"
PROMPT = {"prompt": "x"}
GENERIC = "generic-http-request"


def _json(body, status=200):
    return httpx.Response(status, content=body, headers={"content-type": "application/json"})


def _text(body, content_type):
    return httpx.Response(200, content=body, headers={"content-type": content_type})


@pytest.fixture
def square(tmp_path):
    from PIL import Image

    Image.new("RGB", (64, 64), "red").save(tmp_path / "a.png")
    return tmp_path / "a.png"


@pytest.mark.parametrize("asked", ["\xb2", "-5", "nan", "1e3", "soon", "Thu, 99 Foo", ""])
def test_a_wait_that_nobody_can_read_is_the_declared_one(tmp_path, asked):
    """A minute, here."""
    refused = httpx.Response(429, headers={"retry-after": asked.encode("latin-1")})
    world = World(tmp_path, refused, picture())
    assert world.connector.invoke(CORE, PROMPT).bytes == PNG
    assert sum(world.clock.slept) == pytest.approx(60, abs=1)


@pytest.mark.parametrize("asked", ["9" * 30, "9" * 400, "86400", "Mon, 01 Jan 9999 00:00:00 GMT"])
def test_a_wait_of_many_minutes_is_told_rather_than_slept(tmp_path, asked):
    """With its length, as far as clocks count; and nothing was paid."""
    world = World(tmp_path, answer(429, {"errors": ["x"]}, retry_after=asked), picture())
    with pytest.raises(errors.RateLimited) as caught:
        world.connector.invoke(CORE, PROMPT)
    assert (caught.value.retry_after, world.clock.slept) == (86400, [])
    assert (world.entry().state, world.entry().billed) == ("failed", "no")


@pytest.mark.parametrize("depth", [700, 900, 100_000])
@pytest.mark.parametrize("status", [200, 500])
def test_json_that_is_too_deep_breaks_nothing(tmp_path, depth, status):
    """It is no answer, or no reason."""
    world = World(tmp_path, *[_json(b"[" * depth + b"]" * depth, status) for _ in range(4)])
    with pytest.raises((errors.InvalidAnswer, errors.UpstreamFailed)):
        world.connector.invoke(GENERIC, {"path": "/x", "response": "json"})


def test_half_a_character_in_a_reason_can_be_written_down(tmp_path):
    """JSON can spell what no text can hold."""
    world = World(tmp_path, _json(b'{"errors": ["a \\ud800 b"], "id": "\\udfff"}', 400))
    with pytest.raises(errors.BadRequest):
        world.connector.invoke(CORE, PROMPT)
    assert "a ? b" in world.entry().message


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": "\\ud800"}', {"a": "?"}),
        (b'{"a": [NaN, -Infinity]}', {"a": [None, None]}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
    ],
)
def test_a_value_is_one_that_can_be_written_again(tmp_path, body, value):
    """As JSON, in any face."""
    assert World(tmp_path, _json(body)).connector.invoke(GENERIC, {"path": "/x"}).value == value


@pytest.mark.parametrize("charset", ["undefined", "utf-8\x00", "rot13", "no-such", "zlib"])
def test_a_text_in_no_known_writing_is_told(tmp_path, charset):
    """Codecs fail in many ways."""
    world = World(tmp_path, *[_text(b"\xff", f"text/plain; charset={charset}") for _ in range(4)])
    with pytest.raises(errors.InvalidAnswer):
        world.connector.invoke(GENERIC, {"path": "/x"})


@pytest.mark.parametrize("said", ["charset=latin-1", 'CHARSET="latin-1"', "Charset = latin-1 ; x=y"])
def test_the_writing_of_a_text_is_read_in_every_spelling(tmp_path, said):
    """Names of parameters have no case."""
    world = World(tmp_path, _text(b"\xe9", f"text/plain; {said}"))
    assert world.connector.invoke(GENERIC, {"path": "/x"}).value == "\xe9"


@pytest.mark.parametrize(
    ("said", "seed"),
    [("9007199254740993", 2**53 + 1), ("NaN", None), ("9" * 400, None), ("5.0", 5), ("", None)],
)
def test_a_seed_is_exact_or_absent(tmp_path, said, seed):
    """The same seed gives the same picture, and one beside it does not."""
    assert World(tmp_path, picture(seed=said)).connector.invoke(CORE, PROMPT).seed == seed


@pytest.mark.parametrize("reason", ["content_filtered", " CONTENT_FILTERED", "Content_Filtered"])
def test_a_filtered_picture_is_found_in_every_spelling(tmp_path, reason):
    """What was withheld must not pass for a success."""
    with pytest.raises(errors.Filtered):
        World(tmp_path, picture(finish_reason=reason)).connector.invoke(CORE, PROMPT)


def test_an_archive_of_several_members_is_one_picture(tmp_path):
    """All of it is delivered, or none."""
    zipped = gzip.compress(PNG[:30]) + gzip.compress(PNG[30:])
    headers = {"content-type": "image/png", "content-encoding": "gzip"}
    pieces = (zipped[at : at + 7] for at in range(0, len(zipped), 7))

    class Pieces(httpx.SyncByteStream):
        def __iter__(self):
            return pieces

    world = World(tmp_path, httpx.Response(200, headers=headers, stream=Pieces()))
    assert world.connector.invoke(CORE, PROMPT).bytes == PNG


def test_no_content_is_no_picture(tmp_path):
    """A 204 promises nothing; the picture may have been paid for."""
    world = World(tmp_path, httpx.Response(204))
    with pytest.raises(errors.InvalidAnswer):
        world.connector.invoke(CORE, PROMPT)
    assert (world.entry().state, world.entry().billed) == ("failed", "unknown")


@pytest.mark.parametrize("body", [b'{"id": ""}', b'{"id": null}', b"[]", b'{"id": 5}'])
def test_a_start_without_an_id_is_told(tmp_path, square, body):
    """There would be nothing to ask for."""
    world = World(tmp_path / "home", _json(body))
    with pytest.raises(errors.InvalidAnswer):
        world.connector.invoke("start-creative-upscale", {"image": square, "prompt": "x"})
    assert world.entry().billed == "unknown"


@pytest.mark.parametrize("id", ["../../x", "\\ud800", "short"])
def test_a_job_of_an_odd_id_is_not_lost(tmp_path, square, id):
    """Whatever stands in the way of asking for it, its id is told and written down."""
    world = World(tmp_path / "home", _json(f'{{"id": "{id}"}}'.encode()))
    with pytest.raises(errors.ConnectorError) as caught:
        world.connector.invoke("start-creative-upscale", {"image": square, "prompt": "x"})
    assert caught.value.job_id == world.entry().upstream_id
    assert (world.entry().state, len(world.sent())) == ("running", 1)


def test_a_failure_while_waiting_tells_the_job(tmp_path, square):
    """So that it can be waited for again."""
    world = World(tmp_path / "home", started(), answer(402, {"errors": ["x"]}))
    with pytest.raises(errors.OutOfCredits) as caught:
        world.connector.invoke("start-creative-upscale", {"image": square, "prompt": "x"})
    assert (caught.value.job_id, caught.value.invocation_id) == (JOB_ID, world.entry().id)


@pytest.mark.parametrize("name", ["Proxy_Authorization", "content_length", "AUTHORIZATION", "Keep_Alive"])
def test_an_underscore_is_a_hyphen_to_many_servers(tmp_path, name):
    """So that a credential's header cannot be given by its other name."""
    world = World(tmp_path)
    with pytest.raises(errors.InvalidArguments) as caught:
        world.connector.invoke(GENERIC, {"path": "/x", "headers": {name: "v"}})
    assert [problem.path for problem in caught.value.problems] == [f"headers.{name}"]
    assert world.sent() == []


@pytest.mark.parametrize("body", [{"body": "multipart", "fields": {"a": "b"}}, {"body": "json", "json": 1}])
def test_a_body_says_itself_what_it_is(tmp_path, body):
    """A content type beside it would be shown and not sent."""
    world = World(tmp_path)
    given = {"path": "/x", "method": "POST", "headers": {"Content-Type": "text/plain"}, **body}
    with pytest.raises(errors.InvalidArguments) as caught:
        world.connector.invoke(GENERIC, given)
    assert [problem.path for problem in caught.value.problems] == ["headers.Content-Type"]


@pytest.mark.parametrize(
    "path",
    [
        "/v2beta//stable-image/generate/core",
        "/v2beta/stable-image/generate/cor%65",
        "/V2BETA/stable-image/generate/core/",
        "/v2beta/stable-image/generate/core;x=1",
    ],
)
def test_no_other_spelling_of_a_path_goes_around_its_price(tmp_path, path):
    """Nor around the cap that counts it."""
    given = {"path": path, "method": "POST", "body": "multipart", "fields": {"prompt": "x"}}
    assert World(tmp_path).connector.estimate(GENERIC, given).credits == 3


def test_a_file_of_any_name_can_be_sent(tmp_path, square):
    """File systems know names that no text can hold, and names that would break a form."""
    odd = square.rename(square.with_name(os.fsdecode(b'\xff"\r\n\x01.png')))
    world = World(tmp_path / "home", picture())
    world.connector.invoke("remove-background", {"image": odd})
    assert b'filename="?%22%0D%0A%01.png"\r\n' in world.upstream.requests[0].content
