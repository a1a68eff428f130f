"""The transport: a Request goes out, a Response comes back, and each failure becomes one of our errors.

httpx is known here (and in the two transports for it, ``http1`` and ``proxies``) alone. Its requests go
straight to an ``httpx.BaseTransport``: the shell of ``httpx.Client`` would cost more than the exchange.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Protocol

import httpx

from connector.engine.http.messages import Multipart, Request, Response
from connector.engine.http.multipart import Encoded, encode, new_boundary
from connector.engine.http.proxies import PacedTransport
from connector.engine.http.response_body import Exchange, ResponseBody
from connector.errors import InvalidAnswer
from connector.spec.header_names import TRANSPORT_HEADERS, canonical

MAX_REDIRECTS = 5

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CARRIED = frozenset({b"accept", b"accept-encoding", b"user-agent"})
"""The headers that another origin may see: none that can hold a credential."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_ANY_BOUNDARY = new_boundary()  # as long as any other
DEFAULTS = {"accept": "*/*", "accept-encoding": "identity", "user-agent": "connector"}


class Transport(Protocol):
    """What sends. It is blocking, and many threads may use it at once."""

    def send(self, request: Request) -> Response:
        """The answer, as soon as its head is there. Raises a TransportError where none comes."""
        ...

    def close(self) -> None:
        """Ends every exchange, also those that somebody waits on."""
        ...


class HttpTransport:
    """Sends over HTTP. ``inner`` answers in place of the network: a stand-in, or a test's function."""

    def __init__(
        self,
        inner: httpx.BaseTransport | None = None,
        *,
        verify: bool | ssl.SSLContext = True,
        max_redirects: int = MAX_REDIRECTS,
    ) -> None:
        self._inner = _by_environment(verify) if inner is None else PacedTransport(inner)
        self._max_redirects = max_redirects

    def send(self, request: Request) -> Response:
        exchange = Exchange.of(request, time.monotonic())
        with exchange.translated():
            outgoing = _outgoing(request, exchange)
            response = self._inner.handle_request(outgoing)
            for _ in range(self._max_redirects):
                following = _following(outgoing, response, exchange)
                if following is None:
                    break
                _close(response)
                outgoing, response = following, self._inner.handle_request(following)
        if _leads_elsewhere(outgoing, response):
            _close(response)
            message = f"{exchange.host} redirected more than {self._max_redirects} times"
            raise InvalidAnswer(message, billed="no", may_pass=False)
        return _incoming(outgoing, response, exchange)

    def close(self) -> None:
        self._inner.close()


class _RequestStream(httpx.SyncByteStream):
    """A body as httpx wants it."""

    def __init__(self, pieces: Encoded | tuple[bytes, ...]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)


def _by_environment(verify: bool | ssl.SSLContext) -> httpx.BaseTransport:
    from connector.engine.http.proxies import ByEnvironment

    return ByEnvironment(verify=verify)


def _outgoing(request: Request, exchange: Exchange) -> httpx.Request:
    # What has no query holds no key and comes again; reading it takes longer than all the rest here.
    url = httpx.URL(request.url) if "?" in request.url else _parsed(request.url)
    body = encode(request.body)
    if not _TOKEN.fullmatch(request.method):
        raise ValueError(f"{request.method!r} is not an HTTP method")
    headers = _headers(request, url, body)
    return httpx.Request(
        request.method,
        url,
        headers=[_encoded(*pair) for pair in headers.items()],
        stream=_RequestStream(body or ()),
        extensions=_extensions(request, exchange),
    )


def wire_headers(request: Request) -> dict[str, str]:
    """Every header that leaves with the request, in its order, names in lower case.

    The boundary of a form is chosen when it is sent, and stands as an ellipsis.
    """
    body = encode(request.body, _ANY_BOUNDARY)
    headers = _headers(request, httpx.URL(request.url), body)
    if isinstance(request.body, Multipart):
        headers["content-type"] = headers["content-type"].replace(_ANY_BOUNDARY, "\N{HORIZONTAL ELLIPSIS}")
    return headers


def _headers(request: Request, url: httpx.URL, body: Encoded | None) -> dict[str, str]:
    host = {"host": url.netloc.decode("ascii")}
    return host | DEFAULTS | _given(request.headers) | _body_headers(request, body)


