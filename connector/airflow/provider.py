"""The provider's description: its connection type with its form, and where its modules are."""

from __future__ import annotations

from typing import Any

from connector import __version__
from connector.spec import package_data


def get_provider_info() -> dict[str, Any]:
    """What the entry point ``apache_airflow_provider`` gives."""
    declared: dict[str, Any] = package_data.table("airflow/provider.yaml")
    return declared | {"versions": [__version__]}
