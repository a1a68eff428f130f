"""Everything that is wrong with an integration's files, found at once.

The loader knows whether each file has the right form. The rules here know what the form can't say: that
names lead somewhere, that conditions can hold, that prices and examples work. A rule is a generator of
problems, at paths of the file that it is given; each module lists its rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from connector.authoring.checks import (
    answers,
    environments,
    files,
    inputs,
    prices,
    references,
    requests,
    templates,
)
from connector.authoring.checks.subject import CheckedAction
from connector.errors import Problem
from connector.spec import loader
from connector.spec.cache import MANIFEST
from connector.spec.loader import Loaded, SpecFile

_OF_ACTIONS = (
    *references.OF_ACTIONS,
    *templates.OF_ACTIONS,
    *inputs.OF_ACTIONS,
    *requests.OF_ACTIONS,
    *answers.OF_ACTIONS,
    *prices.OF_ACTIONS,
)
_OF_MANIFESTS = (
    *references.OF_MANIFESTS,
    *templates.OF_MANIFESTS,
    *inputs.OF_MANIFESTS,
    *answers.OF_MANIFESTS,
    *environments.OF_MANIFESTS,
    *files.OF_MANIFESTS,
)
_OF_FOLDERS = (*references.OF_FOLDERS, *files.OF_FOLDERS)


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
        yield from _placed(rule(loaded), loaded.manifest)
    integration = loaded.integration
    if integration is None:
        return
    for manifest_rule in _OF_MANIFESTS:
        yield from _placed(manifest_rule(integration, loaded), loaded.manifest)
    for action in integration.actions.values():
        subject = CheckedAction(action, loaded.source(action), integration, loaded)
        for action_rule in _OF_ACTIONS:
            yield from _placed(action_rule(subject), subject.source)


def _placed(found: Iterator[Problem], source: SpecFile) -> Iterator[Problem]:
    """The problems, those without a file at their lines of the file that was checked."""
    for one in found:
        yield one if one.file else source.problem(one.path, one.message, severity=one.severity)
