"""Built-in steps of workflows, without any API: contact sheets."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping
from typing import Any

from connector.errors import ConnectorError
from connector.media import Media, from_bytes
from connector.runs.contact_sheet import layout
from connector.runs.worker.step_facts import of_file
from connector.runs.workflow import bind
from connector.runs.workflow.model import Workflow
from connector.runs.workflow.progress import Facts, Task
from connector.spec.template import MISSING
from connector.storage.files.store import FileStore

_COLUMNS, _MOST_COLUMNS = 3, 12


class CannotBeMade(ValueError):
    """The sentence says why, and what to do."""


def made(task: Task, workflow: Workflow, run_id: str, files: FileStore, keep_seconds: float | None) -> Facts:
    """Makes what a step asks for, and keeps it. Raises CannotBeMade, and BindingError."""
    assert task.step.make is not None
    began = time.monotonic()
    media = _MAKERS[task.step.make](task, workflow, files)
    stored = files.put(media, source="result", run_id=run_id, keep_seconds=keep_seconds)
    return of_file(stored, time.monotonic() - began)


def _sheet(task: Task, workflow: Workflow, files: FileStore) -> Media:
    inputs = task.step.inputs
    told = bind.filled({name: inputs[name] for name in ("title", "columns") if name in inputs}, task.scope)
    tiles = [_tile(tile, files) for tile in bind.tiles(inputs, task.scope)]
    if not tiles:
        raise CannotBeMade("there is nothing to show on the sheet: no tile is left")
    try:
        drawn = layout.draw(tiles, columns=_columns(told), title=str(told.get("title", "")))
    except ImportError as error:
        raise CannotBeMade(f"needs Pillow, and it is not installed ({error}): pip install pillow") from error
    except layout.TooManyTiles as error:
        raise CannotBeMade(str(error)) from error
    target = io.BytesIO()
    drawn.save(target, "PNG")
    return from_bytes(target.getvalue(), name=f"{workflow.id}-{task.step.id}.png")


def _columns(told: Mapping[str, Any]) -> int:
    given = told.get("columns", _COLUMNS)
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= _MOST_COLUMNS:
        raise CannotBeMade(f"columns is {given!r}; it must be a whole number from 1 to {_MOST_COLUMNS}")
    return given


def _tile(tile: Mapping[str, Any], files: FileStore) -> layout.Tile:
    picture, said = _picture(tile["picture"], files)
    facts = " - ".join(part for part in (_text(tile["facts"]), said) if part)
    return layout.Tile(_text(tile["title"]), facts, picture, failed=picture is None)


def _picture(reference: Any, files: FileStore) -> tuple[Media | None, str]:
    """The file of a tile, or why there is none."""
    if not isinstance(reference, str):
        return None, ""
    try:
        return files.resolve(reference), ""
    except ConnectorError as error:
        return None, error.message


def _text(value: Any) -> str:
    return "" if value is None or value is MISSING else str(value)


_MAKERS: Mapping[str, Callable[[Task, Workflow, FileStore], Media]] = {"sheet": _sheet}
