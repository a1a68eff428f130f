"""The loader of workflows: files become workflows, or all their problems at once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from connector.errors import SpecError, UnknownName
from connector.runs.workflow import check, read
from connector.runs.workflow.model import Workflow
from connector.spec.loader import SpecFile
from connector.spec.model import Integration
from connector.spec.schema.suggest import nearest, same

_IN_TEXT = "the workflow"
_FILES = (".yaml", ".yml")


def names(integration: Integration) -> dict[str, str]:
    """The file of each workflow that the integration lists, by the workflow's id."""
    return {PurePosixPath(name).stem: name for name in integration.workflows}


def find(integration: Integration, id: str) -> Workflow:
    """The workflow of that id. Raises UnknownName, and SpecError with every problem of its file."""
    listed = names(integration)
    if id not in listed or integration.folder is None:
        raise UnknownName(f"{integration.name} has no workflow {id[:60]!r}{nearest(id, listed)}")
    path = integration.folder / listed[id]
    return _sound(read.source(path, listed[id]), integration, path)


def named(name: str, integration: Integration) -> Workflow | None:
    """The workflow of that id, or of that file; None where it is neither. Raises SpecError as they do."""
    if name.endswith(_FILES):
        return from_file(Path(name).expanduser(), integration)
    listed = next((id for id in names(integration) if same(name, id)), None)
    return None if listed is None else find(integration, listed)


def is_named(name: str, integration: Integration) -> bool:
    """Whether that is a workflow's file, or the id of one."""
    return name.endswith(_FILES) or any(same(name, id) for id in names(integration))


def unknown(name: str, integrations: Iterable[Integration]) -> UnknownName:
    """The error for what is the name of no action and no workflow."""
    listed = [*integrations]
    known = [id for each in listed for id in each.actions] + [id for each in listed for id in names(each)]
    return UnknownName(f"there is no action and no workflow {name[:60]!r}{nearest(name, known)}")


def from_file(path: Path, integration: Integration) -> Workflow:
    """The workflow of any file. Raises SpecError with every problem of it."""
    return _sound(read.source(path), integration, path)


def from_text(text: str, integration: Integration, name: str = _IN_TEXT) -> Workflow:
    """The workflow that a text describes. Raises SpecError with every problem of it."""
    return _sound(read.source_of(text, name), integration, None)


def kept(text: str) -> Workflow:
    """The workflow of a text that was checked when it was kept. Raises SpecError where it cannot be read."""
    source = read.source_of(text, _IN_TEXT)
    if source.problems:
        raise SpecError(source.problems, "the workflow")
    return read.workflow(source)


def _sound(source: SpecFile, integration: Integration, path: Path | None) -> Workflow:
    found = check.problems(source, integration, path)
    wrong = [problem for problem in found if problem.severity == "error"]
    if wrong:
        raise SpecError(wrong, "the workflow")
    return read.workflow(source, path)
