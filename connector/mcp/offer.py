"""Offers: which actions are tools, and which of these an agent is shown before it searches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from connector.mcp.tools import only_reads
from connector.spec.model import Action

# Some clients take no more tools than this, of all their servers.
_MOST = 40


@dataclass(frozen=True, slots=True)
class Offer:
    """``patterns`` are of ids, tools' names or groups that are offered; none are all of them.

    ``everything`` shows all that is offered; ``read_only`` offers only what costs and changes nothing.
    """

    patterns: tuple[str, ...] = ()
    everything: bool = False
    read_only: bool = False

    def takes(self, action: Action) -> bool:
        """Whether the action may be called."""
        if self.read_only and not only_reads(action):
            return False
        names = action.id, action.tool.name, action.group.lower()
        return not self.patterns or any(
            fnmatchcase(name, pattern.lower()) for name in names for pattern in self.patterns
        )

    def shown(self, actions: Iterable[Action]) -> list[Action]:
        """Those of the offered actions that are tools of the list: what somebody asked for by a pattern, else
        what the integration says; where it says nothing, all, unless they are too many."""
        offered = [action for action in actions if self.takes(action)]
        if self.everything or self.patterns:
            return offered
        listed = [action for action in offered if action.tool.listed]
        return listed or (offered if len(offered) <= _MOST else [])


# What an agent is offered that asks for nothing else.
MAIN = Offer()
