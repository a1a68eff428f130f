"""The head of an answer, read by http.client but for its header fields, which are mostly plain.

email's parser, to which http.client gives them, takes an eighth of the time of a small exchange. Here it
reads only what has something unusual in it: a folded line, an odd name, a line that ends too soon.
"""

from __future__ import annotations

import http.client
import io
import re
from types import FunctionType
from typing import Any

_PLAIN_FIELD = re.compile(rb"([!-9;-~]+):[ \t]*([^\r\n]*)\r\n")
_PLAIN_FIELDS = 64
_LONGEST_LINE = 65537  # as http.client has it


class _Fields:
    """The header fields of an answer, in their order, as http.client asks for them."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs
        self._first = {name.lower(): value for name, value in reversed(pairs)}

    def get(self, name: str, default: str | None = None) -> str | None:
        return self._first.get(name.lower(), default)

    def items(self) -> list[tuple[str, str]]:
        return self._pairs


class _Again:
    """A reader whose first lines have been read already."""

    def __init__(self, lines: list[bytes], reader: io.BufferedReader) -> None:
        self._lines = iter(lines)
        self._reader = reader

    def readline(self, limit: int) -> bytes:
        return next(self._lines, None) or self._reader.readline(limit)


def _fields(reader: io.BufferedReader, *limits: Any, **more: Any) -> _Fields | http.client.HTTPMessage:
    """What ``http.client.parse_headers`` gives; without its help where every line is a plain field."""
    lines: list[bytes] = []
    pairs: list[tuple[str, str]] = []
    while len(lines) < _PLAIN_FIELDS:
        lines.append(reader.readline(_LONGEST_LINE))
        plain = _PLAIN_FIELD.fullmatch(lines[-1])
        if plain is None:
            break
        pairs.append((plain[1].decode("ascii"), plain[2].decode("latin-1")))
    if lines[-1] == b"\r\n":
        return _Fields(pairs)
    again: Any = _Again(lines, reader)
    message: http.client.HTTPMessage = http.client.parse_headers(again, *limits, **more)
    return message


class Answer(http.client.HTTPResponse):
    """http.client's answer, framed by it as ever; only its helper that reads the fields is ours."""

    begin = FunctionType(
        http.client.HTTPResponse.begin.__code__, vars(http.client) | {"parse_headers": _fields}
    )
    begin.__kwdefaults__ = http.client.HTTPResponse.begin.__kwdefaults__
