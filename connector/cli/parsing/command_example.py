"""Command examples: a use of an action as a command line that can be pasted."""

# ruff: noqa: PTH100, PTH118
# (importing pathlib takes longer than all that is done here)

from __future__ import annotations

import os
import shlex

from connector.cli.parsing.invoke_options import option_names
from connector.spec.schema import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from connector.cli.parsing.action_card import Card


def command(card: Card, arguments: Mapping[str, Any]) -> str:
    """``connector invoke ...`` with these arguments, where there is no bill if there is such a place."""
    words = ["connector", "invoke", card.id]
    free = [name for name, one in card.manifest["environments"].items() if "credential" in one]
    words += ["-e", free[0]] if free else []
    names = option_names(card.parameters)
    for name, value in arguments.items():
        words += _words(card, names[name], card.parameters[name], value)
    return shlex.join(words)


def _words(card: Card, option: str, schema: Mapping[str, Any], value: Any) -> Iterator[str]:
    if schema.get("format") == "binary":
        yield from (option, f"@{_near(card, value)}")
    elif isinstance(value, list):
        for item in value:
            yield from _words(card, option, schema.get("items", {}), item)
    elif isinstance(value, dict):
        yield from (option, describe.plain(_relocated(card, schema, value)))
    else:
        yield from (option, ("@" if str(value)[:1] == "@" else "") + describe.plain(value))


def _relocated(card: Card, schema: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping of files with their places as they are from here."""
    entries = schema.get("additionalProperties")
    files = isinstance(entries, dict) and entries.get("format") == "binary"
    return {name: _near(card, each) if files else each for name, each in value.items()}


def _near(card: Card, place: str) -> str:
    """An example's file, whose path is relative to the spec, as a path from here."""
    whole = os.path.normpath(os.path.join(os.path.abspath(card.folder), place))
    near = os.path.relpath(whole)
    return whole if near.startswith("..") else near
