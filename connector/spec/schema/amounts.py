"""Amounts as people say them: credits, and bytes."""

from __future__ import annotations


def credits(amount: float) -> str:
    """An amount of credits."""
    return f"{amount:g} credit{'' if amount == 1 else 's'}"


def size(count: float) -> str:
    """A number of bytes."""
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1024
    return f"{count:.3g} GiB"
