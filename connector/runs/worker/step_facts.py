"""The facts of a step: what other steps of its workflow can look up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.errors import ConnectorError
from connector.runs.workflow.progress import FILTERED, SUCCESS, Facts
from connector.storage.files.store import StoredFile
from connector.storage.runs.model import Run

_OF_MEDIA = ("name", "type", "bytes", "width", "height", "seconds", "sha256")


def facts_of(run: Run, arguments: Mapping[str, Any]) -> Facts:
    """A step that has ended as a run of its own."""
    result, error = run.result or {}, run.error or {}
    is_good = run.state == "succeeded" and run.outcome != FILTERED
    return _known(
        outcome=SUCCESS if is_good else run.outcome or run.state,
        message=error.get("message"),
        file=None if run.file is None else f"file:{run.file}",
        media=_media(result.get("media")),
        value=result.get("value"),
        seed=result.get("seed"),
        credits=_short(run.credits),
        billed=run.billed,
        seconds=None if run.seconds is None else round(run.seconds, 3),
        inputs=dict(arguments),
        run=run.id,
    )


def of_failure(error: ConnectorError, arguments: Mapping[str, Any]) -> Facts:
    """A step that could not be begun."""
    return _known(
        outcome=error.code, message=error.message, credits=0, billed=error.billed, inputs=dict(arguments)
    )


def of_file(stored: StoredFile, seconds: float) -> Facts:
    """A file that was made here."""
    media = _media(stored.to_dict())
    return _known(
        outcome=SUCCESS,
        file=stored.reference,
        media=media,
        credits=0,
        billed="no",
        seconds=round(seconds, 3),
        inputs={},
    )


def _known(**facts: Any) -> Facts:
    return {name: value for name, value in facts.items() if value is not None}


def _media(shown: Any) -> dict[str, Any] | None:
    if not isinstance(shown, Mapping):
        return None
    return {name: shown[name] for name in _OF_MEDIA if shown.get(name) is not None}


def _short(amount: float | None) -> float | None:
    """Whole credits without a point, as people write them."""
    return amount if amount is None or amount != int(amount) else int(amount)
