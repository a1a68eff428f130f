"""The Idempotency-Key header: a caller's name for what they ask for, so that it is done once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.server.problem_documents import Refused

_LONGEST = 255

# How OpenAPI says it.
PARAMETER: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "schema": {"type": "string", "minLength": 1, "maxLength": _LONGEST},
    "description": "The same key again gives the first answer, and spends nothing.",
}


def read(headers: Mapping[str, str], *names: str) -> str | None:
    """The key of a request, in the first of these headers that it has, else in its own; None where it has
    none. Raises Refused for what can be no key."""
    for name in (*names, PARAMETER["name"]):
        key = headers.get(name)
        if key is not None:
            return checked(key, name)
    return None


def checked(key: str, name: str) -> str:
    if not (0 < len(key) <= _LONGEST and key.isascii() and key.isprintable()):
        raise Refused("bad_request", f"{name} has 1 to {_LONGEST} plain characters")
    return key
