"""A turn under the rate limit: the slot of one exchange, until its request has arrived."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from connector.engine.http.cancellation import Cancellation
from connector.errors import ConnectorError
from connector.storage.ledger.rate_limit import RateLimiter, Slot

# A slot that was got longer ago is asked for again before the request leaves: it may be another's by now.
_FRESH_SECONDS = 1.0
_LONG_SECONDS = 10.0


class Turn:
    """What the transport tells of the requests of one exchange. All methods block.

    The slot is there and its time has come. A redirect that is followed, and a request that goes again
    because a kept connection was stale, are requests of their own and take a slot each.
    """

    def __init__(self, limiter: RateLimiter, slot: Slot, cancellation: Cancellation) -> None:
        self._limiter = limiter
        self._slot = slot
        self._cancellation = cancellation
        self._held = time.monotonic()
        self.has_left = False

    def leaves(self) -> None:
        """The first byte of a request is about to leave. Waits where its slot has become another's."""
        if self.has_left:
            slot = self._slot
            self._wait(lambda: self._limiter.reserve(slot.key, slot.limit, background=slot.background))
        elif time.monotonic() - self._held > _FRESH_SECONDS:
            self._wait(lambda: self._limiter.look_again(self._slot))
        self.has_left = True

    def is_on_its_way(self) -> None:
        """Its body is still leaving, or has not been acknowledged."""
        if time.monotonic() - self._held > _LONG_SECONDS:
            with suppress(ConnectorError):
                self._hold(self._limiter.look_again(self._slot))

    def arrived(self, ago: float) -> None:
        """It has arrived, at least so many seconds ago."""
        with suppress(ConnectorError):  # the slot is free all the same, a little later
            self._limiter.arrived(self._slot, ago)

    def unused(self) -> None:
        """Nothing has left."""
        with suppress(ConnectorError):
            self._limiter.unused(self._slot)

    def _hold(self, slot: Slot) -> float:
        self._slot, self._held = slot, time.monotonic()
        return slot.wait

    def _wait(self, ask: Callable[[], Slot]) -> None:
        wait = self._hold(ask())
        while wait > 0:
            stopped = threading.Event()
            self._cancellation.hold(stopped.set)
            if stopped.wait(wait):
                return  # what is sent now goes nowhere: the connection is shut as soon as it is taken
            self._cancellation.let_go()
            wait = self._hold(self._limiter.look_again(self._slot))
