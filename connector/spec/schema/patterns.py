"""Patterns: the one place where a regular expression of a schema is compiled and tried.

A schema may be a stranger's, as an imported one is, and the value another stranger's. Python's ``re`` can
take years for both, and lets no other thread run meanwhile. So RE2 tries them where it is installed (the
extra ``host`` has it), in time that grows with the text alone. What takes more than that (look-around,
back-references) is tried by nobody: ``check`` tells of it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

# Escapes and classes, in which the signs of what follows mean nothing.
_PLAIN = re.compile(r"\\u[0-9A-Fa-f]{4}|\\[^1-9]|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_BEYOND = re.compile(r"\\[1-9]|\(\?(?:[=!>(]|<[=!]|P=)|[*+?}]\+")
# What RE2 says otherwise, or means otherwise: to it, only ASCII letters are letters.
_OTHER = re.compile(r"\\u([0-9A-Fa-f]{4})|(\\w)|(\[\^?\]?(?:\\.|[^\]\\])*\])|\\.", re.DOTALL)
_WORD = r"\p{L}\p{N}_"


def is_expression(pattern: str) -> bool:
    """Whether it can be read at all."""
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def is_linear(pattern: str) -> bool:
    """Whether it can be tried in time that grows with the text alone."""
    return _BEYOND.search(_PLAIN.sub("x", pattern)) is None


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern is found in the text; one that cannot be tried refuses nothing.

    Raises ``re.error`` for what is no pattern.
    """
    found = _compiled(pattern)
    if found is None:
        return True
    try:
        return found.search(text) is not None
    except UnicodeEncodeError:  # half a surrogate pair is no character to RE2
        return found.search(text.encode("utf-8", "replace").decode()) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> Any:
    if not is_linear(pattern):
        return None
    try:
        import re2
    except ImportError:
        return re.compile(pattern)
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(_OTHER.sub(_as_re2, pattern), options)
    except (re2.error, UnicodeEncodeError):  # too large, or in another dialect; or none at all
        re.compile(pattern)
        return None


def _as_re2(found: re.Match[str]) -> str:
    if found[1]:
        return f"\\x{{{found[1]}}}"
    if found[3]:
        return "[" + _OTHER.sub(lambda inner: _WORD if inner[2] else _as_re2(inner), found[3][1:])
    return f"[{_WORD}]" if found[2] else found[0]
