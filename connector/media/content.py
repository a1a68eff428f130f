"""The content of a file: its bytes wherever they are, as they arrive, or as they are downloaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable


@runtime_checkable
class Content(Protocol):
    """Bytes that can be read more than once, whose length is known: a file, or a value in memory.

    ``connector.media.Media`` is one.
    """

    @property
    def size(self) -> int: ...

    def open(self) -> BinaryIO:
        """A fresh reader at the first byte; the caller closes it."""
        ...


class File(Content, Protocol):
    """A file that an answer gave: what it is by its content, and its bytes in the forms people ask for."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def path(self) -> Path | None: ...
    @property
    def width(self) -> int | None: ...
    @property
    def height(self) -> int | None: ...
    @property
    def seconds(self) -> float | None: ...
    @property
    def sha256(self) -> str: ...
    @property
    def bytes(self) -> bytes: ...
    @property
    def base64(self) -> str: ...
    @property
    def data_uri(self) -> str: ...
    def save(
        self, target: Path | str, *, name: str | None = None, overwrite: bool = False, number: bool = False
    ) -> Path: ...


class Incoming(Protocol):
    """The body of an answer as it arrives. It is read once, and closed by whoever read it."""

    def chunks(self) -> Iterator[bytes]:
        """The bytes, in pieces of the transport's choosing."""
        ...

    def close(self) -> None: ...


class Download(Protocol):
    """The answer to a GET: status, headers (names in lower case) and body."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> Incoming: ...


class Downloads(Protocol):
    """What fetches an address that somebody gave for a file, and refuses those that it may not."""

    def fetch(self, url: str, max_bytes: int | None = None, /) -> AbstractContextManager[Download]:
        """The answer. Raises DownloadRefused, or a ConnectorError where none comes."""
        ...


class DownloadRefused(ValueError):
    """The address may not be downloaded from; the sentence says why."""
