"""Did you mean: the name that was meant where it was mistyped."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: object, known: Iterable[object]) -> str:
    """``; did you mean 'erase'?`` where a known name is near, else nothing."""
    import difflib

    given, names = _fold(str(name)), list(map(str, known))
    folded = {_fold(candidate): candidate for candidate in reversed(names)}
    close = difflib.get_close_matches(given, folded, n=1, cutoff=0.6)
    if not close and len(str(name)) > 2:
        close = [candidate for candidate in folded if given in candidate]
    return f"; did you mean {folded[close[0]]!r}?" if close else ""


def same(one: str, other: str) -> bool:
    """Whether two names differ by nothing but case, spaces, hyphens and underscores."""
    return _fold(one) == _fold(other)


def _fold(name: str) -> str:
    return name.casefold().replace(" ", "-").replace("_", "-").strip("-")
