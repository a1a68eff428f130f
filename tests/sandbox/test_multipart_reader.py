"""Forms are read as any client writes them, in whatever pieces they come."""

from __future__ import annotations

import os
import random
import re

import httpx
import pytest

from connector.engine.http.messages import Multipart, Part
from connector.engine.http.multipart import encode
from connector.media.file import from_bytes
from connector.sandbox.multipart_reader import Malformed, MultipartReader, PartHead, boundary, parameter

PNG = b"\x89PNG\r\n\x1a\n--mark\r\n\r\n--mar\r\n\n\x00--mark"
DISPOSITION = b'Content-Disposition: form-data; name="a"'


def parts(body: bytes, size: int = 1 << 20, mark: str = "mark") -> list[tuple[PartHead, bytes]]:
    reader, found = MultipartReader(mark), list[tuple[PartHead, bytes]]()
    for at in range(0, len(body), size):
        for event in reader.feed(body[at : at + size]):
            if isinstance(event, PartHead):
                found.append((event, b""))
            else:
                found[-1] = found[-1][0], found[-1][1] + event
    reader.close()
    return found


# How one part, and what is around it, is written by one client or another.
FRAMED = {
    "as the standard has it": b"--mark\r\n%s\r\n\r\n%s\r\n--mark--\r\n",
    "no line end at the end": b"--mark\r\n%s\r\n\r\n%s\r\n--mark--",
    "a line end before it": b"\r\n--mark\r\n%s\r\n\r\n%s\r\n--mark--\r\n",
    "a preamble": b"This is a form.\r\n--marking\r\n--mark\r\n%s\r\n\r\n%s\r\n--mark--\r\n",
    "an epilogue": b"--mark\r\n%s\r\n\r\n%s\r\n--mark--\r\nGood bye.\r\n--mark\r\n",
    "blanks after boundaries": b"--mark \t\r\n%s\r\n\r\n%s\r\n--mark--  \r\n",
    "LF alone": b"--mark\n%s\n\n%s\n--mark--\n",
    "a header besides": b"--mark\r\nContent-Length: 5\r\n%s\r\n\r\n%s\r\n--mark--\r\n",
    "a header of odd letters": "--mark\r\nX (\u00e9): 1\r\n%s\r\n\r\n%s\r\n--mark--\r\n".encode(),
    "a line that is no header": b"--mark\r\nnothing\r\n%s\r\n\r\n%s\r\n--mark--\r\n",
    "as it is, and says so": b"--mark\r\n%s\r\nContent-Transfer-Encoding: binary\r\n\r\n%s\r\n--mark--\r\n",
}


@pytest.mark.parametrize("size", [1, 2, 7, 10_000], ids=lambda size: f"pieces of {size}")
@pytest.mark.parametrize("framed", FRAMED.values(), ids=FRAMED)
def test_what_is_around_a_part_changes_none_of_its_bytes(framed: bytes, size: int) -> None:
    """Also where the content looks like a boundary, or is empty."""
    # A content that has the boundary after a line end is none: with LF alone, that is one LF.
    content = PNG.replace(b"\n--mark", b"\n--marking") + b"\r"
    for sent in (content, b"", b"\r\n", b"\n\r", b"--mark--"):
        [(head, got)] = parts(framed % (DISPOSITION, sent), size)
        assert (head, got) == (PartHead("a", None, None), sent)


