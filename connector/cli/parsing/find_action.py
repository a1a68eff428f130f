"""Finding the action that a person names, and the integration that is meant."""

from __future__ import annotations

from connector.spec import cache, listing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from connector.spec.model import Integration


def entry(name: str, folder: str) -> dict[str, Any]:
    """The list's entry of the action of that id or title, in whatever case."""
    entries = listing.entries(folder, cache.default_cache())
    found = find(name, entries)
    if found is not None:
        return found
    from connector.errors import UnknownName
    from connector.spec.schema.suggest import nearest

    known = [one["id"] for one in entries]
    near = nearest(name, known) or "; `connector actions` lists them"
    raise UnknownName(f"there is no action {name!r}{near}")


def find(name: str, entries: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The entry that the name is of, if it is one's."""
    for one in entries:
        if name == one["id"]:
            return one
    from connector.spec.schema.suggest import same

    alike = (one for one in entries if same(name, one["id"]) or same(name, one["title"]))
    return next(alike, None)


def integration(folder: str) -> Integration:
    """The folder's integration; each action is read when it is asked for."""
    from connector.spec.loader import load_lazily

    return load_lazily(folder, cache.default_cache())
