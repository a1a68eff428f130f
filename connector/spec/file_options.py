"""File options: what a caller says of a file, as in ``{"file": ..., "keep_orientation": true}``.

They stand where the file stands, so they go wherever it goes: into runs, rows, schedules and workflows.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# What may be said, in the words of help. All are true or false.
HELP: Mapping[str, str] = {
    "keep_orientation": "send pictures as they are stored, whatever their EXIF says of their orientation",
    "accept_warnings": "send also what is hardly meant, such as a mask that selects nothing",
}
NAMES = tuple(HELP)


def split(value: Any) -> tuple[Any, Mapping[str, Any]]:
    """The file, and what is said of it."""
    if not hasattr(value, "keys") or "file" not in value or not any(name in value for name in NAMES):
        return value, {}
    return value["file"], {name: value[name] for name in NAMES if name in value}


def chosen(among: Mapping[str, Any]) -> dict[str, bool]:
    """Those that somebody asks for."""
    return {name: True for name in NAMES if among.get(name)}


def schemas() -> dict[str, Any]:
    """Each as a JSON Schema."""
    return {
        name: {"type": "boolean", "default": False, "description": f"{said[0].upper()}{said[1:]}."}
        for name, said in HELP.items()
    }


def joined(file: Any, options: Mapping[str, Any]) -> Any:
    """The file, with what is said of it."""
    is_open = hasattr(file, "keys") and "file" in file  # a file of an earlier run, or one with options
    return {**(file if is_open else {"file": file}), **options} if options else file