@lru_cache(maxsize=256)
def _parsed(url: str) -> httpx.URL:
    return httpx.URL(url)


def _encoded(name: str, value: str) -> tuple[bytes, bytes]:
    # httpx by itself takes ASCII only, and shows the value where it is not.
    return name.encode("ascii"), value.encode("latin-1")


def _extensions(request: Request, exchange: Exchange) -> dict[str, object]:
    wait = request.timeout
    steps = {"connect": wait.connect, "read": wait.read, "write": wait.read, "pool": wait.connect}
    return {
        "timeout": steps,
        "deadline": exchange.deadline,
        "paid": request.paid,
        "cancellation": request.cancellation,
        "pacer": request.pacer,
    }


def _given(headers: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """The caller's headers, names in lower case. A refusal never shows the value."""
    for name, value in headers:
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} is not a header name")
        if not _VALUE.fullmatch(value):
            raise ValueError(f"the value of the header {name} has characters that no header may have")
        if canonical(name) in TRANSPORT_HEADERS:
            raise ValueError(f"the header {name} is set by the transport; leave it out")
    return {name.lower(): value for name, value in headers}


def _body_headers(request: Request, body: Encoded | None) -> dict[str, str]:
    if body is None:
        return {"content-length": "0"} if request.method in ("POST", "PUT", "PATCH") else {}
    length = {"content-length": str(body.size)}
    if body.content_type is None:
        return length
    if not _VALUE.fullmatch(body.content_type):
        raise ValueError("the content type has characters that no header may have")
    return length | {"content-type": body.content_type}


def _leads_elsewhere(outgoing: httpx.Request, response: httpx.Response) -> bool:
    """A redirect that may be followed: only a request that changes nothing is sent again."""
    return (
        response.status_code in _REDIRECTS
        and "location" in response.headers
        and outgoing.method in ("GET", "HEAD")
        and "content-length" not in outgoing.headers
    )


def _following(outgoing: httpx.Request, response: httpx.Response, exchange: Exchange) -> httpx.Request | None:
    """The request that a redirect asks for. Another origin gets nothing that tells who we are."""
    if not _leads_elsewhere(outgoing, response):
        return None
    try:
        target = outgoing.url.join(response.headers["location"]).copy_with(fragment=None)
    except httpx.InvalidURL as error:
        raise _refused(response, exchange, "to something that is not an address") from error
    if target.scheme not in ("http", "https") or not target.host:
        raise _refused(response, exchange, "to something that is not an http address")
    if (outgoing.url.scheme, target.scheme) == ("https", "http"):
        raise _refused(response, exchange, "from https to http, where anybody could read along")
    is_same = _origin(target) == _origin(outgoing.url)
    if not is_same and exchange.holds_secret(str(target)):
        raise _refused(response, exchange, "to another host with the credential in the address")
    headers = [pair for pair in outgoing.headers.raw if pair[0] != b"host"]
    return httpx.Request(
        outgoing.method,
        target,
        headers=[(b"host", target.netloc), *(pair for pair in headers if is_same or pair[0] in _CARRIED)],
        stream=_RequestStream(()),
        extensions=outgoing.extensions,
    )


def _refused(response: httpx.Response, exchange: Exchange, where: str) -> InvalidAnswer:
    _close(response)
    return InvalidAnswer(
        f"{exchange.host} redirected {where}; the redirect was not followed",
        billed="no",
        may_pass=False,
        status=response.status_code,
    )


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)


def _incoming(outgoing: httpx.Request, response: httpx.Response, exchange: Exchange) -> Response:
    pairs = response.headers.raw
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in pairs}
    has_body = outgoing.method != "HEAD" and response.status_code not in (204, 304)
    assert isinstance(response.stream, httpx.SyncByteStream)
    answer = ResponseBody(response.stream, exchange, response.status_code, headers, has_body)
    return Response(response.status_code, headers, answer)


def _close(response: httpx.Response) -> None:
    # Not response.close(): that would insist on httpx's own life cycle of a response.
    if isinstance(response.stream, httpx.SyncByteStream):
        response.stream.close()
