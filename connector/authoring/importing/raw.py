"""A document that nobody chose: each part is taken for what it should be, or for nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]


def mapping(value: Any) -> Json:
    """The mapping that should stand there, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> list[Any]:
    """The list that should stand there, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    """The text that should stand there, else an empty one."""
    return value if isinstance(value, str) else ""


def names(value: Any) -> list[str]:
    """The texts of a list."""
    return [item for item in items(value) if isinstance(item, str)]
