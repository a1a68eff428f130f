"""Inputs of a run that may be done elsewhere, or later: its files are read at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connector.engine.arguments import Taker, adopted
from connector.engine.sources import Sources
from connector.errors import InvalidArguments, Problem

_NO_PATH = ("http://", "https://", "data:", "file:")
_SECRET = "is a secret, and is not kept for a durable run; invoke the action directly"


def read(action: Taker, given: Mapping[str, Any], sources: Sources | None) -> dict[str, Any]:
    """What was given, with the files of this machine read (None: none).

    Raises InvalidArguments for each that cannot be read, and for secrets, which are not written down.
    """
    hidden = [name for name, schema in action.parameters.items() if schema.get("writeOnly")]
    problems = [Problem(name, _SECRET) for name in hidden if given.get(name) is not None]
    arguments = dict(given)
    if sources is not None:
        arguments, unread = adopted(action, given, sources, _is_path)
        problems += unread
    if problems:
        raise InvalidArguments(problems, action.title)
    return arguments


def _is_path(file: Any) -> bool:
    return isinstance(file, Path) or (isinstance(file, str) and not file.lower().startswith(_NO_PATH))
