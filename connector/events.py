"""What the engine tells of itself while it works, for whoever shows progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["waiting", "sent", "answered", "again", "started", "poll", "near_cap", "warning"]


@dataclass(frozen=True, slots=True)
class Event:
    """One step. ``seconds`` is how long the engine now waits, where it does."""

    kind: Kind
    sentence: str
    seconds: float | None = None
    job_id: str | None = None


Listener = Callable[[Event], None]


def ignore(event: Event) -> None:
    """The listener that nobody is."""
