"""Cross-origin requests (CORS): applications in a browser, with a token and without cookies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from connector.server import idempotency_key

# What a page may send beside what every page may; the token is never a cookie.
_SENT = ("Authorization", idempotency_key.PARAMETER["name"], "Last-Event-ID", "Range", "X-File-Name")
# What a page may read beside the type and the length.
_READ = (
    *("Accept-Ranges", "Content-Disposition", "Content-Range", "ETag", "Idempotency-Replayed", "Link"),
    *("Location", "Retry-After", "X-Credits", "X-Host-Request-Id", "X-Outcome", "X-Request-Id"),
    *("X-Run-Id", "X-Seed"),
)
_ORIGIN = re.compile(
    r"(?:http://(?!.*:80$)|https://(?!.*:443$))(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?"
)


def layers(origins: tuple[str, ...]) -> Iterator[Middleware]:
    """The outermost layer, where some origin is allowed: it answers preflights, which carry no token."""
    if origins:
        yield Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=("GET", "HEAD", "POST", "PUT", "DELETE"),
            allow_headers=_SENT,
            expose_headers=_READ,
        )


def is_origin(text: str) -> bool:
    """Whether it is an origin as browsers write it: lower case, and a port where it is not the usual one."""
    return _ORIGIN.fullmatch(text) is not None
