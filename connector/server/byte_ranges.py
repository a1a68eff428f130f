"""One part of a file, as a client that resumes or a player that skips asks for it (RFC 9110, 14)."""

from __future__ import annotations

import re

_ONE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.IGNORECASE)


class Unsatisfiable(ValueError):
    """The file has no such part."""


def wanted(header: str | None, size: int) -> tuple[int, int] | None:
    """The first and the last byte that are asked for; None for the whole file.

    Several parts at once, and what cannot be read, are answered with the whole file, as the standard allows.
    """
    found = _ONE.fullmatch(header or "")
    if found is None or found.group(1) == found.group(2) == "":
        return None
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size - 1
    else:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < start:
            return None
    if start >= size or end < start:
        raise Unsatisfiable
    return start, end


def matches(header: str | None, etag: str) -> bool:
    """Whether an ``If-None-Match`` or ``If-Match`` names the tag; ``W/`` before a tag does not count."""
    tags = [tag.strip().removeprefix("W/") for tag in (header or "").split(",")]
    return "*" in tags or etag in tags
