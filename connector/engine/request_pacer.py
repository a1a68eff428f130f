"""The request pacer: the permits of one exchange under the rate limit, until its requests have arrived."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from connector.engine.http.cancellation import Cancellation
from connector.errors import ConnectorError
from connector.spec.model import RateLimit
from connector.storage.ledger.rate_limit import Permit, RateLimiter

# A permit that was got longer ago is asked for again before the request leaves: it may be lost by then.
_FRESH_SECONDS = 1.0
_LONG_SECONDS = 10.0


class RequestPacer:
    """Asks for a permit before each request, and tells how far the request has come. All methods block.

    ``reserve`` and ``look_again`` come first, until there is nothing to wait for. A redirect that is
    followed, and a request that goes again because a kept connection was stale, take a permit each. Whoever
    is stopped before its request leaves gives its permit back, also while a thread still asks for it.
    """

    def __init__(
        self, limiter: RateLimiter, key: str, limit: RateLimit, background: bool, cancellation: Cancellation
    ) -> None:
        self._limiter = limiter
        self._key = key
        self._limit = limit
        self._background = background
        self._cancellation = cancellation
        self._permit: Permit
        self._held = 0.0
        self._stopped = threading.Event()
        self._has_left = False

    def reserve(self) -> float:
        """Asks for a permit; the seconds until it is to be asked again, 0 to go."""
        return self._take(self._limiter.reserve(self._key, self._limit, background=self._background))

    def look_again(self) -> float:
        """Asks once the wait is over; the seconds until it is to be asked again, 0 to go."""
        return self._take(self._limiter.look_again(self._permit))

    def leaves(self) -> None:
        """The first byte of a request is about to leave. Waits where its permit was lost."""
        if self._has_left:
            self._wait(self.reserve)
        elif time.monotonic() - self._held > _FRESH_SECONDS:
            self._wait(self.look_again)
        self._has_left = True
        self._cancellation.let_go()

    def is_on_its_way(self) -> None:
        """Its body is still leaving, or has not been acknowledged."""
        if time.monotonic() - self._held > _LONG_SECONDS:
            with suppress(ConnectorError):
                self._hold(self._limiter.look_again(self._permit))

    def arrived(self, ago: float) -> None:
        """It has arrived, at least so many seconds ago."""
        with suppress(ConnectorError):  # the permit ends all the same, a little later
            self._limiter.arrived(self._permit, ago)

    def _take(self, permit: Permit) -> float:
        self._hold(permit)
        self._cancellation.hold(self._give_back)
        return permit.wait

    def _hold(self, permit: Permit) -> None:
        self._permit, self._held = permit, time.monotonic()

    def _give_back(self) -> None:
        self._stopped.set()
        with suppress(ConnectorError):
            self._limiter.unused(self._permit)

    def _wait(self, ask: Callable[[], float]) -> None:
        wait = ask()
        while wait > 0:
            if self._stopped.wait(wait):
                return  # what is sent now goes nowhere: the connection is shut as soon as it is taken
            wait = self.look_again()
