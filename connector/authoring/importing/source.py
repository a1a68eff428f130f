"""The source of a document: a file, or the one address that was asked for and nowhere else."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connector.authoring.importing.parse_document import MAX_BYTES, refused
from connector.engine.http.messages import Request, Timeout
from connector.errors import InvocationError, UpstreamError
from connector.spec.url import is_url, origin

_MAX_REDIRECTS = 5
_ACCEPT = "application/json, application/yaml, text/yaml, */*;q=0.5"


def read(place: str, inner: Any = None) -> tuple[bytes, str, str | None]:
    """A document's bytes, what problems call it, and the address it came from; None for a file.

    ``inner`` answers in place of the network. Raises SpecError where a file cannot be read, InvocationError
    for an address that is none or leads to another host, and the transport's errors.
    """
    if not is_url(place):
        return _file(Path(place)), Path(place).name, None
    try:
        parts = urlsplit(place)
        asked = origin(place)
    except ValueError as error:
        raise InvocationError(f"{place!r} is no address: {error}") from error
    if not parts.hostname or parts.username is not None:
        raise InvocationError("the address must name a host, and hold no user name or password")
    content = _fetched(place.partition("#")[0], asked, inner)
    return content, parts.path.rpartition("/")[2] or parts.hostname, place


def _file(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a device or a pipe may never end
            raise refused(path.name, "cannot be read: it is not a plain file")
        if status.st_size > MAX_BYTES:
            raise refused(path.name, f"is larger than {MAX_BYTES >> 20} MB")
        return path.read_bytes()
    except OSError as error:
        raise refused(path.name, f"cannot be read: {error.strerror or error}") from error


class _OneOrigin:
    """Sends to one origin only, so that no redirect leads elsewhere."""

    def __init__(self, asked: tuple[str, str, int], inner: Any) -> None:
        self._asked = asked
        self._inner = inner

    def handle_request(self, request: Any) -> Any:
        if origin(str(request.url)) != self._asked:
            raise InvocationError(
                f"it redirects to another host, {request.url.host}; ask for that if it is meant"
            )
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def _fetched(address: str, asked: tuple[str, str, int], inner: Any) -> bytes:
    from connector.engine.http.proxies import ByEnvironment
    from connector.engine.http.transport import HttpTransport

    one_origin: Any = _OneOrigin(asked, inner or ByEnvironment(verify=True))
    transport = HttpTransport(one_origin, max_redirects=_MAX_REDIRECTS)
    wait = Timeout(connect=10, read=30, total=120)
    request = Request("GET", address, (("accept", _ACCEPT),), timeout=wait, max_response_bytes=MAX_BYTES)
    try:
        response = transport.send(request)
        content = b"".join(response.body.chunks())
    finally:
        transport.close()
    if not 200 <= response.status < 300:
        raise UpstreamError(f"{address} answered {response.status} and gave no document")
    return content
