"""The types of options that are numbers; where a text is none, each says what to give."""

from __future__ import annotations

import argparse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# More than anybody needs of what has no bound of its own.
PLENTY = 100_000


def credits(text: str) -> float:
    """An amount of credits, 0 or more."""
    return _amount(text, "credits")


def seconds(text: str) -> float:
    """A length of time, 0 or more."""
    return _amount(text, "seconds")


def count(most: int | None = None) -> Callable[[str], int]:
    """A whole number from 1; up to ``most``, where there is a reason for it."""
    said = f"above 0, up to {PLENTY:,}" if most is None else f"from 1 to {most}"

    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not 0 < int(text[:9]) <= (most or PLENTY):
            raise argparse.ArgumentTypeError(f"is {text!r}; give a whole number {said}")
        return int(text)

    return read


def _amount(text: str, unit: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise argparse.ArgumentTypeError(f"is {text!r}; give a number of {unit}")
    return found
