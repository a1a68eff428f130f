"""Amounts as people say them: credits, bytes, lengths of time."""

from __future__ import annotations


def credits(amount: float) -> str:
    """An amount of credits."""
    return f"{amount:g} credit{'' if amount == 1 else 's'}"


def duration(seconds: float) -> str:
    """A length of time in its largest unit."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def size(count: float) -> str:
    """A number of bytes."""
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1024
    return f"{count:.3g} GiB"
