"""Each action can be told from every other, and every spec file belongs to the integration."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from connector.checks.subject import Subject
from connector.errors import Problem
from connector.index import MANIFEST
from connector.loader import Loaded, confined
from connector.render import SAFE_METHODS
from connector.spec import Action, RequestSpec
from connector.template import is_template

_HOLE = re.compile(r"\{\{.*?\}\}")


def _same_title(subject: Subject) -> Iterator[Problem]:
    for other in _before(subject):
        if (other.group, other.title) == (subject.action.group, subject.action.title):
            yield subject.problem(
                "title",
                f"{other.id} has the same title in the group {other.group}; people could not tell them apart",
            )


def _same_request(subject: Subject) -> Iterator[Problem]:
    mine = _address(subject.action)
    for other in _before(subject):
        if mine is not None and _address(other) == mine:
            yield subject.problem(
                "request.path", f"{other.id} has the same method and path; one action is enough"
            )


@lru_cache(maxsize=8192)
def _address(action: Action) -> tuple[str, ...] | None:
    return address(action.request, action.output.kind)


def address(request: RequestSpec, kind: str) -> tuple[str, ...] | None:
    """What two actions may not share; ``kind`` is that of the answer.

    A request whose address is the caller's has none of its own.
    """
    if _HOLE.match(request.path) or _HOLE.match(request.method):
        return None
    path = _HOLE.sub("{}", request.path)
    body = str(request.body.kind), str(request.body.content_type)
    fixed = (*body, *_fixed(request.query), *_fixed(request.headers))
    if request.method not in SAFE_METHODS:
        return request.method, path, *fixed
    # To read the same place in two ways is no mistake, such as with and without a fallback.
    fallback = request.fallback.path if request.fallback else ""
    return request.method, path, *fixed, fallback, kind


def _fixed(entries: Any) -> Iterator[str]:
    """What is always sent: some APIs have one address, and tell in a parameter what to do there."""
    if isinstance(entries, Mapping):
        yield from (f"{name}={text}" for name, text in sorted(entries.items()) if not is_template(text))


def _before(subject: Subject) -> Iterator[Action]:
    """The actions that are listed before this one: of two that clash, the later is named."""
    for action in subject.integration.actions.values():
        if action is subject.action:
            return
        yield action


def _unlisted(loaded: Loaded) -> Iterator[Problem]:
    folders = {str(PurePosixPath(name).parent) for name in loaded.specs if confined(loaded.folder, name)}
    for folder in sorted(folders - {"."}):
        for path in sorted((loaded.folder / folder).glob("*.yaml")):
            name = f"{folder}/{path.name}"
            if name not in loaded.specs:
                message = f"is not listed under actions in {MANIFEST}, so nobody can use it; list it"
                yield Problem("", message, name, 1)


OF_ACTIONS = (_same_title, _same_request)
OF_FOLDERS = (_unlisted,)
