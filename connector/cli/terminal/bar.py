"""The progress bar of many things: it grows on a terminal, and is a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from connector.cli.terminal import terminal

_BAR = 24
# On a terminal it is drawn anew so often; elsewhere a line is told so often, in seconds.
_REDRAW, _RETELL = 0.1, 15.0
# Nothing is guessed from less.
_SOON = 2.0


class ProgressBar:
    """Shows ``done`` of ``total``, and what is said of them. ``begun`` are those that were done before.

    It draws where it is called, so that it costs nothing in between; ``clock`` is for tests.
    """

    def __init__(
        self, total: int, begun: int = 0, *, quiet: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._total = total
        self._begun = self._done = begun
        self._said = ""
        self._quiet = quiet
        self._live = not quiet and terminal.is_terminal(sys.stderr)
        self._clock = clock
        self._start = clock()
        self._last = float("-inf") if self._live else self._start
        self._drawn = False

    def show(self, done: int, said: str) -> None:
        """How far it is now."""
        changed = (done, said) != (self._done, self._said)
        self._done, self._said = done, said
        if self._quiet or self._clock() - self._last < (_REDRAW if self._live else _RETELL):
            return
        if self._live:
            self._draw()
        elif changed:
            terminal.say(self._line())
        self._last = self._clock()

    def tell(self, line: str) -> None:
        """A line of its own, above the bar."""
        if not self._quiet:
            self._wipe()
            terminal.say(terminal.clean(line))

    @property
    def seconds(self) -> float:
        return self._clock() - self._start

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wipe()

    def _draw(self) -> None:
        filled = _BAR * self._done // max(self._total, 1)
        line = f"[{'#' * filled}{'.' * (_BAR - filled)}] {self._line()}"
        sys.stderr.write(f"\r\x1b[K{terminal.clean(line)[: terminal.width() - 1]}")
        sys.stderr.flush()
        self._drawn = True

    def _line(self) -> str:
        parts = (f"{self._done:,} of {self._total:,}", self._said, self._left())
        return ", ".join(filter(None, parts))

    def _left(self) -> str:
        """How long the rest will take, if it goes on as it went."""
        done, seconds = self._done - self._begun, self.seconds
        if done <= 0 or seconds < _SOON or self._done >= self._total:
            return ""
        return f"{length(seconds / done * (self._total - self._done))} left"

    def _wipe(self) -> None:
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._drawn = False


def length(seconds: float) -> str:
    """A length of time, as exactly as anybody wants to know it."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
