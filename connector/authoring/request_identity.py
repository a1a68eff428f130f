"""The identity of a request: what two actions of an integration may not share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from connector.engine.render import SAFE_METHODS
from connector.spec.model import RequestSpec
from connector.spec.template import is_template

_HOLE = re.compile(r"\{\{.*?\}\}")


def address(request: RequestSpec, kind: str) -> tuple[str, ...] | None:
    """What two actions may not share; ``kind`` is that of the answer.

    A request whose address is the caller's has none of its own.
    """
    if _HOLE.match(request.path) or _HOLE.match(request.method):
        return None
    path = _HOLE.sub("{}", request.path)
    body = str(request.body.kind), str(request.body.content_type)
    fixed = (*body, *_fixed(request.query), *_fixed(request.headers))
    if request.method not in SAFE_METHODS:
        return request.method, path, *fixed
    # To read the same place in two ways is no mistake, such as with and without a fallback.
    fallback = request.fallback.path if request.fallback else ""
    return request.method, path, *fixed, fallback, kind


def _fixed(entries: Any) -> Iterator[str]:
    """What is always sent: some APIs have one address, and tell in a parameter what to do there."""
    if isinstance(entries, Mapping):
        yield from (f"{name}={text}" for name, text in sorted(entries.items()) if not is_template(text))
