"""The model of a workflow: what it declares, as frozen values. Templates stay as they were written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from connector.spec.model import CatalogEntry, Deprecation, Empty, Example, JsonSchema

Policy = Literal[
    "stop",  # nothing more is begun, and the run fails
    "skip",  # the run goes on as though the step had not been there
    "continue",  # the run goes on with what the step gave all the same
]

# One step is run for so many items at most: a batch is for more.
MOST_ITEMS = 1000


@dataclass(frozen=True, slots=True)
class Step:
    """One use of an action, or for each item of a list; or what is ``make``-d here, without the API."""

    id: str
    title: str
    inputs: Mapping[str, Any]
    action: str | None = None
    make: str | None = None
    for_each: Any = None
    when: str | None = None
    on_filtered: Policy = "stop"
    on_failed: Policy = "stop"

    @property
    def bindings(self) -> Mapping[str, Any]:
        """Everything of it that may hold holes."""
        return {"inputs": self.inputs, "for_each": self.for_each, "when": self.when}


@dataclass(frozen=True, slots=True)
class Workflow:
    """A recipe. ``text`` is the file as it was read, which a run keeps.

    It declares inputs as an action does, so that whoever shows a form for the one shows it for the other.
    """

    id: str
    title: str
    description: str
    inputs: JsonSchema
    steps: tuple[Step, ...]
    outputs: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    source: Path | None = None
    text: str = field(default="", repr=False)

    @property
    def parameters(self) -> Mapping[str, JsonSchema]:
        properties: Mapping[str, JsonSchema] = self.inputs.get("properties", Empty)
        return properties

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(self.inputs.get("required", ()))

    @property
    def files(self) -> tuple[str, ...]:
        """The inputs that take a file."""
        return tuple(name for name, schema in self.parameters.items() if schema.get("format") == "binary")

    @property
    def deprecated(self) -> Deprecation | None:
        """Nothing yet says so of a workflow."""
        return None

    @property
    def catalog(self) -> CatalogEntry:
        return CatalogEntry("Workflows", self.title)

    def to_dict(self) -> dict[str, Any]:
        """The workflow as every face shows it."""
        names = ("id", "title", "description", "inputs", "outputs")
        steps = [
            {name: getattr(one, name) for name in ("id", "title", "action", "make")} for one in self.steps
        ]
        examples = [{"title": one.title, "inputs": dict(one.arguments)} for one in self.examples]
        shown = {name: getattr(self, name) for name in names}
        return shown | {"steps": steps, "notes": list(self.notes), "examples": examples}

    def step(self, id: str) -> Step:
        return next(step for step in self.steps if step.id == id)