# The headers of a part, and the name, file name and type that are meant.
WRITTEN: dict[str, tuple[str | bytes, tuple[str, str | None, str | None]]] = {
    "httpx": (
        'Content-Disposition: form-data; name="a"; filename="b.png"\r\nContent-Type: image/png',
        ("a", "b.png", "image/png"),
    ),
    "a buffer": ('Content-Disposition: form-data; name="a"', ("a", None, None)),
    "a buffer with a type": (
        'Content-Disposition: form-data; name="a"\r\nContent-Type: image/png',
        ("a", None, "image/png"),
    ),
    "an extended name alone": (
        "Content-Disposition: form-data; name=\"a\"; filename*=UTF-8''%C3%A9.png",
        ("a", "\u00e9.png", None),
    ),
    "an extended name of another charset": (
        "Content-Disposition: form-data; name=a; filename*=iso-8859-1'en'%E9.png",
        ("a", "\u00e9.png", None),
    ),
    "both names": (
        "Content-Disposition: form-data; name=a; filename=b.png; filename*=UTF-8''c.png",
        ("a", "b.png", None),
    ),
    "a name in pieces": (
        'Content-Disposition: form-data; name="a"; filename*0="b"; filename*1=".png"',
        ("a", "b.png", None),
    ),
    "a name as mails encode it": (
        'Content-Disposition: form-data; name="a"; filename="=?UTF-8?B?w6kucG5n?="',
        ("a", "\u00e9.png", None),
    ),
    "what only looks like one": (
        'Content-Disposition: form-data; name="a"; filename="=?a?x?b?=.png"',
        ("a", "=?a?x?b?=.png", None),
    ),
    "a name beside the type": (
        'Content-Disposition: form-data; name="a"\r\nContent-Type: image/png; name="b.png"',
        ("a", "b.png", 'image/png; name="b.png"'),
    ),
    "a browser, with a quote": (
        'Content-Disposition: form-data; name="a"; filename="b%22c.png"',
        ("a", 'b"c.png', None),
    ),
    "curl, with a quote": (
        'Content-Disposition: form-data; name="a"; filename="b\\"c.png"',
        ("a", 'b"c.png', None),
    ),
    "a semicolon in a name": (
        'Content-Disposition: form-data; name="a"; filename="b;c=d.png"',
        ("a", "b;c=d.png", None),
    ),
    "the path of an old browser": (
        'Content-Disposition: form-data; name="a"; filename="C:\\fakepath\\b.png"',
        ("a", "b.png", None),
    ),
    "Node, lower case": ('content-disposition:form-data;name="a";filename="b.png"', ("a", "b.png", None)),
    "capitals": ("CONTENT-DISPOSITION: FORM-DATA; NAME=a; FILENAME=b.png", ("a", "b.png", None)),
    "another order": ('Content-Disposition: form-data; filename="b.png"; name="a"', ("a", "b.png", None)),
    "an attachment": ('Content-Disposition: attachment; name="a"; filename="b"', ("a", "b", None)),
    "blanks": ('Content-Disposition : form-data ; name = "a" ; filename = "b"', ("a", "b", None)),
    "folded": ('Content-Disposition: form-data;\r\n\tname="a";\r\n filename="b"', ("a", "b", None)),
    "UTF-8": (
        'Content-Disposition: form-data; name="\u00e9"; filename="\u65e5.png"',
        ("\u00e9", "\u65e5.png", None),
    ),
    "Latin-1": (b'Content-Disposition: form-data; name="a"; filename="\xe9.png"', ("a", "\u00e9.png", None)),
    "an empty file name": ('Content-Disposition: form-data; name="a"; filename=""', ("a", "", None)),
    "no name": ('Content-Disposition: form-data; filename="b"', ("", "b", None)),
    "nothing": ("", ("", None, None)),
}


@pytest.mark.parametrize(("head", "meant"), WRITTEN.values(), ids=WRITTEN)
def test_the_head_of_a_part_is_read_as_it_is_meant(
    head: str | bytes, meant: tuple[str, str | None, str | None]
) -> None:
    """Name, file name and type; None where the part does not say."""
    raw = head if isinstance(head, bytes) else head.encode()
    [(found, content)] = parts(b"--mark\r\n" + raw + b"\r\n" * bool(raw) + b"\r\nhello\r\n--mark--\r\n")
    assert ((found.name, found.filename, found.content_type), content) == (meant, b"hello")


@pytest.mark.parametrize("size", [1, 3, 10_000])
def test_a_part_that_says_that_it_is_base64_is_decoded(size: int) -> None:
    """As the header of mails has it; lines may be broken anywhere."""
    head = DISPOSITION + b"\r\nContent-Transfer-Encoding: BASE64"
    [(_, content)] = parts(b"--mark\r\n" + head + b"\r\n\r\niVBO\r\nRw\r\n0KGgo=\r\n--mark--\r\n", size)
    assert content == b"\x89PNG\r\n\x1a\n"


BROKEN = {
    "an end that is missing": b"--mark\r\n" + DISPOSITION + b"\r\n\r\nhel",
    "an end that is cut": b"--mark\r\n" + DISPOSITION + b"\r\n\r\nhello\r\n--mark",
    "another boundary": b"--other\r\n" + DISPOSITION + b"\r\n\r\nhello\r\n--other--\r\n",
    "no form": b'{"a": 1}',
    "nothing": b"",
    "endless headers": b"--mark\r\n" + b"x: y\r\n" * 10_000,
    "one endless header": b"--mark\r\n" + b"x" * 100_000,
    "base64 that is none": b"--mark\r\nContent-Transfer-Encoding: base64\r\n\r\n\x89PNG\r\n--mark--",
    "base64 that is cut": b"--mark\r\nContent-Transfer-Encoding: base64\r\n\r\niVBOR\r\n--mark--",
    "an unknown encoding": b"--mark\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=E9\r\n--mark--",
}


