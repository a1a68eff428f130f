"""Cancellation: what a waiting thread is held by, so that whoever stops waiting can end what it waits for.

A thread cannot be stopped from outside, and nor can a request that has left. What can be done is to shut
the connection, on which the thread wakes and ends rather than stay for as long as the answer takes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class Cancellation:
    """Holds on to at most one thing that can be shut."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shut: Callable[[], None] | None = None
        self._is_cancelled = False

    def hold(self, shut: Callable[[], None]) -> None:
        """This is what the thread now waits on. Where nobody waits for it any more, it is shut at once."""
        with self._lock:
            self._shut = shut
            is_cancelled = self._is_cancelled
        if is_cancelled:
            shut()

    def let_go(self) -> None:
        """The thread does not wait on it any more: it may be somebody else's from now on."""
        with self._lock:
            self._shut = None

    def cancel(self) -> None:
        """Nobody waits for the thread any more."""
        with self._lock:
            self._is_cancelled = True
            if self._shut is not None:
                self._shut()
