"""Package data: texts, tables and statements that ship inside the package as files of their own.

They serve the help of commands, so this imports next to nothing.
"""

# ruff: noqa: PTH100, PTH118, PTH120, PTH123
# (importing pathlib takes longer than all that is done here)

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def text(name: str) -> str:
    """The file of that path below the package ``connector``."""
    with open(os.path.join(_PACKAGE, name), encoding="utf-8") as file:
        return file.read()


def table(name: str) -> Any:
    """What the YAML file of that path declares."""
    import yaml

    # A safe one too, and ten times as quick.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(text(name), loader)


def statements(name: str) -> dict[str, str]:
    """The statements of that SQL file, by the names in lines such as ``-- name: get`` that begin them."""
    named = (part.partition("\n") for part in text(name).split("-- name: ")[1:])
    return {first.strip(): rest.strip() for first, _, rest in named}
