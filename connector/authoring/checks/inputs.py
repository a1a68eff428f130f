"""The schemas that authors write are sound: real keywords, names that are there, limits that can be met."""

from __future__ import annotations

from collections.abc import Iterator

from connector.authoring.checks.subject import Subject
from connector.errors import Problem
from connector.spec.loader import Loaded
from connector.spec.schema import lint
from connector.spec.schema.suggest import nearest


def _inputs(subject: Subject) -> Iterator[Problem]:
    for path, message in lint.inputs_flaws(subject.action.inputs, "inputs", "an input of this action"):
        yield subject.problem(path, message)


def _answer(subject: Subject) -> Iterator[Problem]:
    if subject.action.output.schema is not None:
        for path, message in lint.flaws(subject.action.output.schema, "output.schema"):
            yield subject.problem(path, message)


def _credential(loaded: Loaded) -> Iterator[Problem]:
    if loaded.integration is None:
        return
    credential = loaded.integration.credential
    for path, message in lint.flaws(credential, "connection.credential"):
        yield loaded.manifest.problem(path, message)
    for index, name in enumerate(credential.get("required", ())):
        if name not in credential["properties"]:
            message = f"{name!r} is not a field of the credential{nearest(name, credential['properties'])}"
            yield loaded.manifest.problem(f"connection.credential.required.{index}", message)


OF_ACTIONS = (_inputs, _answer)
OF_FOLDERS = (_credential,)
