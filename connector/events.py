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


def hearing(listener: Listener) -> Listener:
    """The listener, whose own failures go to the log: what is told of must not break because of them."""

    def tell(event: Event) -> None:
        try:
            listener(event)
        except Exception:
            from logging import getLogger

            getLogger(__name__).exception("on_event failed when it was told of %r", event.kind)

    return listener if listener is ignore else tell


def ignore(event: Event) -> None:
    """The listener that nobody is."""
