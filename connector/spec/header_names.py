"""Header names: how two are compared, which only the connector sets, and whose value may be a secret."""

from __future__ import annotations

import re

# Of the message itself: whoever sets these says where another one begins.
TRANSPORT_HEADERS = frozenset(
    {
        "connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding",
        "upgrade",
    }
)  # fmt: skip
# Who could set these could pose as somebody else.
CREDENTIAL_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})
RESERVED_HEADERS = TRANSPORT_HEADERS | CREDENTIAL_HEADERS
# A word in a name that says that its value is a secret, as in X-Goog-Api-Key and X-Auth-Token.
_SECRET = re.compile(
    r"(?:^|-)(?:auth|authorization|cookie|credentials?|(?:api)?key|passw(?:or)?d|secret|session|token)(?:-|$)"
)
_HARMLESS = frozenset(
    {
        "accept", "accept-charset", "accept-encoding", "accept-language", "accept-version", "cache-control",
        "content-disposition", "content-encoding", "content-language", "content-type", "date", "dnt",
        "idempotency-key", "if-match", "if-modified-since", "if-none-match", "if-range",
        "if-unmodified-since", "max-forwards", "origin", "pragma", "prefer", "priority", "range",
        "sec-websocket-key", "traceparent", "tracestate", "user-agent", "x-correlation-id",
        "x-request-id", "x-requested-with",
    }
)  # fmt: skip


def canonical(name: str) -> str:
    """A name as it is compared: many servers read ``X_API_KEY`` as ``X-Api-Key``."""
    return name.lower().replace("_", "-")


def is_secret(name: str) -> bool:
    """Whether the name says that its value is a secret: the test of a header that an author declared."""
    read = canonical(name)
    return read in CREDENTIAL_HEADERS or (read not in _HARMLESS and _SECRET.search(read) is not None)


def is_harmless(name: str) -> bool:
    """Whether the value is certainly no secret: the test of a header that somebody else made up."""
    return canonical(name) in _HARMLESS
