"""HTTP messages as plain values: what is sent, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from connector.engine.http.cancellation import Cancellation
from connector.media.content import Content, Incoming
from connector.secret import redact


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a form, in order. A text has no file name, and a content type where it is no plain text."""

    name: str
    value: str | Content
    filename: str | None = None
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class Multipart:
    """A ``multipart/form-data`` body; it is multipart also where no part is a file."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Raw:
    """Any other body: its bytes, and the content type to send with them."""

    content: bytes | Content = field(repr=False)
    content_type: str | None = None


Body = Multipart | Raw | None


@dataclass(frozen=True, slots=True)
class Timeout:
    """Seconds to wait: for a connection, between two pieces of an answer, and in all (None: no bound)."""

    connect: float = 10.0
    read: float = 180.0
    total: float | None = None


class Pacer(Protocol):
    """Who is told how far the requests of one exchange have come; none has left before. All methods block."""

    def leaves(self) -> None:
        """The first byte of a request is about to leave, once its time has come."""
        ...

    def is_on_its_way(self) -> None:
        """Its body is still leaving, or has not been acknowledged."""
        ...

    def arrived(self, ago: float) -> None:
        """It has arrived, at least so many seconds ago."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """One request, complete and absolute.

    ``secrets`` are the texts in it that nobody may see. ``paid`` says that it may cost, so that
    it must not leave over a connection that the far side may have closed. By the ``cancellation`` whoever
    stops waiting for the answer ends the exchange. The ``pacer`` keeps it to a rate limit.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: Body = None
    timeout: Timeout = field(default_factory=Timeout)
    max_response_bytes: int | None = None
    paid: bool = False
    secrets: tuple[str, ...] = ()
    cancellation: Cancellation | None = field(default=None, compare=False)
    pacer: Pacer | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        return f"<Request {self.method} {redact(self.url, self.secrets)}>"


@dataclass(frozen=True, slots=True)
class Response:
    """Status, headers (names in lower case; of a repeated one the last) and the body as it arrives."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: Incoming
