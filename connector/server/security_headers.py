"""Security headers: a browser takes nothing from elsewhere, and shows the host nowhere else.

Pages may load what the host itself serves, and pictures that a script of theirs holds. An answer of the
API, be it a file that somebody uploaded, may load and run nothing at all.
"""

from __future__ import annotations

from collections.abc import Mapping

_PAGES = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_API = "default-src 'none'; img-src 'self'; media-src 'self'; frame-ancestors 'none'; sandbox"

_COMMON: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # With `no-referrer` browsers would send forms with `Origin: null`.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
_TLS = {"strict-transport-security": "max-age=31536000"}


def _encoded(headers: Mapping[str, str]) -> dict[bytes, bytes]:
    return {name.encode(): value.encode() for name, value in headers.items()}


_OF_PAGES = _encoded({"content-security-policy": _PAGES, **_COMMON})
_OF_API = _encoded({"content-security-policy": _API, "cache-control": "no-store", **_COMMON})
_OF_TLS = _encoded(_TLS)


def added(path: str, own: list[tuple[bytes, bytes]], secure: bool) -> list[tuple[bytes, bytes]]:
    """The headers of an answer with those that every answer has; its own go first."""
    common = _OF_API if path.startswith("/api/") else _OF_PAGES
    wanted = common | _OF_TLS if secure else common
    there = {name.lower() for name, _ in own}
    return [*own, *((name, value) for name, value in wanted.items() if name not in there)]
