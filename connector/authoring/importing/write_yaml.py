"""The YAML writer: a spec as a person would have written it, short things on one line, long texts folded.

PyYAML's writer takes some twenty times as long, and a large document becomes a thousand files.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

WIDTH = 110
_PLAIN = re.compile(r"[A-Za-z_/][\w./ ()+=;-]*[\w./)]|[A-Za-z_/]", re.ASCII)
# What YAML of one version or another takes for something else than a text.
_WORDS = frozenset(["true", "false", "null", "yes", "no", "on", "off", "y", "n", "t", "f", "nan", "inf"])
_ESCAPES = re.compile(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029\ufeff]")
_FOLDED = 100
_OUTLINE = 4
"""Spaces before what gives a file its shape, which has lines of its own however short it is."""
_READ = 6
"""Spaces before what is still read from the top: below that, texts stay on one line."""


def written(value: Mapping[str, Any], *, schema: str | None = None) -> str:
    """The text of a file; ``schema`` is what an editor completes from."""
    lines = [f"# yaml-language-server: $schema={schema}"] if schema else []
    _block(value, "", lines)
    return "\n".join(lines) + "\n"


def _block(value: Mapping[str, Any], indent: str, lines: list[str]) -> None:
    for key, entry in value.items():
        start = f"{indent}{_scalar(key)}:"
        is_outline = len(indent) < _OUTLINE and _holds_mappings(entry)
        short = None if is_outline else _flow(entry, WIDTH - len(start) - 1)
        if short is not None:
            lines.append(f"{start} {short}")
        elif isinstance(entry, str):
            _long(start, entry, indent, lines)
        else:
            lines.append(start)
            _inner(entry, indent + "  ", lines)


def _holds_mappings(value: Any) -> bool:
    return isinstance(value, Mapping) and any(isinstance(entry, Mapping) for entry in value.values())


def _inner(entry: Any, indent: str, lines: list[str]) -> None:
    if isinstance(entry, Mapping):
        _block(entry, indent, lines)
        return
    for item in entry:
        short = _flow(item, WIDTH - len(indent) - 2)
        if short is None and isinstance(item, Mapping):
            at = len(lines)
            _block(item, indent + "  ", lines)
            lines[at] = f"{indent}- {lines[at][len(indent) + 2 :]}"
        else:
            lines.append(f"{indent}- {short or _flow(item, 1 << 30)}")


def _long(start: str, text: str, indent: str, lines: list[str]) -> None:
    """A long text is folded where people read it, and where folding gives it back as it was."""
    is_even = text == " ".join(text.split()) and text.isprintable()
    if not is_even or len(indent) > _READ:
        lines.append(f"{start} {_scalar(text)}")
        return
    lines.append(f"{start} >-")
    wrapped = textwrap.wrap(text, _FOLDED, break_long_words=False, break_on_hyphens=False)
    lines += [f"{indent}  {line}" for line in wrapped]


def _flow(value: Any, room: int) -> str | None:
    """The value on one line; None where it takes more than the room there is."""
    if room <= 0:
        return None
    if isinstance(value, Mapping):
        return _collection("{}", [(f"{_scalar(key)}: ", entry) for key, entry in value.items()], room - 2)
    if isinstance(value, list | tuple):
        return _collection("[]", [("", entry) for entry in value], room - 2)
    found = _scalar(value)
    return found if len(found) <= room else None


def _collection(ends: str, entries: list[tuple[str, Any]], room: int) -> str | None:
    parts = []
    for start, entry in entries:
        part = _flow(entry, room - len(start))
        if part is None:
            return None
        parts.append(start + part)
        room -= len(parts[-1]) + 2
    return ends[0] + ", ".join(parts) + ends[1]


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else repr(value)


@lru_cache(maxsize=4096)
def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return _ESCAPES.sub(_escaped, quoted)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\u{code:04x}" if code < 0x10000 and not 0xD800 <= code < 0xE000 else "?"
