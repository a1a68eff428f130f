"""The Idempotency-Key header: a caller's name for what they ask for, so that it is done once."""

from __future__ import annotations

from collections.abc import Mapping

from connector.server.problem_documents import Refused

_LONGEST = 255

# How OpenAPI says it.
PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "minLength": 1, "maxLength": _LONGEST},
    "description": "The same key again gives the first answer, and spends nothing.",
}


def read(headers: Mapping[str, str]) -> str | None:
    """The key of a request; None where it has none. Raises Refused for what can be no key."""
    key = headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= _LONGEST and key.isascii() and key.isprintable()):
        raise Refused("bad_request", f"an Idempotency-Key has 1 to {_LONGEST} plain characters")
    return key
