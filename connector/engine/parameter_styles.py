"""Parameter styles: a list or an object becomes parameters of a query or fields of a form, as declared.

``None`` is the way without a declaration: a list repeats its parameter. The names are those of
``request.styles`` in a spec, and stand for what OpenAPI calls style and explode, and collectionFormat.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connector.spec import url

Pairs = Iterator[tuple[str, str]]
Encode = Callable[[str], str]


def pairs(name: str, value: Any, style: str | None = None, encode: Encode = str) -> Pairs:
    """The parameters of one value; what is plain is one parameter in every style but ``json``.

    Each name and value is written by ``encode``, and a list's items one by one: what parts them is no data.
    """
    if style == "json" or isinstance(value, Mapping | list | tuple):
        yield from _STYLES[style](name, value, encode)
    elif value is not None:
        yield encode(name), encode(url.text(value))


def compact(value: Any) -> str:
    """The value as JSON, as short as it can be."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _repeated(name: str, value: Any, encode: Encode) -> Pairs:
    items = [value] if isinstance(value, Mapping) else value
    return ((encode(name), encode(_plain(item))) for item in items if item is not None)


def _joined(mark: str) -> Callable[[str, Any, Encode], Pairs]:
    def write(name: str, value: Any, encode: Encode) -> Pairs:
        # A comma may stand in an address as it is, and is told from an item's own; the other marks may not.
        between = mark if mark == "," else encode(mark)
        yield encode(name), between.join(encode(_plain(item)) for item in url.flat(value))

    return write


def _spread(name: str, value: Any, encode: Encode) -> Pairs:
    """An object's entries are parameters of their own."""
    if not isinstance(value, Mapping):
        yield from _repeated(name, value, encode)
        return
    for key, entry in value.items():
        yield from pairs(str(key), entry, None, encode)


def _bracketed(name: str, value: Any, encode: Encode) -> Pairs:
    """``name[key]``, to any depth; items are ``name[]``, or ``name[0]`` where they have parts."""
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _bracketed(f"{name}[{key}]", entry, encode)
    elif isinstance(value, list | tuple):
        has_parts = any(isinstance(item, Mapping | list | tuple) for item in value)
        for index, item in enumerate(value):
            yield from _bracketed(f"{name}[{index if has_parts else ''}]", item, encode)
    elif value is not None:
        yield encode(name), encode(url.text(value))


def _json(name: str, value: Any, encode: Encode) -> Pairs:
    yield encode(name), encode(compact(value))


def _plain(value: Any) -> str:
    return compact(value) if isinstance(value, Mapping | list | tuple) else url.text(value)


_STYLES: Mapping[str | None, Callable[[str, Any, Encode], Pairs]] = {
    None: _repeated,
    "comma": _joined(","),
    "space": _joined(" "),
    "pipe": _joined("|"),
    "tab": _joined("\t"),
    "spread": _spread,
    "brackets": _bracketed,
    "json": _json,
}
NAMES = tuple(name for name in _STYLES if name)
