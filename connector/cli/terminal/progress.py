"""The progress line: what is going on, in a line that changes, or a line for each change."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import Self

from connector.cli.terminal import terminal
from connector.events import Event

_FRAMES = "|/-\\"
# Nothing is shown of what is over sooner.
_PATIENCE = 0.4
_PERIOD = 0.1
_SHORTEST_WAIT = 2.0


class Progress:
    """A listener of the engine's events. It remembers what a person who interrupts must know."""

    def __init__(self, subject: str, *, quiet: bool, waits: bool = True) -> None:
        self.job_id: str | None = None
        self.sent = False
        self._subject = self._said = subject
        self._told = ""
        self._quiet = quiet
        # Whoever does not wait for a job gets its id as the result.
        self._silent = () if waits else ("started",)
        self._live = not quiet and terminal.is_terminal(sys.stderr)
        self._begun = time.monotonic()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._drawn = False
        self._drawing = threading.Thread(target=self._draw, daemon=True)

    def __call__(self, event: Event) -> None:
        self.sent = self.sent or event.kind == "sent"
        self.job_id = event.job_id or self.job_id
        sentence = _sentence(event)
        self._said = self._subject if event.kind in ("sent", "answered") else sentence
        told = _lasts(event) and event.kind not in self._silent and not self._quiet
        if told and (event.kind in _ALWAYS or not self._live):
            self.tell(sentence)

    def tell(self, sentence: str) -> None:
        """A line for each change: what is the same as before is not told again."""
        changed = sentence.partition(": ")[2] if sentence.startswith("Check ") else sentence
        if changed != self._told:
            self._told = changed
            with self._lock:
                self._wipe()
                terminal.say(terminal.clean(sentence))

    def __enter__(self) -> Self:
        if self._live:
            self._drawing.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._live:
            self._drawing.join()
        with self._lock:
            self._wipe()

    def _draw(self) -> None:
        frame = 0
        while not self._over.wait(_PERIOD):
            seconds = time.monotonic() - self._begun
            if seconds >= _PATIENCE:
                frame += 1
                self._put(f"{_FRAMES[frame % len(_FRAMES)]} {_clock(seconds)}  {self._said}")

    def _put(self, line: str) -> None:
        with self._lock:
            if not self._over.is_set():
                sys.stderr.write(f"\r\x1b[K{terminal.clean(line)[: terminal.width() - 1]}")
                sys.stderr.flush()
                self._drawn = True

    def _wipe(self) -> None:
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._drawn = False


# What is told in a line of its own even where a line that changes tells of the rest.
_ALWAYS = frozenset({"started", "near_cap", "warning"})


def _lasts(event: Event) -> bool:
    """Whether a person who sees no changing line wants to hear of it."""
    if event.kind in _ALWAYS or event.kind == "poll":
        return True
    return event.kind in ("waiting", "again") and (event.seconds or 0.0) >= _SHORTEST_WAIT


def _sentence(event: Event) -> str:
    if event.kind in ("waiting", "again") and event.seconds:
        return f"{event.sentence} Waiting {event.seconds:.0f} s."
    if event.kind == "started" and event.job_id:  # so that it is known where the process is killed
        return f"{event.sentence}: {event.job_id}"
    return event.sentence


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
