"""JSON replies, whatever an upstream or a caller put into the value."""

from __future__ import annotations

import json
import math
from typing import Any

from starlette.responses import JSONResponse


class Reply(JSONResponse):
    """An answer in JSON. Half characters are escaped, and numbers that JSON does not have are null."""

    def render(self, content: Any) -> bytes:
        return written(content).encode("utf-8", "backslashreplace")


def written(value: Any) -> str:
    """The value as JSON, on one line."""
    try:
        return _dumps(value)
    except ValueError:
        return _dumps(_finite(value))


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
