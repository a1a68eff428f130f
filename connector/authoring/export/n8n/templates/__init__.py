"""Templates of the package: its files, with holes for what differs, and the parts of its descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.spec import package_data

_HERE = "authoring/export/n8n/templates"
DECLARED: Mapping[str, Any] = package_data.table(f"{_HERE}/declared.yaml")


def template(name: str) -> str:
    return package_data.text(f"{_HERE}/{name}")
