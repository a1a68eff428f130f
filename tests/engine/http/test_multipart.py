"""A body becomes few pieces, whose bytes are those that any form reader understands."""

from __future__ import annotations

import io
from collections.abc import Iterable
from email import message_from_bytes
from email.message import Message
from typing import BinaryIO, cast

import pytest

from connector.engine.http.messages import Body, Multipart, Part, Raw
from connector.engine.http.multipart import PIECE, Encoded, encode, joined
from connector.errors import InvocationError


class Stream:
    """Content that counts how often it is opened and how much is read at a time."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)

    def open(self) -> BinaryIO:
        return io.BytesIO(self.data)


class Broken(Stream):
    def open(self) -> BinaryIO:
        raise PermissionError(13, "Permission denied", "a.png")


def encoded(body: Body) -> Encoded:
    made = encode(body)
    assert made is not None
    assert made.size == len(b"".join(made))
    return made


def parsed(body: Multipart) -> list[Message]:
    """The parts, as somebody else's reader sees them."""
    made = encoded(body)
    head = f"content-type: {made.content_type}\r\n\r\n".encode()
    parts = message_from_bytes(head + b"".join(made)).get_payload()
    return cast("list[Message]", parts)


def test_no_body_is_none() -> None:
    """Where there is no body, none is made."""
    assert encode(None) is None


def test_raw_body_is_itself() -> None:
    """A raw body travels unchanged, from memory or from a stream, with the type it was given."""
    for content in (b"{}", Stream(b"{}")):
        made = encoded(Raw(content, "application/json"))
        assert (made.content_type, b"".join(made)) == ("application/json", b"{}")


def test_parts_keep_their_order_and_values() -> None:
    """Names repeat, values are empty, have line ends or other alphabets: all arrive as given."""
    values = [("a", ""), ("a", "two\r\nlines"), ("b", "\u00e9\u2603"), ("c", "false")]
    parts = parsed(Multipart(tuple(Part(name, value) for name, value in values)))
    read = [
        (part.get_param("name", header="content-disposition"), part.get_payload(decode=True))
        for part in parts
    ]
    assert read == [(name, value.encode()) for name, value in values]
    assert all(part.get_filename() is None and part["content-type"] is None for part in parts)


def test_file_has_its_name_and_type() -> None:
    """A file's part says what it is called and what it is; one without a name gets one."""
    parts = parsed(Multipart((Part("i", Stream(b"\x89PNG"), "a.png", "image/png"), Part("m", Stream(b"x")))))
    assert [(part.get_filename(), part["content-type"]) for part in parts] == [
        ("a.png", "image/png"),
        ("file", "application/octet-stream"),
    ]
    assert parts[0].get_payload(decode=True) == b"\x89PNG"


def test_a_text_can_say_what_it_is() -> None:
    """It is no file for that: it has no file name."""
    [part] = parsed(Multipart((Part("m", "{}", None, "application/json"),)))
    assert (part.get_filename(), part["content-type"], part.get_payload()) == (None, "application/json", "{}")


def test_name_cannot_break_out_of_its_quotes() -> None:
    """Quotes and line ends in names are escaped as browsers do, so a name adds no header."""
    body = Multipart((Part('a"; x="', "v"), Part("f", Stream(b"v"), 'x"\r\nEvil: 1\r\n\r\n.png')))
    text = b"".join(encoded(body)).decode()
    assert 'name="a%22; x=%22"' in text
    assert 'filename="x%22%0D%0AEvil: 1%0D%0A%0D%0A.png"' in text


def test_type_that_could_smuggle_a_header_is_refused() -> None:
    """A content type with a line end is refused."""
    with pytest.raises(ValueError, match="content type of 'f'"):
        encode(Multipart((Part("f", Stream(b""), "a", "a/b\r\nEvil: 1"),)))


def test_form_without_parts_is_still_a_form() -> None:
    """An empty form ends properly."""
    made = encode(Multipart(()), boundary="b")
    assert made is not None
    assert b"".join(made) == b"--b--\r\n"


def test_ten_fields_are_one_piece() -> None:
    """Text parts are not sent one by one."""
    body = Multipart(tuple(Part(f"f{number}", "value") for number in range(10)))
    assert len(list(encoded(body))) == 1


def test_large_file_is_few_pieces_and_never_whole() -> None:
    """A file of 10 MB goes in some forty pieces, none much larger than the reading size."""
    body = Multipart((Part("a", "b"), Part("f", Stream(bytes(10_000_000)), "x", "a/b")))
    sizes = [len(piece) for piece in encoded(body)]
    assert len(sizes) <= 42
    assert max(sizes) <= PIECE


def test_body_can_be_read_again() -> None:
    """Each reading starts at the first byte."""
    made = encoded(Multipart((Part("f", Stream(b"abc"), "x"),)))
    assert b"".join(made) == b"".join(made)


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [([], []), ([b"a", b"b"], [b"ab"]), ([b"a", bytes(PIECE), b"b"], [b"a", bytes(PIECE), b"b"])],
)
def test_small_neighbours_are_joined(pieces: Iterable[bytes], expected: list[bytes]) -> None:
    """Small pieces travel together; none grows past the limit."""
    assert list(joined(pieces)) == expected


def test_file_that_cannot_be_read_is_named() -> None:
    """A file that is gone or closed to us is the caller's to mend, and nothing was billed."""
    with pytest.raises(InvocationError, match=r"a\.png") as raised:
        list(cast("Encoded", encode(Raw(Broken(b"x")))))
    assert raised.value.billed == "no"
