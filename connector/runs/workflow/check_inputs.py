"""The check of a workflow run's inputs, before it is written down: nothing is begun that cannot end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.engine.arguments import alone, confirmed, each_file, is_address
from connector.engine.sources import Sources
from connector.errors import CapReached, InvalidArguments, NeedsConfirmation, Problem
from connector.media import MediaError, adopt
from connector.runs.workflow import check_run, cost
from connector.runs.workflow.model import Workflow
from connector.spec.model import Integration
from connector.spec.schema import amounts
from connector.storage.files.store import FileStore

_REFERENCE = "file:"


def checked(
    workflow: Workflow,
    integration: Integration,
    given: Mapping[str, Any],
    files: FileStore,
    limit: float | None = None,
) -> dict[str, Any]:
    """The inputs, with their files read but for those that are kept already. It blocks.

    Raises InvalidArguments with everything that can be told of them before a credit is spent, and CapReached
    where the run will cost more than it may spend.
    """
    problems: list[Problem] = []
    sources = Sources(paths=False, urls=None, references=files.resolve)

    def read(file: Any, path: str) -> Any:
        try:
            return file if file is None or is_address(file) else adopt(file, sources)
        except MediaError as error:
            problems.append(Problem(path, str(error)))
            return file

    def read_new(file: Any, path: str) -> Any:
        return _plain(file) if _is_kept(file) else read(file, path)

    taken = each_file(workflow, _given(given), read_new)
    seen = alone(workflow, each_file(workflow, taken, read))
    problems += confirmed(workflow, taken, check_run.problems(workflow, integration, seen))
    if wrong := [problem for problem in dict.fromkeys(problems) if problem.severity != "warning"]:
        if all(problem.severity == "question" for problem in wrong):
            raise NeedsConfirmation(wrong, workflow.title)
        raise InvalidArguments(wrong, workflow.title, "the inputs cannot be used")
    _check_limit(workflow, integration, seen, limit)
    return taken


def references(workflow: Workflow, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of a run that is written down, with each file as its reference."""
    return each_file(workflow, inputs, lambda file, path: _plain(file))


def _check_limit(
    workflow: Workflow, integration: Integration, given: Mapping[str, Any], limit: float | None
) -> None:
    least = cost.estimate(workflow, integration, given).low
    if limit is not None and least > limit:
        raise CapReached(
            f"{workflow.title} costs at least {amounts.credits(least)} with these inputs, and may spend "
            f"{limit:g}; give it more, or less to do"
        )


def _given(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in inputs.items() if value is not None}


def _plain(value: Any) -> Any:
    """A file as it stands in the inputs of an earlier run is its reference."""
    named = value.get("file") if isinstance(value, Mapping) else None
    return named if isinstance(named, str) and named.startswith(_REFERENCE) else value


def _is_kept(value: Any) -> bool:
    plain = _plain(value)
    return isinstance(plain, str) and plain.startswith(_REFERENCE)
