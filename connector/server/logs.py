"""What the host did, a JSON object a line, with ids to follow a request by and nothing that is secret.

A line has what the host itself says: no query, no body, no header, no message of an exception.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from typing import Any, TextIO

from connector.database import timestamp

NAME = "connector.server"
_LOG = logging.getLogger(NAME)


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


def start(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Sends what this host and its server say to standard error, or to the stream."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    for name in (NAME, "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level if name == NAME else logging.WARNING)


def say(event: str, *, level: int = logging.INFO, **facts: Any) -> None:
    """One line; facts that are None are left out."""
    if _LOG.isEnabledFor(level):
        told = {name: value for name, value in facts.items() if value is not None}
        _LOG.log(level, event, extra={"facts": told})


def crashed(error: BaseException, **facts: Any) -> None:
    """A mistake of ours, with where it happened."""
    _LOG.error("crashed", exc_info=error, extra={"facts": facts})
