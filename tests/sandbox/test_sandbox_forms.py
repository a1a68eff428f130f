"""Forms are read as any client writes them, in whatever pieces they come."""

from __future__ import annotations

import pytest
from sandbox.support import client, sandbox

from connector.sandbox.multipart_reader import Malformed, boundary
from connector.sandbox.request import read_form

# One part each, as different clients write it, and the name and file name that are meant.
WRITTEN = {
    "httpx": (
        b'Content-Disposition: form-data; name="a"; filename="b.png"\r\nContent-Type: image/png',
        "b.png",
    ),
    "curl, a text": (b'Content-Disposition: form-data; name="a"', None),
    "a browser, with a quote": (b'Content-Disposition: form-data; name="a"; filename="b%22c.png"', 'b"c.png'),
    "Node, lower case": (b'content-disposition:form-data;name="a";filename="b.png"', "b.png"),
    "UTF-8 in a name": ('Content-Disposition: form-data; name="a"; filename="é.png"'.encode(), "é.png"),
    "an extended name alone": (
        b"Content-Disposition: form-data; name=\"a\"; filename*=UTF-8''%C3%A9.png",
        "é.png",
    ),
    "both names": (
        b"Content-Disposition: form-data; name=a; filename=b.png; filename*=UTF-8''c.png",
        "b.png",
    ),
    "a length besides": (b'Content-Disposition: form-data; name="a"\r\nContent-Length: 5', None),
    "an empty file name": (b'Content-Disposition: form-data; name="a"; filename=""', ""),
}


@pytest.mark.parametrize("size", [1, 7, 10_000], ids=lambda size: f"pieces of {size}")
@pytest.mark.parametrize(("head", "filename"), WRITTEN.values(), ids=WRITTEN)
def test_parts_as_clients_write_them(head: bytes, filename: str | None, size: int) -> None:
    """Name, file name and bytes are the same, however the headers are written and the body is cut."""
    body = b"--mark\r\n" + head + b"\r\n\r\nhel\r\n--mar\r\nlo\r\n--mark--\r\n"
    (part,) = read_form("mark", (body[at : at + size] for at in range(0, len(body), size)))
    assert (part.name, part.filename, part.content) == ("a", filename, b"hel\r\n--mar\r\nlo")


def test_parts_keep_their_order() -> None:
    """As sent, repeated names included."""
    body = b"".join(
        b'--m\r\ncontent-disposition: form-data; name="%c"\r\n\r\n1\r\n' % name for name in b"bab"
    )
    parts = read_form("m", [body + b"--m--"])
    assert [part.name for part in parts] == ["b", "a", "b"]


@pytest.mark.parametrize(
    "body",
    [
        b'--m\r\ncontent-disposition: form-data; name="a"\r\n\r\nno end',
        b"something else",
        b"--m\r\ncontent-type: image/png\r\n\r\nno name\r\n--m--",
        b"",
    ],
)
def test_a_broken_form_is_refused(body: bytes) -> None:
    """A body that stops too early or is no form is a bad request, not a shorter form."""
    with pytest.raises(Malformed):
        read_form("m", [body])
    headers = {"content-type": "multipart/form-data; boundary=m"}
    answer = client(sandbox()).post("/v2beta/stable-image/generate/core", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["errors"][0].startswith("body: cannot be read as a form")


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ("multipart/form-data; boundary=m", "m"),
        ('Multipart/Form-Data; charset=utf-8; boundary="m m"', "m m"),
        ("multipart/form-data", ""),
        ("application/json", None),
        (None, None),
    ],
)
def test_boundaries(sent: str | None, found: str | None) -> None:
    """The boundary is found in any spelling; another content type has none."""
    assert boundary(sent) == found


def test_a_field_given_twice_is_refused() -> None:
    """It is not known which of them the vendor would take."""
    form = [("prompt", (None, "a")), ("prompt", (None, "b"))]
    answer = client(sandbox()).post("/v2beta/stable-image/generate/core", files=form)
    assert answer.json()["errors"] == ["prompt: is given more than once"]
