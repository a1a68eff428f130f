"""JSON logs: an object a line, with ids to follow a request by and nothing that is secret.

A line has what the host itself says: no query, no body, no header, no message of an exception.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Callable
from typing import Any, TextIO

from connector.storage.database.database import timestamp

_LOG = logging.getLogger(__name__)
# All that is ours, and the server beneath, of which we hear what goes wrong.
_LEVELS = {"connector": logging.INFO, "uvicorn.error": logging.WARNING}


class JsonLines(logging.Formatter):
    """A record as one line of JSON; of an exception its kind and where it was raised."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": timestamp(record.created),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        told |= getattr(record, "facts", {})
        if record.exc_info and record.exc_info[1] is not None:
            told["exception"] = type(record.exc_info[1]).__name__
            told["raised"] = _places(record.exc_info[1])
        return json.dumps(told, ensure_ascii=False, default=str)


def _places(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


def start(stream: TextIO | None = None) -> Callable[[], None]:
    """Sends what this host says to standard error, or to the stream, until what it returns is called."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    loggers = [logging.getLogger(name) for name in _LEVELS]
    before = [(one, one.handlers, one.propagate, one.level) for one in loggers]
    for one in loggers:
        one.handlers, one.propagate = [handler], False
        one.setLevel(_LEVELS[one.name])

    def stop() -> None:
        for one, handlers, propagate, level in before:
            one.handlers, one.propagate = handlers, propagate
            one.setLevel(level)

    return stop


def say(event: str, *, level: int = logging.INFO, **facts: Any) -> None:
    """One line; facts that are None are left out."""
    if _LOG.isEnabledFor(level):
        told = {name: value for name, value in facts.items() if value is not None}
        _LOG.log(level, event, extra={"facts": told})


def crashed(error: BaseException, **facts: Any) -> None:
    """A mistake of ours, with where it happened."""
    _LOG.error("crashed", exc_info=error, extra={"facts": facts})
