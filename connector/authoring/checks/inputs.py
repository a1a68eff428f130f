"""The schemas that authors write are sound, and every example works as it stands.

Sound is: real keywords, names that are there, limits that can be met. An example's arguments pass, and its
files are there and fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from connector.authoring.checks.subject import CheckedAction
from connector.errors import Problem
from connector.spec.loader import Loaded, confined
from connector.spec.model import Integration
from connector.spec.schema import lint
from connector.spec.schema.suggest import nearest


def _schemas(subject: CheckedAction) -> Iterator[Problem]:
    answer = subject.action.output.schema
    flaws = [*lint.inputs_flaws(subject.action.inputs, "inputs", "an input of this action")]
    flaws += lint.flaws(answer, "output.schema") if answer is not None else ()
    yield from (Problem(*flaw) for flaw in flaws)


def _credential(integration: Integration, loaded: Loaded) -> Iterator[Problem]:
    credential = integration.credential
    for flaw in lint.flaws(credential, "connection.credential"):
        yield Problem(*flaw)
    for index, name in enumerate(credential.get("required", ())):
        if name not in credential["properties"]:
            message = f"{name!r} is not a field of the credential{nearest(name, credential['properties'])}"
            yield Problem(f"connection.credential.required.{index}", message)


def _arguments(subject: CheckedAction) -> Iterator[Problem]:
    from connector.spec.schema.validator import Checker, flaws

    if not subject.action.examples or flaws(subject.action.inputs):
        return  # told by a rule of its own; nothing can be checked against such a schema
    checker = Checker(subject.action.inputs)
    for index, example in enumerate(subject.action.examples):
        yield from checker.problems(example.arguments, f"examples.{index}.arguments")


def _files(subject: CheckedAction) -> Iterator[Problem]:
    for index, example in enumerate(subject.action.examples):
        for path, name, rules in _given_files(subject, example.arguments, f"examples.{index}.arguments"):
            for message in _unfit(subject, name, rules):
                yield Problem(path, message)


def _given_files(subject: CheckedAction, arguments: Any, place: str) -> Iterator[tuple[str, str, Any]]:
    """Each file that the arguments name: also those in a mapping whose values are files."""
    for name, entry in subject.action.parameters.items():
        value, path = arguments.get(name), f"{place}.{name}"
        rest = entry.get("additionalProperties")
        if entry.get("format") == "binary" and isinstance(value, str):
            yield path, value, entry.get("file", {})
        elif isinstance(value, dict) and isinstance(rest, dict) and rest.get("format") == "binary":
            yield from ((f"{path}.{key}", text, rest.get("file", {})) for key, text in value.items())


def _unfit(subject: CheckedAction, name: str, rules: Any) -> Iterator[str]:
    source = Path(subject.source.name)
    path = confined(subject.loaded.folder, name, source.parent.as_posix())
    if path is None:
        yield f"{name} lies outside the integration's folder; put the example's file inside"
    elif not path.is_file():
        yield f"there is no file {name} beside {source.name}"
    else:
        yield from _broken_rules(path, rules)


def _broken_rules(path: Path, rules: Any) -> Iterator[str]:
    from connector import media

    try:
        yield from media.problems(media.adopt(path), rules)
    except media.MediaError as error:
        yield str(error)


OF_ACTIONS = (_schemas, _arguments, _files)
OF_MANIFESTS = (_credential,)
