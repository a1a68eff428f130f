"""The parser of workflow files: what one says becomes the workflow it declares."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connector.runs.workflow.model import Step, Workflow
from connector.spec import loader, yaml_lines
from connector.spec.loader import SpecFile
from connector.spec.model import Example


def source(path: Path, name: str | None = None) -> SpecFile:
    """A file with the problems of its form; ``name`` is what they call it."""
    shown = name or str(path)
    return loader.checked(SpecFile(shown, yaml_lines.read(path, shown)), "workflow")


def source_of(text: str, name: str) -> SpecFile:
    """The same of a text."""
    return loader.checked(SpecFile(name, yaml_lines.parse(text, name)), "workflow")


def workflow(source: SpecFile, path: Path | None = None) -> Workflow:
    """The workflow of a source that is usable."""
    raw = source.usable
    return Workflow(
        id=raw["id"],
        title=raw["title"],
        description=raw["description"].strip(),
        # Nobody can mean what the workflow does not know.
        inputs={**raw["inputs"], "additionalProperties": False},
        steps=tuple(_step(entry) for entry in raw["steps"]),
        outputs=raw["outputs"],
        notes=tuple(raw.get("notes", ())),
        examples=tuple(Example(entry["title"], entry["inputs"]) for entry in raw.get("examples", ())),
        source=path,
        text=source.document.text,
    )


def _step(raw: Mapping[str, Any]) -> Step:
    return Step(**{"title": raw["id"].replace("_", " "), **raw})