@pytest.mark.parametrize("size", [5, 1 << 20])
@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_what_is_cut_short_or_would_be_changed_is_refused(body: bytes, size: int) -> None:
    """A shorter form would be another one, and may cost."""
    with pytest.raises(Malformed):
        parts(body, size)


def test_a_body_is_never_held_but_for_what_may_be_a_boundary() -> None:
    """Whatever it has: blanks and half boundaries without end as well."""
    for filling in (b"x", b"\r\n--mark" + b" " * 5000 + b".", b"\r\n--mar", b"\r", b"\n"):
        reader = MultipartReader("mark")
        sent = b"--mark\r\n" + DISPOSITION + b"\r\n\r\n" + filling * (200_000 // len(filling))
        got = [event for at in range(0, len(sent), 4096) for event in reader.feed(sent[at : at + 4096])]
        content = b"".join(event for event in got if isinstance(event, bytes))
        assert len(sent) - 1000 < len(content) < len(sent)


# As many in `make test`; TRUTH says how many there are in `make truth`.
MANY = int(os.environ.get("TRUTH", "300"))
BITS = [b"\r", b"\n", b"-", b"--", b"mark", b"--mar", b"k--", b" ", b"\0", b"\xff", b"\r\n--marks", b"\n--m"]


def test_any_contents_come_back_from_any_pieces() -> None:
    """Contents made of pieces of boundaries, cut anywhere."""
    chosen, tried = random.Random(7), 0
    while tried < MANY:
        contents = [b"".join(chosen.choices(BITS, k=chosen.randrange(12))) for _ in range(3)]
        ends = chosen.choice([b"\r\n", b"\n"])
        boundary_in = re.compile(rb"(?:\A|\n)--mark(?:--|[ \t]*\r?\n|[ \t]*\Z)")
        if any(boundary_in.search(content) for content in contents):
            continue  # nobody would choose that boundary
        tried += 1
        head = b"--mark" + ends + DISPOSITION + ends + ends
        body = b"".join(head + content + ends for content in contents)
        found = parts(body + b"--mark--", chosen.randrange(1, 40))
        assert [content for _, content in found] == contents, contents


def test_what_two_writers_write_is_read_as_it_was_meant() -> None:
    """Ours and httpx's: names, file names, types and bytes, of any letters."""
    chosen = random.Random(11)
    letters = "ab.-_ ;=,'/\"\n\r%\u00e9\u65e5\U0001f40d"
    for _ in range(MANY):
        name, filename = ("x" + "".join(chosen.choices(letters, k=chosen.randrange(9))) for _ in range(2))
        # Whether a backslash there stands for itself is told by nobody.
        name, filename = (re.sub(r"\\+(?=\\|\"|\Z)", "", one) for one in (name, filename))
        content = b"".join(chosen.choices(BITS, k=chosen.randrange(12)))
        asked = Multipart((Part(name, from_bytes(content), filename, "image/png"),))
        ours = b"".join(encode(asked, "ours") or ())
        sent = httpx.Request("POST", "http://x", files={name: (filename, content, "image/png")})
        mark = boundary(sent.headers["content-type"]) or ""
        for body, used in ((ours, "ours"), (sent.read(), mark)):
            [(head, got)] = parts(body, chosen.randrange(1, 90), used)
            assert (head, got) == (PartHead(name, filename, "image/png"), content), body


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ("multipart/form-data; boundary=m", "m"),
        ('Multipart/Form-Data; charset=utf-8; boundary="m m"', "m m"),
        ('multipart/form-data;boundary="a;b"; x=y', "a;b"),
        ("multipart/form-data", ""),
        ("application/json", None),
        ("", None),
        (None, None),
    ],
)
def test_boundaries(sent: str | None, found: str | None) -> None:
    """The boundary is found in any spelling; another content type has none."""
    assert boundary(sent) == found


def test_parameters() -> None:
    """A parameter that is not there is None."""
    assert parameter("text/plain; charset=ISO-8859-1", "charset") == "ISO-8859-1"
    assert parameter("text/plain", "charset") is None
