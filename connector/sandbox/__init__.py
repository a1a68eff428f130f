"""The vendor's API on this machine, by the vendor's rules: for trying everything with no key and no bill.

It knows nothing of the rest of this package. ``transport`` answers within the process, ``serving`` on a port.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connector.sandbox.inprocess import InProcess, transport
    from connector.sandbox.sandbox import Sandbox
    from connector.sandbox.server import serving
    from connector.sandbox.settings import Settings

__all__ = ["InProcess", "Sandbox", "Settings", "serving", "transport"]


def __getattr__(name: str) -> Any:
    """Brings in what is asked for when it is asked for: the media makers and the server are large."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "server" if name == "serving" else "inprocess"
    return getattr(import_module(f"{__name__}.{home}"), name)
