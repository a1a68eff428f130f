"""A form body, read as a stream: each part with its name, its bytes and their digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from connector.sandbox.multipart_reader import Malformed, MultipartReader

# Parts up to this size stay in memory, larger ones go to a temporary file.
_IN_MEMORY = 1 << 20


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
    parts: list[Part] = []
    try:
        reader = MultipartReader(mark)
        for chunk in chunks:
            for found in reader.feed(chunk):
                if isinstance(found, bytes):
                    parts[-1].write(found)
                elif not found.name:
                    raise Malformed("a part has no name")
                else:
                    parts.append(Part(found.name, found.filename, found.content_type))
        reader.close()
    except BaseException as error:
        for part in parts:
            part.spool.close()
        if isinstance(error, Malformed):
            raise NotAForm(str(error)) from error
        raise
    return tuple(parts)
