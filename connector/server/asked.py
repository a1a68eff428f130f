"""What several operations ask for in the same words: where it goes, and under which key."""

from __future__ import annotations

from typing import Any

from connector.server.operation import Call
from connector.server.problem_documents import Refused

_LONGEST_KEY = 255
_TEXT = {"type": "string", "minLength": 1, "maxLength": 200}
NAME = _TEXT
WHERE: dict[str, Any] = {
    "environment": {**_TEXT, "description": "Where it goes; by default the connection's own default."},
    "connection": {**_TEXT, "description": "Which connection; by default the only one, or `default`."},
}
LIMIT = {"type": "number", "minimum": 0, "maximum": 10**9, "description": "Credits that it may spend."}


def place(call: Call) -> dict[str, Any]:
    """Where it goes; None is the default."""
    return {name: call.query.get(name) for name in WHERE}


def key(call: Call) -> str | None:
    """The caller's name for what they ask for, so that it is done once."""
    found = call.request.headers.get("idempotency-key")
    if found is not None and not (0 < len(found) <= _LONGEST_KEY and found.isascii() and found.isprintable()):
        raise Refused("bad_request", f"an Idempotency-Key has 1 to {_LONGEST_KEY} plain characters")
    return found
