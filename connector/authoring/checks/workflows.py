"""Checks of workflows: every file belongs to the integration, and nothing is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from connector.authoring.checks import secrets
from connector.errors import Problem
from connector.runs.workflow import check, read
from connector.spec.cache import MANIFEST
from connector.spec.loader import Loaded, confined, identity, missing
from connector.spec.model import Integration

_FOLDER = "workflows"


def _workflows(loaded: Loaded) -> Iterator[Problem]:
    integration = loaded.integration
    if integration is None:
        return
    stems = [PurePosixPath(name).stem for name in integration.workflows]
    for at, name in enumerate(integration.workflows):
        if wrong := missing(loaded.folder, name):
            yield loaded.manifest.problem(f"workflows.{at}", wrong)
        elif stems[at] in stems[:at]:
            yield loaded.manifest.problem(
                f"workflows.{at}", f"{name} has the name of an earlier one; an id stands for one workflow"
            )
        else:
            yield from _problems(loaded, integration, name)


def _problems(loaded: Loaded, integration: Integration, name: str) -> Iterator[Problem]:
    source = read.source(loaded.folder / name, name)
    known = [PurePosixPath(spec).stem for spec in loaded.specs]
    yield from check.problems(source, integration, loaded.folder / name, known)
    yield from identity(source)
    yield from secrets.leaked(source)


def _unlisted(loaded: Loaded) -> Iterator[Problem]:
    listed = () if loaded.integration is None else loaded.integration.workflows
    folders = {_FOLDER} | {
        str(PurePosixPath(name).parent) for name in listed if confined(loaded.folder, name)
    }
    for folder in sorted(folders - {"."}):
        for path in sorted((loaded.folder / folder).glob("*.yaml")):
            name = f"{folder}/{path.name}"
            if loaded.integration is not None and name not in listed:
                message = f"is not listed under workflows in {MANIFEST}, so nobody can run it; list it"
                yield Problem("", message, name, 1)


OF_FOLDERS = (_workflows, _unlisted)
