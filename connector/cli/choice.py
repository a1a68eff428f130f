"""The action that a person names, without reading more of the integration than its list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector import index
from connector.errors import UnknownName
from connector.names import nearest, same

if TYPE_CHECKING:
    from connector.spec import Action, Integration


def entry(name: str, folder: str) -> dict[str, Any]:
    """The list's entry of the action of that id or title, in whatever case."""
    entries = index.entries(folder, index.default_cache())
    found = find(name, entries)
    if found is not None:
        return found
    known = [one["id"] for one in entries]
    raise UnknownName(f"there is no action {name!r}{nearest(name, known)}; `connector actions` lists them")


def find(name: str, entries: list[dict[str, Any]]) -> dict[str, Any] | None:
    exact = (one for one in entries if name == one["id"])
    alike = (one for one in entries if same(name, one["id"]) or same(name, one["title"]))
    return next(exact, None) or next(alike, None)


def integration(folder: str) -> Integration:
    """The folder's integration; each action is read when it is asked for."""
    from connector.loader import load_lazily

    return load_lazily(folder, index.default_cache())


def action(name: str, folder: str) -> tuple[Action, Integration]:
    """The action that is meant, and the integration that it belongs to."""
    found = entry(name, folder)
    declared = integration(folder)
    return declared.actions[found["id"]], declared
