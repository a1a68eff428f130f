"""What somebody asks for, as a run begins with it."""

from __future__ import annotations

from typing import Any

GIVEN: dict[str, Any] = {
    "action": "paint",
    "title": "Paint",
    "integration": "studio",
    "connection": "",
    "environment": "production",
    "inputs": {"prompt": "a cat"},
    "options": {},
    "token_name": "ci",
}
