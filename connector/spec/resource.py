"""Tables that ship inside the package as YAML files."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml

# A safe one too, and ten times as quick.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def table(package: str, name: str) -> Any:
    """What a file of the package declares."""
    return yaml.load(files(package).joinpath(name).read_bytes(), _LOADER)
