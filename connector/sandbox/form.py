"""A form body, read as a stream: each part with its name, its bytes and their digest."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from urllib.parse import unquote

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

# Parts up to this size stay in memory, larger ones go to a temporary file.
_IN_MEMORY = 1 << 20

# Browsers write quotes and line ends in names as percent escapes; nothing else is escaped.
_ESCAPES = {"%22": '"', "%0D": "\r", "%0A": "\n"}
_EXTENDED_NAME = re.compile(r"filename\*\s*=\s*[^']*'[^']*'([^;]+)", re.IGNORECASE)


class NotAForm(Exception):
    """The body cannot be read as the form that its content type announces."""


class TooLarge(Exception):
    """The body is longer than allowed."""


@dataclass(slots=True)
class Part:
    """One part of a form. ``filename`` and ``content_type`` are None where the part has none."""

    name: str
    filename: str | None
    content_type: str | None
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256, repr=False)
    spool: IO[bytes] = field(default_factory=partial(SpooledTemporaryFile, _IN_MEMORY), repr=False)

    def write(self, data: bytes) -> None:
        self.size += len(data)
        self.digest.update(data)
        self.spool.write(data)

    @property
    def content(self) -> bytes:
        self.spool.seek(0)
        return self.spool.read()

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", errors="replace")


def boundary(content_type: str | None) -> str | None:
    """The boundary of a form; None where the content type is not that of a form."""
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        return None
    return options.get(b"boundary", b"").decode("latin-1")


def limited(chunks: Iterable[bytes], limit: int) -> Iterable[bytes]:
    """The chunks, until they are more than the limit."""
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > limit:
            raise TooLarge
        yield chunk


def read_form(mark: str, chunks: Iterable[bytes]) -> tuple[Part, ...]:
    """The parts in their order. Raises NotAForm where the body is not complete and well-formed."""
    if not mark:
        raise NotAForm("the content type names no boundary")
    reader = _Reader()
    try:
        parser = MultipartParser(mark, reader.callbacks())
        for chunk in chunks:
            parser.write(chunk)
        if not reader.ended:
            raise FormParserError("the body ends before its closing boundary")
    except BaseException as error:
        for part in reader.parts:
            part.spool.close()
        if isinstance(error, FormParserError):
            raise NotAForm(str(error)) from error
        raise
    return tuple(reader.parts)


class _Reader:
    """Collects what the parser finds, in the order in which it finds it."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.ended = False
        self._headers: dict[bytes, bytes] = {}
        self._name = bytearray()
        self._value = bytearray()

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._headers.clear,
            "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._on_header,
            "on_headers_finished": self._on_headers,
            "on_part_data": lambda data, start, end: self.parts[-1].write(data[start:end]),
            "on_end": self._on_end,
        }

    def _on_header(self) -> None:
        self._headers[bytes(self._name.lower())] = bytes(self._value.strip(b" \t"))
        self._name.clear()
        self._value.clear()

    def _on_headers(self) -> None:
        disposition = self._headers.get(b"content-disposition", b"")
        _, options = parse_options_header(disposition)
        if b"name" not in options:
            raise FormParserError("a part has no name")
        kind = self._headers.get(b"content-type")
        filename = _filename(options.get(b"filename"), disposition)
        media = kind.decode("latin-1") if kind is not None else None
        self.parts.append(Part(_text(options[b"name"]), filename, media))

    def _on_end(self) -> None:
        self.ended = True


def _filename(plain: bytes | None, disposition: bytes) -> str | None:
    """The plain file name wins; some clients send only the extended one, which forms should not have."""
    if plain is not None:
        return _text(plain)
    extended = _EXTENDED_NAME.search(disposition.decode("latin-1"))
    return unquote(extended[1].strip()) if extended else None


def _text(raw: bytes) -> str:
    text = raw.decode("utf-8", errors="replace")
    for escape, meant in _ESCAPES.items():
        text = text.replace(escape, meant)
    return text
