"""A use of an action as a command line that can be pasted."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from connector.cli.optionnames import option_names
from connector.spec import Action, Integration


def command(action: Action, integration: Integration, arguments: Mapping[str, Any]) -> str:
    """``connector invoke ...`` with these arguments, where there is no bill if there is such a place."""
    words = ["connector", "invoke", action.id]
    free = [name for name, one in integration.environments.items() if one.credential is not None]
    words += ["-e", free[0]] if free else []
    names = option_names(action.parameters)
    for name, value in arguments.items():
        words += _words(action, names.get(name, ""), action.parameters.get(name, {}), value)
    return shlex.join(words)


def _words(action: Action, option: str, schema: Mapping[str, Any], value: Any) -> Iterator[str]:
    if schema.get("format") == "binary":
        yield from (option, f"@{_near(action, value)}")
    elif isinstance(value, list):
        for item in value:
            yield from _words(action, option, schema.get("items", {}), item)
    elif isinstance(value, Mapping):
        yield from (option, json.dumps(_relocated(action, schema, value), ensure_ascii=False))
    else:
        yield from (option, value if isinstance(value, str) else json.dumps(value))


def _relocated(action: Action, schema: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping of files with their places as they are from here."""
    entries = schema.get("additionalProperties")
    files = isinstance(entries, Mapping) and entries.get("format") == "binary"
    return {name: _near(action, each) if files else each for name, each in value.items()}


def _near(action: Action, place: str) -> str:
    """An example's file, whose path is relative to the spec, as a path from here."""
    whole = Path(os.path.normpath((action.source or Path()).parent.absolute() / place))
    near = os.path.relpath(whole)
    return str(whole) if near.startswith("..") else near
