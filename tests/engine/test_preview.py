"""A request that is not sent is shown as it would be, and no secret in it."""

from __future__ import annotations

from pathlib import Path

from connector.engine.http.messages import Multipart, Part, Raw, Request
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
