"""Templates of the package: its files, and the parts of its descriptions, with holes such as ``%(node)s``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.spec import package_data

_HERE = "authoring/export/n8n/templates"
_DECLARED: Mapping[str, Any] = package_data.table(f"{_HERE}/declared.yaml")


def template(name: str) -> str:
    """A file as it stands."""
    return package_data.text(f"{_HERE}/{name}")


def declared(part: str, values: Mapping[str, str] | None = None) -> Any:
    """A part of what is the same in each package, its holes filled."""
    return _filled(_DECLARED[part], values or {})


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {name: _filled(entry, values) for name, entry in value.items()}
    if isinstance(value, list):
        return [_filled(entry, values) for entry in value]
    return value % values if isinstance(value, str) else value
