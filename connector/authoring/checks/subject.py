"""The subject of a check: one action, the file it was made of, and the integration around it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from connector.spec.loader import Loaded, SpecFile
from connector.spec.model import Action, Integration
from connector.spec.schema.suggest import nearest


@dataclass(frozen=True, slots=True)
class CheckedAction:
    """An action under check."""

    action: Action
    source: SpecFile
    integration: Integration
    loaded: Loaded

    def is_whole(self, path: str) -> bool:
        """Whether nothing at the path or below it has the wrong form."""
        return not any(f"{each.path}.".startswith(f"{path}.") for each in self.source.problems)

    def unknown_input(self, name: str) -> str:
        """The sentence for a name that is no input of the action."""
        return f"{name!r} is not an input of this action{nearest(name, self.action.parameters)}"


def no_action(loaded: Loaded, id: str) -> str | None:
    """The sentence for an id that no action has; one with problems of its own is there all the same."""
    ids = [PurePosixPath(name).stem for name in loaded.specs]
    return None if id in ids else f"there is no action {id!r}{nearest(id, ids)}"
