"""The action card: one action as its files say it, for whoever shows it or makes options of it.

It is read from the cache where it can be, and no values are made of it: help should come at once.
"""

# ruff: noqa: PTH118, PTH119, PTH120
# (importing pathlib takes longer than all that is done here)

from __future__ import annotations

import os

from connector.cli.parsing import find_action
from connector.spec import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Said = Mapping[str, Any]


class Card:
    """What is shown of an action. ``spec`` is its file's mapping, which has passed its schema."""

    def __init__(self, entry: Said, files: Said, folder: str) -> None:
        self._files = files
        self.manifest: Said = files[cache.MANIFEST]
        self.id: str = entry["id"]
        self.title: str = entry["title"]
        self.price: str = entry["price"]
        self.spec: Said = self._spec(self.id)
        self.folder = os.path.dirname(os.path.join(folder, self._name(self.id)))
        self.description: str = self.spec["description"].strip()
        self.inputs: Said = self.spec["inputs"]
        self.parameters: Said = self.inputs["properties"]
        self.required: tuple[str, ...] = tuple(self.inputs.get("required", ()))

    def _name(self, id: str) -> str:
        """The file of an action: its stem is the id."""
        names: list[str] = self.manifest["actions"]
        return next(name for name in names if os.path.basename(name).partition(".")[0] == id)

    def _spec(self, id: str) -> Said:
        found: Said = self._files[self._name(id)]
        return found

    @property
    def paid(self) -> bool:
        return self.price != "free"

    @property
    def ordered(self) -> list[str]:
        """The inputs, the required ones first."""
        return sorted(self.parameters, key=lambda name: name not in self.required)

    @property
    def accept(self) -> tuple[str, ...]:
        """The forms of answer that ``--accept`` takes: a job's are those of the action that fetches it."""
        job = self.spec.get("job")
        spec = self._spec(job["fetch"]) if job else self.spec
        return tuple(spec["request"].get("accept", ()))

    @property
    def rules(self) -> list[str]:
        """What holds for several inputs together, in the author's words."""
        return [rule["description"] for rule in self.inputs.get("allOf", ()) if "description" in rule]

    @property
    def deprecation(self) -> str | None:
        if "deprecated" not in self.spec:
            return None
        from connector.spec.model import Deprecation

        return Deprecation(**self.spec["deprecated"]).sentence(self.title)

    @property
    def price_line(self) -> str:
        """The price in words, and what it goes by."""
        credits = self.spec.get("credits")
        if isinstance(credits, dict) and "{{" not in str(credits["values"]):
            values = ", ".join(f"{name} {each}" for name, each in credits["values"].items())
            return f"{self.price} credits, by {credits['by']}: {values}"
        if credits == "unknown":
            return "unknown; it may cost, and is never sent twice by itself"
        if credits == "by_request":
            return "that of the action with the same method and path"
        return f"{self.price} credits for each success" if self.paid else self.price


def card(name: str, folder: str) -> Card:
    """The card of the action of that id or title. Raises UnknownName, or SpecError where files are wrong."""
    entry = find_action.entry(name, folder)
    files = cache.values(folder, cache.default_cache())
    try:
        return Card(entry, files, folder)
    except (KeyError, StopIteration):  # there is no cache, or not of all files
        return Card(entry, _read(folder), folder)


def _read(folder: str) -> dict[str, Any]:
    from connector.spec import loader

    return {name: source.usable for name, source in loader.read(folder).sources.items()}
