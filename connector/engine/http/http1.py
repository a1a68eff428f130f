"""HTTP/1.1 for httpx over the standard library: kept-alive connections, few system calls, few copies.

http.client parses answers here as everywhere; what it lacks (a pool, deadlines, noticing an early
answer) is added. A connection goes through these states:

    dial ──> ready ──> sending ──> head ──> body ──> idle (newest first) ──> ready
               │          │          │        │        └─ too old, or it has something to say: closed
               │          │          │        └─ not read to its end, or the far side closes it: closed
               │          │          └─ interim answers (1xx) are read over, until the final one
               │          └─ an answer that comes early ends the sending, and is the answer
               └─ closed from outside at any moment, by whoever cancels: the waiting thread wakes

Of an exchange that breaks, this decides what is raised, and whether it may go again by itself:

    nothing was sent              ConnectError: the request did not run
    kept connection, no answer    a GET or HEAD without cost goes again once, over a new connection
    anything else                 WriteError, ReadError, RemoteProtocolError: nobody knows

A paid request takes an idle connection only within ``PAID_SECONDS``, so that it never meets one that the far
side has just given up, and it is never sent twice.
"""

from __future__ import annotations

import http.client
import re
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from itertools import chain

import httpx

from connector.engine.http.cancellation import Cancellation
from connector.engine.http.connection import Deadline, Dial, HttpConnection, dial, secure, tls_context
from connector.engine.http.messages import Pacer
from connector.engine.http.multipart import joined

Origin = tuple[str, str, int]

KEPT_SECONDS = 60.0
PAID_SECONDS = 3.0  # far sides commonly hang up after 5 s of silence; a paid request must not cross that
KEPT_IDLE = 64
_READ = 256 * 1024  # the most that one system call brings: fewer calls are fewer turns between threads
_FOLD = re.compile(r"[\r\n]+[ \t]*")
_PORTS = {"http": 80, "https": 443}
_BROKEN = (httpx.ConnectError, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)


class Http1(httpx.BaseTransport):
    """A transport for httpx that many threads may use at once.

    Of a request's extensions it heeds httpx's ``timeout``, and four of ours: ``deadline`` (a moment of
    ``time.monotonic``), ``paid``, ``cancellation`` and ``pacer``.
    """

    def __init__(self, *, verify: bool | ssl.SSLContext = True, dial: Dial = dial) -> None:
        self._verify = verify
        self._dial = dial
        self._pool = OriginPool()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        origin = _origin(request.url)
        kept = self._pool.take(origin, PAID_SECONDS if request.extensions.get("paid") else KEPT_SECONDS)
        if kept is None:
            return self._exchange(request, self._open(request, origin), origin)
        try:
            return self._exchange(request, kept, origin)
        except _BROKEN:
            if not _may_be_resent(request) or kept.received:
                raise
        # The far side hung up while the connection lay idle; a GET or HEAD may go again.
        return self._exchange(request, self._open(request, origin), origin)

    def close(self) -> None:
        self._pool.close()

    def _open(self, request: httpx.Request, origin: Origin) -> HttpConnection:
        scheme, host, port = origin
        patience = _patience(request, "connect")
        try:
            connected = self._dial(host, port, patience.left())
            if scheme == "https":
                connected = secure(connected, host, self._context(), patience.left())
        except TimeoutError as error:
            raise httpx.ConnectTimeout(str(error), request=request) from error
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(str(error), request=request) from error
        return self._pool.add(HttpConnection(connected))

    def _context(self) -> ssl.SSLContext:
        return tls_context(self._verify) if isinstance(self._verify, bool) else self._verify

    def _exchange(self, request: httpx.Request, connection: HttpConnection, origin: Origin) -> httpx.Response:
        cancellation: Cancellation | None = request.extensions.get("cancellation")
        pacer: Pacer | None = request.extensions.get("pacer")
        try:
            if pacer is not None:
                pacer.leaves()
            connection.begin(_patience(request, "read"), pacer)
            if cancellation is not None:
                cancellation.hold(connection.close)
            failure = _upload(request, connection)
            answer = _read_head(request, connection, failure)
        except BaseException:
            self._pool.drop(connection)
            raise
        reusable = failure is None and not answer.will_close

        def release() -> None:
            if cancellation is not None:
                cancellation.let_go()
            self._release(origin, connection, answer, reusable)

        body = _Body(answer, request, release)
        if answer.length == 0:
            body.close()
        return httpx.Response(answer.status, headers=_headers(answer), stream=body)

    def _release(
        self, origin: Origin, connection: HttpConnection, answer: http.client.HTTPResponse, reusable: bool
    ) -> None:
        """The connection is kept where the answer was read to its last byte."""
        is_complete = answer.fp is None if answer.chunked else answer.length == 0
        if reusable and is_complete:
            self._pool.give(origin, connection)
        else:
            self._pool.drop(connection)


