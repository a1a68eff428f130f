"""Messages: what goes into the sandbox and what comes out of it, as plain values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it arrives: path and query as sent, and the body in pieces, to be read once."""

    method: str
    path: str
    headers: Headers = ()
    body: Iterable[bytes] = ()
    query: str = ""

    def header(self, name: str) -> str | None:
        """The last value of a header, in any case of its name."""
        found = [value for key, value in self.headers if key.lower() == name]
        return found[-1].strip() if found else None


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, and how its delivery goes wrong where that was asked for.

    ``delay`` is how long to keep the caller waiting, in seconds of real time. ``cut`` is the number of
    bytes after which the connection breaks. ``dropped`` means that nothing is delivered at all.
    """

    status: int
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)
    delay: float = 0.0
    cut: int | None = None
    dropped: bool = False

    @property
    def sent(self) -> bytes:
        """The part of the body that reaches the caller."""
        return self.body if self.cut is None else self.body[: self.cut]


def json_answer(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer whose body is the value as JSON; a content type among the headers wins."""
    named = {"content-type": "application/json", **(headers or {})}
    return Answer(status, tuple(named.items()), json.dumps(value).encode())
