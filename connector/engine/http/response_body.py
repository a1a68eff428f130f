"""The response body as it arrives, and what it means when it does not, or not whole."""

from __future__ import annotations

import contextlib
import time
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from connector.engine.http.messages import Request
from connector.errors import (
    Billed,
    ConnectorError,
    InvalidAnswer,
    OutcomeUnknown,
    TimedOut,
    TransportError,
    Unreachable,
)
from connector.secret import redact

# The request never left, whatever the far side is. All else may have reached it.
_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.LocalProtocolError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
FOREIGN = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, httpx.CookieConflict)
"""Every family of httpx's exceptions."""

_INFLATED = 256 * 1024
# A compressed answer may become this many times as large, and this large in any case. Text seldom shrinks to
# a twentieth, media hardly at all, and what is made to fill a disk to a thousandth.
_MOST_GROWTH = 100
_FREE_GROWTH = 16 * 1024 * 1024
_UNCODED = ("", "identity")
_ZIPPED = ("gzip", "x-gzip", "deflate")


class ByteStream(Protocol):
    """The bytes of a body, as httpx gives them."""

    def __iter__(self) -> Iterator[bytes]: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a failure needs to know of the request: whom it was for, what was at stake, what to hide."""

    request: Request
    host: str
    deadline: float | None

    @classmethod
    def of(cls, request: Request, now: float) -> Exchange:
        total = request.timeout.total
        return cls(request, _host(request.url), None if total is None else now + total)

    def holds_secret(self, text: str) -> bool:
        return redact(text, self.request.secrets) != text

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """What httpx raises before an answer has begun is raised as one of ours."""
        try:
            yield
        except FOREIGN as error:
            raise self._no_answer(error) from self.cause(error)

    def cause(self, error: Exception) -> Exception:
        """What is told as the reason: without the secrets that it may quote, and without its frames.

        In those stand the bytes of the request, which a traceback with variables would show.
        """
        reason: BaseException | None = error
        while reason is not None:
            if self.holds_secret(str(reason)):
                reason.args = (redact(str(reason), self.request.secrets),)
            reason.__traceback__ = None
            reason = reason.__cause__ or reason.__context__
        return error

    def check_time(self) -> None:
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise httpx.ReadTimeout("the time for the whole exchange is over")

    def interrupted(self, error: Exception, progress: str) -> ConnectorError:
        """What it means that the body of an answer broke off."""
        if not isinstance(error, httpx.TimeoutException):
            return self.unusable(f"was cut short {progress}")
        message = f"the answer of {self.host} stopped coming {progress}, and the time to wait was over"
        return OutcomeUnknown(f"{message}. {_LOOK_FIRST}") if self.request.paid else TimedOut(message)

    def unusable(self, fault: str, *, may_pass: bool = True) -> InvalidAnswer:
        billed: Billed = "unknown" if self.request.paid else "no"
        return InvalidAnswer(f"the answer of {self.host} {fault}", billed=billed, may_pass=may_pass)

    def _no_answer(self, error: Exception) -> TransportError:
        if isinstance(error, _NEVER_LEFT):
            return Unreachable(f"{self.host} could not be reached: {self._reason(error)}. {_CHECK_NETWORK}")
        if self.request.paid:
            return OutcomeUnknown(
                f"the request went to {self.host} and no answer came: {self._reason(error)}. {_LOOK_FIRST}"
            )
        if isinstance(error, httpx.TimeoutException):
            return TimedOut(
                f"{self.host} gave no answer: {self._reason(error)}. Try again, or allow more time."
            )
        return Unreachable(f"{self.host} gave no answer: {self._reason(error)}. Try again.")

    def _reason(self, error: Exception) -> str:
        if isinstance(error, httpx.ConnectTimeout):
            return f"timed out after {self._bound(self.request.timeout.connect)} s"
        if isinstance(error, httpx.TimeoutException):
            return f"timed out after {self._bound(self.request.timeout.read)} s"
        return redact(str(error), self.request.secrets).rstrip(".") or type(error).__name__

    def _bound(self, step: float) -> str:
        total = self.request.timeout.total
        return f"{step if total is None else min(step, total):g}"


_LOOK_FIRST = "It may have run and been billed: look at the account before sending it again."
_CHECK_NETWORK = "Nothing was sent; check the base URL, the network and the proxy settings."


class ResponseBody:
    """The body of an answer: counted, decoded, and held to what was promised of it."""

    def __init__(
        self, stream: ByteStream, exchange: Exchange, status: int, headers: Mapping[str, str], has_body: bool
    ) -> None:
        self._stream = stream
        self._exchange = exchange
        self._is_failure = status >= 400
        self._length = _length(headers) if has_body else None
        self._coding = headers.get("content-encoding", "").strip() if has_body else ""
        self._arrived = 0

    def chunks(self) -> Iterator[bytes]:
        """The bytes. Cut short, too many, or unreadable: InvalidAnswer."""
        try:
            limit = self._exchange.request.max_response_bytes
            yield from self._decoded() if limit is None else self._limited(limit)
        finally:
            self.close()

    def close(self) -> None:
        """Ends the exchange; a thread that waits for more is woken."""
        self._stream.close()

    def _limited(self, limit: int) -> Iterator[bytes]:
        """No more than the limit; of a failure's text the beginning is enough."""
        too_large = self._exchange.unusable(f"is larger than the limit of {limit} bytes", may_pass=False)
        if (self._length or 0) > limit and not self._is_failure:
            raise too_large
        count = 0
        for piece in self._decoded():
            count += len(piece)
            if count > limit and self._is_failure:
                return
            if count > limit:
                raise too_large
            yield piece

    def _decoded(self) -> Iterator[bytes]:
        if self._coding.lower() in _UNCODED:
            return self._whole()
        if self._coding.lower() in _ZIPPED:
            return self._inflated()
        coding = redact(self._coding, self._exchange.request.secrets)[:20]
        raise self._exchange.unusable(f"is encoded as {coding!r}, which was not asked for")

    def _inflated(self) -> Iterator[bytes]:
        # It was not asked for. Some servers send it all the same. 47: gzip or zlib, told apart by its head.
        inflate, grown = zlib.decompressobj(47), 0
        try:
            for piece in self._whole():
                while piece:
                    if inflate.eof:  # RFC 1952, 2.2: an archive may have several members
                        inflate = zlib.decompressobj(47)
                    if plain := inflate.decompress(piece, _INFLATED):
                        grown += len(plain)
                        self._check_growth(grown)
                        yield plain
                    piece = inflate.unconsumed_tail or inflate.unused_data
            yield inflate.flush()
        except zlib.error as error:
            raise self._exchange.unusable(f"is not {self._coding}, though it says so") from error
        if self._arrived and not inflate.eof and not self._is_failure:
            raise self._exchange.unusable(f"was cut short after {self._arrived} bytes")

    def _check_growth(self, grown: int) -> None:
        """What was written to be small and become huge is no answer to anything."""
        if grown > max(_FREE_GROWTH, self._arrived * _MOST_GROWTH):
            fault = f"grows from {self._arrived} to more than {grown} bytes when it is decompressed"
            raise self._exchange.unusable(fault, may_pass=False)

    def _whole(self) -> Iterator[bytes]:
        try:
            yield from self._raw()
            if self._length is not None and self._arrived < self._length:
                raise httpx.RemoteProtocolError("the body is shorter than its Content-Length")
        except FOREIGN as error:
            # A status of failure is the answer; its text is welcome as far as it came.
            if not self._is_failure:
                raise self._exchange.interrupted(error, self._progress()) from self._exchange.cause(error)

    def _raw(self) -> Iterator[bytes]:
        for piece in self._stream:
            self._arrived += len(piece)
            yield piece
            self._exchange.check_time()

    def _progress(self) -> str:
        return f"after {self._arrived}" + (
            f" of {self._length} bytes" if self._length is not None else " bytes"
        )


def _length(headers: Mapping[str, str]) -> int | None:
    """What Content-Length promises, where it is what ends the body."""
    text = headers.get("content-length", "").strip()
    is_told = text.isascii() and text.isdigit() and "transfer-encoding" not in headers
    return int(text) if is_told else None


def _host(url: str) -> str:
    """The host as messages name it: without user, password and query."""
    try:
        parts = urlsplit(url)
        return parts.netloc.rpartition("@")[2] or "the API"
    except ValueError:
        return "the API"
