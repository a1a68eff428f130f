"""Multipart encoding: a body becomes one stream of few, large pieces of known length.

Each piece is one write and, under TLS, one record: a form of ten fields and a 10 MB file takes some
forty of them where a write for every boundary and header would take two hundred.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from connector.engine.http.messages import Body, Multipart, Part, Raw
from connector.errors import InvocationError
from connector.media.content import Content

PIECE = 256 * 1024
"""Bytes read from a file at a time, and the most that small neighbours are joined up to."""

# As browsers do by the HTML standard's rule, which leaves the other control characters as they are.
_ESCAPES = {code: f"%{code:02X}" for code in (*range(0x20), 0x22, 0x7F)}
_ESCAPED = re.compile(r'["\r\n]')  # translating takes twenty times as long as looking
_MEDIA_TYPE = re.compile(r"[\t\x20-\x7e]+")


@dataclass(frozen=True, slots=True)
class Encoded:
    """A body as it travels: its content type, its length, and its bytes as often as they are asked for."""

    content_type: str | None
    size: int
    _segments: tuple[bytes | Content, ...]

    def __iter__(self) -> Iterator[bytes]:
        return joined(piece for segment in self._segments for piece in _pieces(segment))


def encode(body: Body, boundary: str | None = None) -> Encoded | None:
    """The body as a stream; None where there is no body."""
    if body is None:
        return None
    if isinstance(body, Raw):
        return _encoded(body.content_type, [body.content])
    boundary = boundary or new_boundary()
    return _encoded(f"multipart/form-data; boundary={boundary}", _form(body, boundary))


def new_boundary() -> str:
    """One that no content holds, but by a chance that nobody lives to see."""
    return secrets.token_hex(16)


def joined(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, with small neighbours put together."""
    held = b""
    for piece in pieces:
        if len(held) + len(piece) <= PIECE:
            held += piece
            continue
        if held:
            yield held
        held = piece
    if held:
        yield held


def _encoded(content_type: str | None, segments: Iterable[bytes | Content]) -> Encoded:
    kept = tuple(_merged(segments))
    return Encoded(content_type, sum(map(_size, kept)), kept)


def _merged(segments: Iterable[bytes | Content]) -> Iterator[bytes | Content]:
    """The segments, with all that stands between two files put together."""
    texts: list[bytes] = []
    for segment in segments:
        if isinstance(segment, bytes):
            texts.append(segment)
            continue
        yield from (b"".join(texts), segment)
        texts.clear()
    yield b"".join(texts)


def _size(segment: bytes | Content) -> int:
    return len(segment) if isinstance(segment, bytes) else segment.size


def _form(body: Multipart, boundary: str) -> Iterator[bytes | Content]:
    for part in body.parts:
        yield f"--{boundary}\r\n{_part_head(part)}\r\n".encode()
        yield part.value.encode() if isinstance(part.value, str) else part.value
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def _part_head(part: Part) -> str:
    disposition = f'Content-Disposition: form-data; name="{_escaped(part.name)}"'
    is_text = isinstance(part.value, str) and part.filename is None
    if is_text and part.content_type is None:
        return f"{disposition}\r\n"
    # Without a file name servers take a part for text, so a file always has one.
    filename = "" if is_text else f'; filename="{_escaped(part.filename or "file")}"'
    content_type = part.content_type or "application/octet-stream"
    if not _MEDIA_TYPE.fullmatch(content_type):
        raise ValueError(f"the content type of {part.name!r} has characters that no header may have")
    return f"{disposition}{filename}\r\nContent-Type: {content_type}\r\n"


def _escaped(name: str) -> str:
    return name.translate(_ESCAPES) if _ESCAPED.search(name) else name


def _pieces(segment: bytes | Content) -> Iterator[bytes]:
    if isinstance(segment, bytes):
        yield segment
        return
    try:
        yield from _read(segment)
    except OSError as error:
        raise InvocationError(f"a file could not be read while it was sent: {error}") from error


def _read(content: Content) -> Iterator[bytes]:
    """The content's bytes, never more than it promised: the length has been announced already."""
    left = content.size
    with content.open() as file:
        while left and (piece := file.read(min(PIECE, left))):
            left -= len(piece)
            yield piece
        if left or file.read(1):
            raise InvocationError(
                f"a file changed while it was sent: it had {content.size} bytes; send it once it is complete"
            )
