"""Everything that is wrong with an integration's files, found at once.

The loader knows whether each file has the right form. The rules here know what the form can't say: that
names lead somewhere, that conditions can hold, that prices and examples work. A rule is a generator of
problems; each module lists its rules, and ``_RULES`` lists the modules'.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from connector.authoring.checks import (
    answers,
    environments,
    identity,
    inputs,
    prices,
    references,
    requests,
    secrets,
    templates,
    workflows,
)
from connector.authoring.checks.subject import CheckedAction
from connector.errors import Problem
from connector.spec import loader
from connector.spec.cache import MANIFEST
from connector.spec.loader import Loaded

_OF_ACTIONS = (
    *references.OF_ACTIONS,
    *templates.OF_ACTIONS,
    *inputs.OF_ACTIONS,
    *requests.OF_ACTIONS,
    *answers.OF_ACTIONS,
    *prices.OF_ACTIONS,
)
_OF_FOLDERS = (
    *identity.OF_FOLDERS,
    *references.OF_FOLDERS,
    *templates.OF_FOLDERS,
    *inputs.OF_FOLDERS,
    *answers.OF_FOLDERS,
    *environments.OF_FOLDERS,
    *secrets.OF_FOLDERS,
    *workflows.OF_FOLDERS,
)


def problems(folder: str | Path) -> list[Problem]:
    """Every problem of the folder's files, by file and line."""
    loaded = loader.read(folder)
    found = [*loaded.problems, *_broken_rules(loaded)]
    return sorted(dict.fromkeys(found), key=_place)


def _place(problem: Problem) -> tuple[bool, str, int, str, str]:
    """The manifest first, then the specs, from the top of each file to its end."""
    file = problem.file or ""
    return file != MANIFEST, file, problem.line or 0, problem.path, problem.message


def _broken_rules(loaded: Loaded) -> Iterator[Problem]:
    for rule in _OF_FOLDERS:
        yield from rule(loaded)
    for subject in _subjects(loaded):
        for action_rule in _OF_ACTIONS:
            yield from action_rule(subject)


def _subjects(loaded: Loaded) -> Iterator[CheckedAction]:
    if loaded.integration is not None:
        for action in loaded.integration.actions.values():
            yield CheckedAction(action, loaded.source(action), loaded.integration, loaded)
