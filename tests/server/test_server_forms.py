"""A part of a form is the file that it is, whatever its sender says of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from server.support import SANDBOX, Place, picture, place

PNG = picture()
LARGE = PNG + bytes(2 << 20)
ACTION = "/api/actions/remove-background"
URI = "data:image/png;base64," + base64.b64encode(PNG).decode()
HEADS = {
    "a buffer": 'Content-Disposition: form-data; name="%s"',
    "an extended name": "Content-Disposition: form-data; name=\"%s\"; filename*=UTF-8''%%C3%%A9.png",
    "no type": 'Content-Disposition: form-data; name="%s"; filename="a.png"',
    "an empty name": 'Content-Disposition: form-data; name="%s"; filename=""\r\nContent-Type: image/png',
    "a type alone": 'Content-Disposition: form-data; name="%s"\r\nContent-Type: image/png',
    "bytes of no kind": 'Content-Disposition: form-data; name="%s"\r\nContent-Type: application/octet-stream',
    "said to be text": 'Content-Disposition: form-data; name="%s"\r\nContent-Type: text/plain',
    "a name for mails": 'Content-Disposition: form-data; name="%s"; filename="=?UTF-8?B?w6kucG5n?="',
}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(tmp_path_factory.mktemp("forms") / "home") as opened:
        yield opened


def _post(host: Place, path: str, *parts: tuple[str, bytes]) -> httpx.Response:
    """Each part is its head and its content."""
    body = b"".join(b"--b\r\n%s\r\n\r\n%s\r\n" % (head.encode(), content) for head, content in parts)
    headers = {"content-type": "multipart/form-data; boundary=b"}
    where = SANDBOX if "actions" in path else {}
    return host.post(path, params=where, content=body + b"--b--\r\n", headers=headers)


@pytest.mark.parametrize("content", [PNG, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_a_part_is_the_file_that_it_is(host: Place, head: str, content: bytes) -> None:
    """As an input of an action, and as an upload."""
    answer = _post(host, ACTION + "/preview", (head % "image", content))
    assert answer.status_code == 200, answer.text
    [part] = answer.json()["parts"]
    assert (part["content_type"], part["bytes"]) == ("image/png", len(content))
    stored = _post(host, "/api/files", (head % "file", content))
    assert (stored.status_code, stored.json()["type"]) == (201, "image/png")
    assert stored.json()["bytes"] == len(content)


@pytest.mark.parametrize("head", [HEADS["a buffer"], HEADS["said to be text"]])
def test_a_text_that_stands_for_a_file_is_that_file(host: Place, head: str) -> None:
    """A reference, a data URI, and the objects of JSON, as text."""
    stored = host.post("/api/files", content=PNG, headers={"content-type": "image/png"}).json()
    plain = base64.b64encode(PNG).decode()
    buffer = {"type": "Buffer", "data": list(PNG)}
    for text in (stored["file"], URI, json.dumps({"base64": plain}), json.dumps(buffer)):
        answer = _post(host, ACTION + "/preview", (head % "image", text.encode()))
        assert answer.status_code == 200, answer.text
        assert answer.json()["parts"][0]["bytes"] == len(PNG)


def test_a_text_may_come_as_a_file(host: Place) -> None:
    """Browsers send a Blob so; its charset is that which it names."""
    head = 'Content-Disposition: form-data; name="%s"; filename="blob"\r\nContent-Type: %s'
    answer = _post(
        host,
        "/api/actions/stable-image-core/preview",
        (head % ("prompt", "text/plain; charset=ISO-8859-1"), b"caf\xe9"),
        (head % ("seed", "application/json"), b"7"),
    )
    assert answer.status_code == 200, answer.text
    assert [part["value"] for part in answer.json()["parts"]] == ["caf\u00e9", "7"]


ILL = ("is a path", "files of this machine", "an open file", "bytes,")
# What is sent as the picture, and what is said of it.
ODD: dict[str, tuple[str, bytes, str]] = {
    "a name, where the file was meant": ("a buffer", b"photo.png", "is text, and stands for no file"),
    "a text": ("a buffer", b"two\nlines", "is text; it must be JPEG, PNG or WebP"),
    "what a program prints of an object": ("a buffer", b"[object Object]", "is text, and stands for no file"),
    "an object": ("a buffer", b'{"a": 1}', "is JSON; it must be JPEG, PNG or WebP"),
    "base64 as the content": ("no type", base64.b64encode(PNG), "is text: base64, of a PNG file"),
    "base64 in lines": ("no type", base64.encodebytes(LARGE), "is text: base64, of a PNG file"),
    "base64 for addresses": ("no type", base64.urlsafe_b64encode(PNG), "is text: base64, of a PNG file"),
    "base64 in quotes": ("no type", b'"' + base64.b64encode(PNG) + b'"', "is text: base64, of a PNG file"),
    "a data URI as the content": ("no type", URI.encode(), "is text: the data URI of a PNG file"),
    "a long data URI as text": (
        "a buffer",
        b"data:image/png;base64," + base64.b64encode(LARGE),
        "is text: the data URI of a PNG file",
    ),
    "bytes that were text": ("no type", PNG.decode(errors="replace").encode(), "was read as UTF-8 text"),
    "bytes that were text, and long": (
        "a buffer",
        (PNG + bytes(range(256)) * 40).decode(errors="replace").encode(),
        "was read as UTF-8 text",
    ),
    "Latin-1 that was text": (
        "no type",
        PNG.decode("latin-1").encode(),
        "a PNG file whose bytes were written",
    ),
}


@pytest.mark.parametrize(("head", "content", "said"), ODD.values(), ids=ODD)
def test_what_is_no_picture_is_told_for_what_it_is(host: Place, head: str, content: bytes, said: str) -> None:
    """Never as a path of this machine, nor by what only a program on it could give."""
    answer = _post(host, ACTION, (HEADS[head] % "image", content))
    assert answer.status_code == 422
    [problem] = answer.json()["problems"]
    assert problem["field"] == "image"
    assert said in problem["message"], problem
    assert not [words for words in ILL if words in problem["message"]]


@pytest.mark.parametrize("given", ["a/b.png", 7, True, ["x"], {"url": "x"}, "[object Blob]", "file:nothing"])
def test_json_that_is_no_file_is_told_in_words_of_http(host: Place, given: Any) -> None:
    """What can be given is what can be sent."""
    answer = host.post(ACTION, params=SANDBOX, json={"inputs": {"image": given}})
    assert answer.status_code == 422
    assert not [words for words in ILL if words in answer.text], answer.text


def test_two_files_where_one_is_taken(host: Place) -> None:
    """They are called a list, which they are."""
    head = HEADS["no type"] % "image"
    answer = _post(host, ACTION, (head, PNG), (head, PNG))
    assert "is a list, where one file is taken" in answer.text


def test_a_form_that_is_cut_short_is_refused(host: Place) -> None:
    """The rest of it may be what matters."""
    body = b'--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\na boat\r\n'
    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = host.post("/api/actions/stable-image-core", params=SANDBOX, content=body, headers=headers)
    assert answer.status_code == 400
    assert "the body ends before its closing boundary" in answer.text


def test_an_upload_is_found_among_other_fields(host: Place) -> None:
    """The one with a file name, or the one that is called file; two are too many."""
    text = 'Content-Disposition: form-data; name="folder"'
    file = HEADS["no type"] % "photo"
    assert _post(host, "/api/files", (text, b"holidays"), (file, PNG)).json()["type"] == "image/png"
    buffer = HEADS["a buffer"] % "file"
    assert _post(host, "/api/files", (text, b"holidays"), (buffer, PNG)).json()["type"] == "image/png"
    answer = _post(host, "/api/files", (file, PNG), (file, PNG))
    assert answer.json()["problems"][0]["message"] == "give one file; the form has 2"


def test_a_field_that_is_left_empty_is_not_given(host: Place) -> None:
    """Forms send what nobody filled in. Of a required input that is told; in JSON an empty text is one."""
    path = "/api/actions/stable-image-core/"
    fields = {
        "prompt": "a boat",
        "seed": "",
        "negative_prompt": "",
        "aspect_ratio": "",
        "output_format": "png",
    }
    parts = [(HEADS["a buffer"] % name, value.encode()) for name, value in fields.items()]
    answer = _post(host, path + "preview", *parts)
    assert answer.status_code == 200, answer.text
    assert [part["name"] for part in answer.json()["parts"]] == ["prompt", "output_format"]
    refused = _post(host, path + "preview", (HEADS["a buffer"] % "prompt", b""))
    assert [each["field"] for each in refused.json()["problems"]] == ["prompt"]
    given = {"inputs": {"prompt": "a boat", "negative_prompt": ""}}
    sent = host.post(path + "preview", params=SANDBOX, json=given).json()["parts"]
    assert [part["name"] for part in sent] == ["prompt", "negative_prompt"]
