"""Header names: how two are compared, which ones nobody but us may set, and which ones hold a secret."""

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
_HARMLESS = frozenset({"idempotency-key", "sec-websocket-key"})


def canonical(name: str) -> str:
    """A name as it is compared: many servers read ``X_API_KEY`` as ``X-Api-Key``."""
    return name.lower().replace("_", "-")


def is_secret(name: str) -> bool:
    """Whether the value of a header of that name is nobody's to read again."""
    read = canonical(name)
    return read in CREDENTIAL_HEADERS or (read not in _HARMLESS and _SECRET.search(read) is not None)
