"""A request that is not sent is shown as it would be, and no secret in it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from connector.engine.http.messages import Body, Multipart, Part, Raw, Request
from connector.engine.http.transport import HttpTransport
from connector.engine.preview import Preview
from connector.media.file import from_path

SAMPLES = Path(__file__).parents[2] / "actions" / "samples"
KEY = "sk-0f9a7c3e5b1d"


def _preview(url: str, body: bytes = b"") -> Preview:
    content = Raw(body, "text/plain") if body else None
    return Preview(Request("POST", url, (("x-empty", ""),), content, secrets=(KEY,)), 3, "for each success")


def test_a_mask_in_the_query_reads_as_one() -> None:
    """In the command and in the description, whether it stands for a secret or took its place before."""
    for value in (KEY, "%2A%2A%2A%2A%2A%2A%2A%2A"):
        preview = _preview(f"https://api.example/x?key={value}&page=1")
        assert preview.to_dict()["url"] == "https://api.example/x?key=********&page=1"
        assert "'https://api.example/x?key=********&page=1'" in preview.curl()


def test_a_file_stands_as_its_path_or_as_its_name() -> None:
    """A path is for whoever runs the command where the file is; elsewhere its name is all there is to say."""
    image = from_path(SAMPLES / "room.png")
    part = Part("image", image, "room.png", "image/png")
    for body, option in (
        (Multipart((part,)), """--form 'image=@"{}";type=image/png;filename="room.png"'"""),
        (Raw(image, "image/png"), "--data-binary @{}"),
    ):
        preview = Preview(Request("POST", "https://api.example/x", body=body), 3, "for each success")
        assert option.format(SAMPLES / "room.png") in preview.curl()
        assert option.format("room.png") in preview.curl(by_name=True)


def test_a_text_that_says_what_it_is_is_quoted_as_curl_reads_it() -> None:
    """What would end a value within --form is part of it, and a secret in it is masked."""
    parts = (Part("o", f'{{"a;b":"\\{KEY}"}}', None, "application/json"),)
    request = Request("POST", "https://api.example/x", body=Multipart(parts), secrets=(KEY,))
    preview = Preview(request, 3, "for each success")
    assert """--form 'o="{\\"a;b\\":\\"\\\\********\\"}";type=application/json'""" in preview.curl()
    [shown] = preview.to_dict()["parts"]
    assert shown == {"name": "o", "value": '{"a;b":"\\********"}', "content_type": "application/json"}


def test_the_command_says_what_curl_would_read_otherwise() -> None:
    """An empty header stays, quotes are safe, and a secret in the body is masked."""
    command = _preview("https://api.example/x", f"it's {KEY}".encode()).curl()
    assert "--header 'x-empty;'" in command
    assert """--data-raw 'it'"'"'s ********'""" in command
    assert KEY not in command


@contextmanager
def _far_side() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A server, and the headers of the only request that it gets, as they came."""
    came: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            came.extend(self.headers.items())
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(204)
            self.end_headers()

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer

        def log_message(self, *told: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.handle_request).start()
        yield f"http://127.0.0.1:{server.server_port}", came


ROOM = from_path(SAMPLES / "room.png")
BODIES: dict[str, Body] = {
    "none": None,
    "json": Raw(b'{"a": 1}', "application/json"),
    "form": Raw(b"a=1&b=%20", "application/x-www-form-urlencoded"),
    "a form of texts": Multipart((Part("a", "1"), Part("o", "{}", None, "application/json"))),
    "a form with a file": Multipart((Part("a", "\u00e9"), Part("image", ROOM, "room.png", "image/png"))),
    "an empty form": Multipart(()),
    "text": Raw(b"hello", "text/plain; charset=utf-8"),
    "a file": Raw(ROOM, "image/png"),
    "a body of no type": Raw(b"\0"),
    "an empty body": Raw(b"", "text/plain"),
}
GIVEN = {
    "nothing": (),
    "names in any case": (("X-Name", "a"), ("Accept", "image/*"), ("x-empty", "")),
    "the transport's own": (
        ("User-Agent", "mine/1"),
        ("accept-encoding", "gzip"),
        ("authorization", f"Bearer {KEY}"),
    ),
}


@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_the_headers_that_are_shown_are_those_that_arrive(
    method: str, body: Body, given: tuple[tuple[str, str], ...]
) -> None:
    """Every one, in its order; a key is masked, and the boundary is chosen when it is sent."""
    with _far_side() as (url, came):
        request = Request(method, f"{url}/x?a=1", given, body, secrets=(KEY,))
        shown = Preview(request, 3, "for each success").to_dict()["headers"]
        HttpTransport().send(request).body.close()
    arrived = [(name, re.sub("boundary=[0-9a-f]{32}", "boundary=…", value)) for name, value in came]
    assert list(shown.items()) == [(name, value.replace(KEY, "********")) for name, value in arrived]
