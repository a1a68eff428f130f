"""Text from the command line becomes values, by the JSON Schema of the input that it is for.

What cannot become one stays text, so that the engine names it together with everything else.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from connector.errors import Problem

Schema = Mapping[str, Any]

_INTEGER = re.compile(r"[-+]?\d+")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_ELSEWHERE = ("http://", "https://", "data:")
_REFERENCE = re.compile(r"[a-z][a-z0-9_-]+:\S+")


class Unclear(Exception):
    """Why words do not make a value."""


class Stdin:
    """What is piped in, which can be read once."""

    def __init__(self) -> None:
        self._is_read = False

    def bytes(self) -> bytes:
        if self._is_read:
            raise Unclear("standard input is one file; give `-` once")
        if sys.stdin.isatty():
            raise Unclear("is `-`, and nothing is piped in; pipe a file into the command")
        self._is_read = True
        return sys.stdin.buffer.read()


def combined(schema: Schema, texts: list[str], stdin: Stdin) -> Any:
    """The value of an option that was given once or more. Raises Unclear where once is enough."""
    if _is(schema, "array") and schema.get("type") != "string":
        return _listed(schema, texts, stdin)
    if _is(schema, "object"):
        return _mapped(schema, texts, stdin)
    if len(texts) > 1:
        raise Unclear(f"is given {len(texts)} times; give it once")
    return value(schema, texts[0], stdin)


def value(schema: Schema, text: str, stdin: Stdin) -> Any:
    """One text as what the schema asks for."""
    if schema.get("format") == "binary":
        return _file(text, stdin)
    types = _types(schema)
    if "string" in types:
        return text
    if not types:
        return _chosen(schema, text) if "enum" in schema else _json(text)
    candidates = (_PARSERS[one](text) for one in types if one in _PARSERS)
    return next((found for found in candidates if found is not _NONE), text)


def relocated(schema: Schema, given: Any, folder: Path) -> Any:
    """A value of a file of inputs, whose paths are relative to that file."""
    if schema.get("format") == "binary":
        return _from_folder(given, folder)
    if isinstance(given, Mapping):
        return {name: relocated(_entry(schema, name), each, folder) for name, each in given.items()}
    if isinstance(given, list):
        return [relocated(schema.get("items", {}), each, folder) for each in given]
    return given


def _from_folder(given: Any, folder: Path) -> Any:
    if not isinstance(given, str):
        return given
    place = given.removeprefix("@")
    elsewhere = place.lower().startswith(_ELSEWHERE) or (place is given and _REFERENCE.fullmatch(place))
    return place if elsewhere else folder / Path(place).expanduser()


def _file(text: str, stdin: Stdin) -> Any:
    """``@path``, a bare path, a URL, a data URI, a reference, or ``@-``."""
    if text in ("@-", "-"):
        return stdin.bytes()
    place = text.removeprefix("@")
    is_path = place is not text and not place.lower().startswith(_ELSEWHERE)
    return Path(place).expanduser() if is_path and place else text


def _types(schema: Schema) -> tuple[str, ...]:
    named = schema.get("type", ())
    return (named,) if isinstance(named, str) else tuple(named)


def _is(schema: Schema, kind: str) -> bool:
    types = _types(schema)
    return kind in types and "string" not in types


def _listed(schema: Schema, texts: Iterable[str], stdin: Stdin) -> list[Any]:
    found: list[Any] = []
    for text in texts:
        whole = _json(text) if text.lstrip().startswith("[") else None
        found += whole if isinstance(whole, list) else [value(schema.get("items", {}), text, stdin)]
    return found


def _mapped(schema: Schema, texts: list[str], stdin: Stdin) -> Any:
    """JSON objects and NAME=VALUE pairs, put together; a name that is repeated becomes a list."""
    found: dict[str, Any] = {}
    for text in texts:
        whole = _json(text) if text.lstrip().startswith("{") else None
        if isinstance(whole, dict):
            found |= {name: _in_json(_entry(schema, name), each, stdin) for name, each in whole.items()}
            continue
        name, equals, rest = text.partition("=")
        if not equals or text.lstrip().startswith("{"):
            return text if len(texts) == 1 else texts
        each = value(_entry(schema, name), rest, stdin)
        found[name] = each if name not in found else [*_as_list(found[name]), each]
    return found


def _in_json(schema: Schema, given: Any, stdin: Stdin) -> Any:
    is_file = schema.get("format") == "binary" and isinstance(given, str)
    return _file(given, stdin) if is_file else given


def _as_list(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]


def _entry(schema: Schema, name: str) -> Schema:
    """The schema of an entry of a mapping."""
    found = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
    return found if isinstance(found, Mapping) else {}


def _chosen(schema: Schema, text: str) -> Any:
    return next((one for one in schema["enum"] if str(one) == text), text)


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError):
        return text


def _refused(name: str) -> Any:
    raise ValueError(name)  # NaN and Infinity are no JSON


_NONE = object()


def _integer(text: str) -> Any:
    # Python refuses to convert numbers of thousands of digits.
    return int(text) if _INTEGER.fullmatch(text) and len(text) < 100 else _NONE


def _number(text: str) -> Any:
    whole = _integer(text)
    return whole if whole is not _NONE else float(text) if _NUMBER.fullmatch(text) else _NONE


def _boolean(text: str) -> Any:
    return _BOOLEANS.get(text.lower(), _NONE)


def _null(text: str) -> Any:
    return None if text == "null" else _NONE


def _container(kind: type) -> Any:
    def parse(text: str) -> Any:
        found = _json(text)
        return found if isinstance(found, kind) else _NONE

    return parse


_PARSERS = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "null": _null,
    "array": _container(list),
    "object": _container(dict),
}


def problem(name: str, unclear: Unclear) -> Problem:
    return Problem(name, str(unclear))
