"""The check of a workflow's examples: their inputs pass, and their files are there and fit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from connector.runs.workflow.model import Workflow
from connector.runs.workflow.step_inputs import is_file, leaves
from connector.spec.schema.validator import Checker


def problems(workflow: Workflow, folder: Path | None) -> Iterator[tuple[str, str]]:
    """What is wrong with them, each by its path; their files may not leave ``folder``."""
    checker = Checker(workflow.inputs, noun="an input of this workflow")
    for at, example in enumerate(workflow.examples):
        here = f"examples.{at}.inputs"
        yield from ((each.path, each.message) for each in checker.problems(example.arguments, here))
        for name, value in example.arguments.items():
            yield from _unfit_files(workflow, value, name, here, folder)


def _unfit_files(
    workflow: Workflow, value: Any, name: str, here: str, folder: Path | None
) -> Iterator[tuple[str, str]]:
    for path, given, schema in leaves(value, workflow.parameters.get(name, {}), f"{here}.{name}"):
        if is_file(schema) and isinstance(given, str) and workflow.source is not None:
            rules = schema.get("file", {})
            yield from ((path, message) for message in _unfit(given, workflow.source, folder, rules))


def _unfit(name: str, beside: Path, folder: Path | None, rules: Any) -> Iterator[str]:
    from connector import media

    path = (beside.parent / name).resolve()
    if folder is not None and not path.is_relative_to(folder.resolve()):
        yield f"{name} lies outside the integration's folder; put the example's file inside"
        return
    if not path.is_file():
        yield f"there is no file {name} beside {beside.name}"
        return
    try:
        yield from media.problems(media.adopt(path), rules)
    except media.MediaError as error:
        yield str(error)
