"""JavaScript literals, in the form that n8n's own nodes are written in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
# Lines may end with these in JSON, and not in a text of older JavaScript.
_LINE_ENDS = {"\u2028": "\\u2028", "\u2029": "\\u2029"}


class Code(str):
    """A piece of JavaScript, which stands as it is."""

    __slots__ = ()


def literal(value: Any, depth: int = 0) -> str:
    """The value as an expression, with what is inside of it one tab deeper than ``depth``."""
    if isinstance(value, Code):
        return value
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        return _block(
            "{}", (f"{_key(name)}: {literal(one, depth + 1)}" for name, one in value.items()), depth
        )
    if isinstance(value, list | tuple):
        return _block("[]", (literal(one, depth + 1) for one in value), depth)
    return json.dumps(value, allow_nan=False)


def text(value: str) -> str:
    """The text in single quotes."""
    inside = json.dumps(value, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("'", "\\'")
    return "'" + "".join(_LINE_ENDS.get(each, each) for each in inside) + "'"


def _key(name: str) -> str:
    return name if _NAME.fullmatch(name) else text(name)


def _block(ends: str, entries: Any, depth: int) -> str:
    lines = [f"{chr(9) * (depth + 1)}{entry},\n" for entry in entries]
    return f"{ends[0]}\n{''.join(lines)}{chr(9) * depth}{ends[1]}" if lines else ends