class OriginPool:
    """The idle connections of each origin, newest last, and a view of those in use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[Origin, list[HttpConnection]] = {}
        self._all: weakref.WeakSet[HttpConnection] = weakref.WeakSet()
        self._is_closed = False

    def take(self, origin: Origin, max_idle: float) -> HttpConnection | None:
        """An idle connection that is fit for use; those that are not are closed on the way."""
        while connection := self._pop(origin):
            if time.monotonic() - connection.idle_since <= max_idle and connection.is_fit():
                return connection
            self.drop(connection)
        return None

    def add(self, connection: HttpConnection) -> HttpConnection:
        with self._lock:
            is_closed = self._is_closed
            self._all.add(connection)
        if is_closed:
            connection.close()
            raise httpx.ConnectError("the transport is closed")
        return connection

    def give(self, origin: Origin, connection: HttpConnection) -> None:
        connection.idle_since = time.monotonic()
        with self._lock:
            idle = self._idle.setdefault(origin, [])
            if len(idle) < KEPT_IDLE and not self._is_closed:
                idle.append(connection)
                return
        self.drop(connection)

    def drop(self, connection: HttpConnection) -> None:
        with self._lock:
            self._all.discard(connection)
        connection.close()

    def close(self) -> None:
        """Closes every connection, also those that somebody waits on."""
        with self._lock:
            self._is_closed = True
            connections = list(self._all)
            self._idle.clear()
        for connection in connections:
            connection.close()

    def _pop(self, origin: Origin) -> HttpConnection | None:
        with self._lock:
            idle = self._idle.get(origin)
            return idle.pop() if idle else None


class _Body(httpx.SyncByteStream):
    """The body of an answer; its connection is released once, at the end or when it is closed."""

    def __init__(
        self, answer: http.client.HTTPResponse, request: httpx.Request, release: Callable[[], None]
    ) -> None:
        self._answer = answer
        self._request = request
        self._release = release
        self._once = threading.Lock()

    def __iter__(self) -> Iterator[bytes]:
        while piece := self._read():
            yield piece
        self.close()

    def close(self) -> None:
        if self._once.acquire(blocking=False):
            self._release()

    def _read(self) -> bytes:
        try:
            return self._answer.read1(_READ)
        except TimeoutError as error:
            raise httpx.ReadTimeout(str(error), request=self._request) from error
        except OSError as error:
            raise httpx.ReadError(str(error), request=self._request) from error
        except (http.client.HTTPException, ValueError) as error:
            raise httpx.RemoteProtocolError(str(error), request=self._request) from error


def _origin(url: httpx.URL) -> Origin:
    if url.scheme not in _PORTS:
        raise httpx.UnsupportedProtocol(f"the address starts with {url.scheme!r}; it must be http or https")
    return url.scheme, url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]


def _patience(request: httpx.Request, step: str) -> Deadline:
    return Deadline(request.extensions.get("timeout", {}).get(step), request.extensions.get("deadline"))


def _may_be_resent(request: httpx.Request) -> bool:
    return request.method in ("GET", "HEAD") and not request.extensions.get("paid")


def _head(request: httpx.Request) -> bytes:
    lines = [b"%s %s HTTP/1.1" % (request.method.encode("ascii"), request.url.raw_path)]
    lines += [b"%s: %s" % pair for pair in request.headers.raw]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _headers(answer: http.client.HTTPResponse) -> list[tuple[bytes, bytes]]:
    """The headers; one that was folded over several lines is put on one."""
    pairs = (
        (name, value if value.isprintable() else _FOLD.sub(" ", value)) for name, value in answer.getheaders()
    )
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]


def _upload(request: httpx.Request, connection: HttpConnection) -> OSError | None:
    """Send the request. What cut it short is returned, not raised: an answer may be there all the same."""
    assert isinstance(request.stream, httpx.SyncByteStream)
    pacer: Pacer | None = request.extensions.get("pacer")
    try:
        for piece in joined(chain((_head(request),), request.stream)):
            if pacer is not None:
                pacer.is_on_its_way()
            if not connection.send(piece):
                return BrokenPipeError("the far side answered before it had read the request")
    except TimeoutError as error:
        raise httpx.WriteTimeout(str(error), request=request) from error
    except OSError as error:
        if not connection.sent and not connection.secure:
            raise httpx.ConnectError(str(error), request=request) from error
        return error
    return None


def _read_head(
    request: httpx.Request, connection: HttpConnection, failure: OSError | None
) -> http.client.HTTPResponse:
    try:
        return _first_final(request, connection)
    except TimeoutError as error:
        raise httpx.ReadTimeout(str(error), request=request) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        if failure is not None:
            raise httpx.WriteError(str(failure), request=request) from failure
        kind = httpx.ReadError if isinstance(error, OSError) else httpx.RemoteProtocolError
        raise kind(str(error), request=request) from error


def _first_final(request: httpx.Request, connection: HttpConnection) -> http.client.HTTPResponse:
    """The head of the answer, after any number of interim ones (http.client knows only 100)."""
    while True:
        answer = http.client.HTTPResponse(connection, method=request.method)  # type: ignore[arg-type]  # only makefile is used
        answer.begin()
        connection.arrived()
        if connection.has_ended:  # http.client takes the end of the connection for the end of the head
            raise ConnectionResetError("the far side hung up in the middle of the answer's head")
        if answer.status >= 200 or answer.status == 101:
            return answer
