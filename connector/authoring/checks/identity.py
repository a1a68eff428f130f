"""Checks of identity: each action can be told from every other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator

from connector.authoring.request_identity import address
from connector.errors import Problem
from connector.spec.loader import Loaded
from connector.spec.model import Action


def _same_title(loaded: Loaded) -> Iterator[Problem]:
    told = "people could not tell them apart"
    for action, other in _twins(loaded, lambda action: (action.group, action.title)):
        message = f"{other.id} has the same title in the group {other.group}; {told}"
        yield loaded.source(action).problem("title", message)
    for action, other in _twins(loaded, lambda action: (action.catalog.task, action.catalog.title)):
        if (action.group, action.title) != (other.group, other.title):
            message = f"{other.id} has the same title under {other.catalog.task!r}; {told}"
            yield loaded.source(action).problem("catalog.title", message)


def _same_request(loaded: Loaded) -> Iterator[Problem]:
    for action, other in _twins(loaded, lambda action: address(action.request, action.output.kind)):
        message = f"{other.id} has the same method and path; one action is enough"
        yield loaded.source(action).problem("request.path", message)


def _twins(loaded: Loaded, key: Callable[[Action], Hashable]) -> Iterator[tuple[Action, Action]]:
    """Each action with each one before it that has the same key: of two that clash, the later is named."""
    before: defaultdict[Hashable, list[Action]] = defaultdict(list)
    for action in loaded.integration.actions.values() if loaded.integration else ():
        own = key(action)
        if own is not None:
            yield from ((action, other) for other in before[own])
            before[own].append(action)


OF_FOLDERS = (_same_title, _same_request)
