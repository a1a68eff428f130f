"""Events: what the engine tells of itself while it works, for whoever shows progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["waiting", "sent", "answered", "again", "started", "poll", "near_cap", "warning"]


@dataclass(frozen=True, slots=True)
class Event:
    """One step. ``seconds`` is how long the engine now waits, where it does.

    ``exchange`` tells what left and what came back, without secrets; it is made for whoever asks.
    """

    kind: Kind
    sentence: str
    seconds: float | None = None
    job_id: str | None = None
    exchange: Callable[[], Mapping[str, Any]] | None = field(default=None, repr=False, compare=False)

    @property
    def facts(self) -> dict[str, Any]:
        """What it says beside its kind; absent facts are left out."""
        exchange = None if self.exchange is None else self.exchange()
        said = {
            "sentence": self.sentence,
            "seconds": self.seconds,
            "job_id": self.job_id,
            "exchange": exchange,
        }
        return {name: value for name, value in said.items() if value is not None}


Listener = Callable[[Event], None]


def hearing(listener: Listener) -> Listener:
    """Tells the listener, and whoever follows. Their own failures go to the log, and break nothing."""

    def tell(event: Event) -> None:
        follower = _follower.get()
        for each in (listener,) if follower is None else (listener, follower[1]):
            try:
                each(event)
            except Exception:
                from logging import getLogger

                getLogger(__name__).exception("on_event failed when it was told of %r", event.kind)

    return tell


_follower: ContextVar[tuple[str, Listener] | None] = ContextVar("connector_follower", default=None)


@contextmanager
def followed(origin: str, listener: Listener) -> Iterator[None]:
    """What is invoked inside is told to this listener besides, and known in the ledger by this origin."""
    token = _follower.set((origin, listener))
    try:
        yield
    finally:
        _follower.reset(token)


def origin() -> str | None:
    """The name that whoever follows gave to what is being invoked."""
    follower = _follower.get()
    return None if follower is None else follower[0]


def ignore(event: Event) -> None:
    """The listener that nobody is."""
